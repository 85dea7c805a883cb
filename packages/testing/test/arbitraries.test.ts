import * as Box from '@tessera/box'
import {
  AuthError,
  CellCodec,
  instant,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  Secret,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { Client, clientCredentials, tokenResponse } from '@tessera/oauth2'
import {
  behaving,
  behaviours,
  cells,
  codePoints,
  damagedSettingsFiles,
  durationsAround,
  errorResponses,
  errors,
  errorsByTag,
  histories,
  hostileResponses,
  instants,
  instantsAround,
  moments,
  readAnswers,
  records,
  responding,
  retryPolicies,
  retryStatuses,
  settingsFiles,
  stampeds,
  testEnvironment,
  tokenResponses,
  tokenSets,
  tokenSetView,
  tokenTexts,
  urls,
  writeAnswers,
} from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

const tags = Object.entries(errorsByTag)

test('every member of AuthError is drawn', () => {
  const seen = new Set(fc.sample(errors, 1_000).map(({ _tag }) => _tag))
  expect([...seen].sort()).toEqual(tags.map(([tag]) => tag).sort())
  expect(tags).toHaveLength(12)
})

test.each(tags)('%s draws its tag', (tag, arbitrary) => {
  for (const error of fc.sample(arbitrary as fc.Arbitrary<AuthError>, 20)) expect(error._tag).toBe(tag)
})

test('token sets and cells have records', () => {
  fc.assert(
    fc.property(tokenSets, cells, (token, cell) => {
      expect(E.isRight(TokenSet.codec.decode(TokenSet.codec.encode(token)))).toBe(true)
      expect(E.isRight(CellCodec.decode(O.some(CellCodec.encode(cell))))).toBe(true)
    }),
  )
})

test('texts are those of RFC 6749 appendix A.12, instants are whole', () => {
  fc.assert(
    fc.property(tokenTexts, instants, (text, instant) => {
      expect(text).toMatch(/^[ -~]{8,}$/)
      expect(Number.isSafeInteger(instant)).toBe(true)
    }),
  )
})

test('strings of code points are well-formed, leave the first plane, and hold names that trouble JavaScript', () => {
  const texts = fc.sample(fc.string({ unit: codePoints }), { seed: 1, numRuns: 2_000 })
  expect(texts.filter((text) => /\p{Cs}/u.test(text))).toEqual([])
  expect(texts.some((text) => /[\u{10000}-\u{10ffff}]/u.test(text))).toBe(true)
  expect(texts).toContain('__proto__')
})

test('addresses are addresses, as they are written', () => {
  fc.assert(fc.property(urls, (url) => expect(new URL(url).protocol).toMatch(/^https?:$/)))
})

test('a store answers with records and without, and fails', () => {
  const reads = fc.sample(readAnswers, 200)
  const writes = fc.sample(writeAnswers, 200)
  expect(new Set(reads.map(({ _tag }) => _tag)).size).toBe(2)
  expect(new Set(writes.map((answer) => (E.isRight(answer) ? answer.right._tag : 'failed'))).size).toBe(3)
  for (const { record, version } of fc.sample(stampeds, 100)) {
    expect(O.isSome(record)).toBe(version !== '')
    if (O.isSome(record)) expect(Secret.is(record.value)).toBe(true)
  }
})

const NOW = instant(1_700_000_000_000)
/** The value to which an arbitrary shrinks where nothing holds: the last that is tried. */
const simplest = <A>(arbitrary: fc.Arbitrary<A>): A => {
  const tried: Array<A> = []
  fc.check(
    fc.property(arbitrary, (value) => {
      tried.push(value)
      return false
    }),
  )
  const [last] = tried.slice(-1)
  if (last === undefined) throw new Error('nothing was tried')
  return last
}

describe('what a server may answer', () => {
  const decode = tokenResponse()

  test('well-formed: a token', () => {
    fc.assert(
      fc.property(tokenResponses, ({ body, status }) => {
        const decoded = decode(body, NOW)
        expect(E.isRight(decoded) ? 'taken' : AuthError.show.show(decoded.left)).toBe('taken')
        expect(status).toBe(200)
      }),
    )
  })

  test('hostile: none, and nothing is shown or changed', () => {
    fc.assert(
      fc.property(hostileResponses, ({ body }) => {
        expect(decode(body, NOW)).toMatchObject({ left: { _tag: 'Malformed', what: 'token response' } })
        expect('polluted' in {}).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('an error: a client fails, as the answer says', async () => {
    const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://server.example/token' })
    await fc.assert(
      fc.asyncProperty(errorResponses, async (response) => {
        const env = testEnvironment({ exchanges: [E.right(response)] })
        const result = await clientCredentials({ client })(Strategy.attempt(minutes(1))(env)())(env)()
        expect(E.isLeft(result) && ['Rejected', 'OutcomeUnknown'].includes(result.left._tag)).toBe(true)
      }),
    )
  })

  test('they print without tokens', () => {
    const response = responding(200, '')
    expect(fc.stringify(response)).toContain('200')
    fc.assert(
      fc.property(tokenResponses, (of) => {
        const { access_token: access, refresh_token: refresh } = JSON.parse(Secret.open(of.body))
        const text = fc.stringify(of)
        expect(text).toMatch(/^200 \{.*"access_token":<redacted>/)
        for (const token of [access, refresh ?? access]) expect(text).not.toContain(JSON.stringify(token).slice(1, -1))
      }),
    )
  })
})

describe('settings files', () => {
  test('those of the console are read', () => {
    fc.assert(
      fc.property(settingsFiles, ({ text }) => {
        const read = Box.parseSettings(text)
        expect(E.isRight(read) ? 'read' : AuthError.show.show(read.left)).toBe('read')
      }),
    )
  })

  test('damaged ones are not', () => {
    fc.assert(
      fc.property(damagedSettingsFiles, ({ text }) => expect(Box.parseSettings(text)._tag).toBe('Left')),
      {
        numRuns: 300,
      },
    )
  })

  test('they print without secrets', () => {
    fc.assert(
      fc.property(settingsFiles, (file) => {
        const { clientSecret, appAuth } = JSON.parse(Secret.open(file.text).replace('\uFEFF', '')).boxAppSettings
        const secrets = [clientSecret, appAuth?.privateKey, appAuth?.passphrase].filter((each) => (each ?? '') !== '')
        const text = fc.stringify(file)
        const shown = JSON.stringify(JSON.parse(Secret.open(file.text).replace('\uFEFF', '')), (name, value) =>
          ['clientSecret', 'privateKey', 'passphrase'].includes(name) ? undefined : value,
        )
        for (const secret of secrets) {
          const written = JSON.stringify(secret).slice(1, -1)
          // One that is by chance a part of what may be seen tells nothing.
          if (!shown.includes(written)) expect(text).not.toContain(written)
        }
        expect(text).toContain('"clientID"')
      }),
    )
  })
})

describe('histories', () => {
  const seen = fc.sample(histories, 3_000).flat()

  test('hold every event and every decision', () => {
    const tags = (of: ReadonlyArray<{ readonly _tag: string }>) => [...new Set(of.map(({ _tag }) => _tag))].sort()
    expect(tags(seen.map(({ event }) => event))).toEqual([
      'Accepted',
      'Failed',
      'LoggedIn',
      'Redeemed',
      'Refused',
      'Requested',
      'RevocationConfirmed',
      'RevocationRetried',
      'RevokeAsked',
    ])
    expect(tags(seen.map(({ decision }) => decision.action))).toEqual([
      'Again',
      'Discard',
      'DiscardAndRevoke',
      'Fail',
      'None',
      'Redeem',
      'RevokeAtServer',
      'Wait',
    ])
    expect(tags(seen.map(({ after }) => after.status))).toEqual(['CoolingDown', 'LogInAgain', 'None', 'Revoked'])
  })

  test('are of one session, in which nothing goes back', () => {
    fc.assert(
      fc.property(histories, (history) => {
        for (const [index, { before, after, now }] of history.entries()) {
          expect(before).toBe(history[index - 1]?.after ?? Lifecycle.empty)
          expect(after.epoch).toBeGreaterThanOrEqual(before.epoch)
          expect(after.generation).toBeGreaterThanOrEqual(before.generation)
          const isOwned = O.isSome(after.lease) && O.isSome(after.lease.value.nonce)
          if (isOwned) expect(after.status._tag).toBe('None')
          if (after.status._tag === 'Revoked') expect(Lifecycle.isUsable(tokenSetView, now)(after)).toBe(false)
        }
      }),
    )
  })

  test('moments are theirs', () => {
    fc.assert(
      fc.property(moments, ({ before, event, decision, after }) => {
        expect(Lifecycle.step(tokenSetView)(event)(before)).toEqual([decision, after])
      }),
    )
  })

  test('print as what happened', () => {
    const history = fc.sample(histories, 50).find((of) => of.length > 2) ?? []
    expect(fc.stringify(history)).toMatch(/^\d+ ms: \w+ → \w+; epoch \d+, generation \d+/)
  })
})

describe('strategies', () => {
  test('do all that they may', () => {
    const drawn = fc.sample(behaviours, 300)
    expect([...new Set(drawn.map(({ _tag }) => _tag))].sort()).toEqual(['Fails', 'Hangs', 'IsLate', 'Succeeds'])
    expect(new Set(drawn.flatMap((of) => (of._tag === 'Succeeds' ? [of.rotates] : []))).size).toBe(2)
  })

  test('behave as they are told, and a source over them always settles', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(behaviours, { maxLength: 6 }), async (all) => {
        const env = testEnvironment()
        const { strategy, attempts } = behaving(env.clock)(all)
        const source = TokenSource.make({ store: memoryStore() })(strategy)(env)()
        const first = await env.clock.settle(source.get())
        const [begun] = all
        if (begun?._tag === 'Succeeds')
          expect(E.isRight(first) && Secret.open(first.right.accessToken)).toBe('access-1')
        expect(attempts().length).toBeGreaterThan(0)
      }),
    )
  })

  test('one that does not rotate keeps the refresh token', async () => {
    const env = testEnvironment()
    const { strategy } = behaving(env.clock, { needsRefreshToken: true })([{ _tag: 'Succeeds', rotates: false }])
    const refreshToken = O.some(Secret.make('RefreshToken', 'kept'))
    const previous = O.some(TokenSet.make(Secret.make('AccessToken', 'old'), { refreshToken }))
    const result = await strategy(Strategy.attempt(minutes(1), { previous })(env)())({})()
    expect(E.isRight(result) && result.right.refreshToken).toEqual(refreshToken)
    expect(Strategy.needsRefreshToken(strategy)).toBe(true)
  })
})

describe('retry policies', () => {
  test('give up, or wait for a time that is no less than nothing', () => {
    fc.assert(
      fc.property(retryPolicies, retryStatuses, (policy, status) => {
        const delay = policy(status)
        if (O.isSome(delay)) expect(delay.value).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 500 },
    )
  })

  test('print as the calls that made them', () => {
    expect(fc.stringify(simplest(retryPolicies))).toMatch(/^limit\(\d\)$/)
    const seen = fc.sample(retryPolicies, 2_000).map((policy) => fc.stringify(policy).replace(/\(.*/, ''))
    expect([...new Set(seen)].sort()).toEqual([
      'capped',
      'concat',
      'constant',
      'doubling',
      'exponential',
      'givingUpBeyond',
      'jittered',
      'limit',
      'retryAfter',
    ])
  })
})

describe('times', () => {
  test('are at a boundary, or near one', () => {
    const boundary = instant(3_600_000)
    const drawn = new Set(fc.sample(instantsAround(boundary), 200).map((at) => at - boundary))
    expect([...drawn].sort((a, b) => a - b)).toEqual([-1_000, -999, -1, 0, 1, 999, 1_000])
    fc.assert(fc.property(durationsAround(millis(0), seconds(5)), (length) => expect(length).toBeGreaterThanOrEqual(0)))
  })
})

describe('shrinking', () => {
  test('ends at the simplest', () => {
    expect(simplest(tokenSets)).toMatchObject({ refreshToken: O.none, expiresAt: O.none, scope: [], restrictedTo: [] })
    expect(simplest(tokenSets).members.size).toBe(0)
    expect(simplest(cells)).toMatchObject({ epoch: 0, generation: 0, token: O.none, lease: O.none, refused: false })
    expect(simplest(histories)).toHaveLength(0)
    expect(simplest(behaviours)).toMatchObject({ _tag: 'Succeeds' })
    expect(Secret.open(simplest(records)).length).toBeLessThan(100)
  })

  test('nothing secret is printed on the way', () => {
    fc.assert(
      fc.property(tokenSets, cells, (token, cell) => {
        const text = fc.stringify([token, cell])
        expect(text).not.toContain(Secret.open(token.accessToken))
        expect(text).toContain('<redacted>')
      }),
    )
  })
})
