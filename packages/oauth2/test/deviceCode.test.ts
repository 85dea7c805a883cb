import { inspect } from 'node:util'
import { AuthError, instant, minutes, plus, Secret, Strategy, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Client,
  type DeviceAuthorization,
  deviceAuthorization,
  deviceAuthorizationParameters,
  deviceAuthorizationResponse,
  deviceCode,
  nextPoll,
  Provider,
} from '../src/index.js'
import { type Answer, attempt, client, endpoints, issued, left, NOW, right, world } from './support.js'

const authorization = {
  device_code: 'GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://example.com/device',
  verification_uri_complete: 'https://example.com/device?user_code=WDJB-MJHT',
  expires_in: 1800,
  interval: 5,
}
const no = (error: string, more = {}) => ({ status: 400, body: { error }, ...more })
const pending = no('authorization_pending')
const lost = { _tag: 'Lost', cause: 'deadline', reason: 'ETIMEDOUT' } as const
const patient = attempt({ deadline: plus(NOW, minutes(120)) })
const run = (
  w: ReturnType<typeof world>,
  given = patient,
  onUserCode: (shown: DeviceAuthorization) => unknown = () => undefined,
) => deviceCode({ client, scope: ['a', 'b'], onUserCode })(given)(w.env)()

// -----------------------------------------------------------------------------
// authorization
// -----------------------------------------------------------------------------

test('RFC 8628 §3.1, §3.2: its request and answer', async () => {
  const w = world({ body: authorization })
  expect(right(await deviceAuthorization({ client, scope: ['a'] })(attempt())(w.env)())).toMatchObject({
    userCode: 'WDJB-MJHT',
    verificationUri: 'https://example.com/device',
    verificationUriComplete: O.some('https://example.com/device?user_code=WDJB-MJHT'),
    expiresAt: NOW + 1_800_000,
    interval: 5_000,
  })
  expect(w.requests[0]?.url).toBe('https://as.example/device')
  expect(Array.from(w.forms()[0] ?? [])).toEqual([
    ['client_id', 'app'],
    ['client_secret', 'S3CRET'],
    ['scope', 'a'],
  ])
})

test('further parameters are those of its request, without the own ones of the protocol', async () => {
  const extra = { audience: 'https://api.example' }
  const w = world({ body: authorization }, { body: { access_token: 'T', token_type: 'bearer' } })
  await deviceCode({ client, extra, onUserCode: () => undefined })(patient)(w.env)()
  expect(w.forms().map((form) => form.get('audience'))).toEqual(['https://api.example', null])
  for (const name of ['client_id', 'client_secret', 'scope']) {
    const refused = await deviceAuthorization({ client, extra: { [name]: 'x' } })(attempt())(w.env)()
    expect(refused).toMatchObject({ left: { _tag: 'Misconfigured', field: 'extra' } })
  }
})

test('RFC 8628 §3.2: the interval is 5 s where none is given, and at least 1 s', () => {
  const read = (interval?: number) =>
    right(deviceAuthorizationResponse()(Secret.make('Body', JSON.stringify({ ...authorization, interval })), NOW))
      .interval
  expect([read(), read(0), read(7)]).toEqual([5_000, 1_000, 7_000])
})

test.each([
  ['device_code', ['', 1, null, 'a\n', undefined]],
  ['user_code', ['', 1, 'a\u001b[2J', '\u202eabc', 'x'.repeat(300)]],
  ['verification_uri', ['javascript:alert(1)', 'http://example.com/', 'nonsense', 1, undefined]],
  ['verification_uri_complete', ['javascript:alert(1)', 1]],
  ['expires_in', [-1, '-1', 'soon', '', null, undefined]],
  ['interval', [-1, '-5', 'soon', {}]],
])('a wrong %s is Malformed, with its path and not its value', async (name, values) => {
  for (const value of values) {
    const error = left(
      await deviceAuthorization({ client })(attempt())(world({ body: { ...authorization, [name]: value } }).env)(),
    )
    expect(error).toMatchObject({ _tag: 'Malformed', path: name, answer: { value: { status: 200 } }, repeatable: true })
  }
})

// GitHub Docs, “Authorizing OAuth apps”: the default form of the answer.
test('[P02] a form-encoded answer is read, and null or an empty text for what there is not', async () => {
  const asked = async (answer: Answer) => right(await deviceAuthorization({ client })(attempt())(world(answer).env)())
  const body =
    'device_code=3584d83530557fdd1f46af8289938c8ef79f9dc5&expires_in=900&interval=7&user_code=WDJB-MJHT' +
    '&verification_uri=https%3A%2F%2Fgithub.com%2Flogin%2Fdevice'
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  expect(await asked({ headers, body })).toMatchObject({
    userCode: 'WDJB-MJHT',
    verificationUri: 'https://github.com/login/device',
    expiresAt: NOW + 900_000,
    interval: 7_000,
  })
  for (const nothing of [null, '']) {
    const without = { ...authorization, interval: nothing, verification_uri_complete: nothing }
    expect(await asked({ body: without })).toMatchObject({ interval: 5_000, verificationUriComplete: O.none })
  }
})

test('no character of an address hides what it is', () => {
  const read = (uri: string) => {
    const body = JSON.stringify({ ...authorization, verification_uri: uri, verification_uri_complete: uri })
    const { verificationUri, verificationUriComplete } = right(
      deviceAuthorizationResponse()(Secret.make('Body', body), NOW),
    )
    expect(verificationUriComplete).toEqual(O.some(verificationUri))
    return verificationUri
  }
  expect(read('https://example.com/\u202edevice?x=\u200b')).toBe('https://example.com/%E2%80%AEdevice?x=%E2%80%8B')
  expect(read('https://ex\u0430mple.com/')).toBe('https://xn--exmple-4nf.com/')
})

test('a server without the endpoint is Misconfigured', async () => {
  const own = Client.make({ id: 'tv', tokenEndpoint: endpoints.tokenEndpoint })
  expect(left(await deviceAuthorization({ client: own })(attempt())(world().env)())).toMatchObject({
    field: 'deviceAuthorizationEndpoint',
  })
})

// -----------------------------------------------------------------------------
// polling
// -----------------------------------------------------------------------------

test('RFC 8628 §3.4: shows the code, waits, polls, and has the token', async () => {
  const w = world({ body: authorization }, pending, pending, { body: issued })
  const shown: Array<string> = []
  const token = right(await run(w, patient, ({ userCode }) => shown.push(userCode)))
  expect(shown).toEqual(['WDJB-MJHT'])
  expect(w.sleeps).toEqual([5_000, 5_000, 5_000])
  expect(Array.from(w.forms()[1] ?? [])).toEqual([
    ['grant_type', 'urn:ietf:params:oauth:grant-type:device_code'],
    ['device_code', authorization.device_code],
    ['client_id', 'app'],
    ['client_secret', 'S3CRET'],
  ])
  expect(Secret.open(token.accessToken)).toBe('A1')
})

test('[A03] a date that is set back does not prolong it', async () => {
  const answers = Array.from({ length: 60 }, () => pending)
  const w = world({ body: authorization }, ...answers)
  const day = minutes(24 * 60)
  const soon = attempt({ deadline: plus(NOW, minutes(2)) })
  const result = await run(w, soon, () => w.advance(-day))
  expect(left(result)).toMatchObject({ _tag: 'Rejected' })
  expect(w.sleeps.length).toBeLessThanOrEqual(24)
})

test('RFC 8628 §3.5: slow_down adds 5 s to this and all later waits', async () => {
  const w = world({ body: authorization }, no('slow_down'), pending, no('slow_down'), { body: issued })
  right(await run(w))
  expect(w.sleeps).toEqual([5_000, 10_000, 10_000, 15_000])
})

test('RFC 8628 §3.5: a connection that times out is backed off from exponentially', async () => {
  const w = world({ body: authorization }, lost, lost, lost, lost, lost, { body: issued })
  right(await run(w))
  expect(w.sleeps).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
})

test('the back-off doubles up to 60 s, and never shortens what the server asked', () => {
  const error = AuthError.unreachable('x', 'ECONNREFUSED')
  const next = (wait: number) => O.toUndefined(nextPoll(seconds(wait), error))
  expect([5, 10, 20, 40, 60, 90].map(next)).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 90_000])
})

test.each(['access_denied', 'expired_token', 'invalid_grant', 'invalid_client'])(
  'RFC 8628 §3.5: %s ends it',
  async (error) => {
    const w = world({ body: authorization }, pending, no(error))
    expect(left(await run(w))).toMatchObject({ _tag: 'Rejected', answer: { error: { value: error } } })
    expect(w.requests.length).toBe(3)
  },
)

test('Retry-After of a 429 is honoured', () => {
  const answer = {
    method: 'POST',
    url: 'x',
    status: 429,
    error: O.none,
    description: O.none,
    requestId: O.none,
    date: O.none,
  }
  expect(nextPoll(seconds(5), AuthError.rejected({ ...answer, retryAfter: O.some(seconds(90)) }))).toEqual(
    O.some(90_000),
  )
  expect(nextPoll(seconds(5), AuthError.rejected({ ...answer, retryAfter: O.none }))).toEqual(O.some(10_000))
})

test('an answer that cannot be read may have been the token: it ends it', async () => {
  const w = world({ body: authorization }, { body: '<html>' })
  expect(left(await run(w))).toMatchObject({ _tag: 'Malformed', repeatable: false })
})

test("the code's end ends it, with the last answer", async () => {
  const w = world({ body: { ...authorization, expires_in: 12 } }, pending)
  expect(left(await run(w))).toMatchObject({ _tag: 'Rejected', answer: { error: { value: 'authorization_pending' } } })
  expect(w.sleeps).toEqual([5_000, 5_000])
})

test("the attempt's deadline ends it", async () => {
  const w = world({ body: authorization }, pending)
  left(await run(w, attempt({ deadline: plus(instant(NOW), seconds(16)) })))
  expect(w.sleeps).toEqual([5_000, 5_000, 5_000])
  for (const { deadline } of w.requests) expect(deadline).toBeLessThanOrEqual(NOW + 16_000)
})

test('a deadline before the first poll', async () => {
  const w = world({ body: authorization })
  expect(left(await run(w, attempt({ deadline: plus(instant(NOW), seconds(3)) })))._tag).toBe('TimedOut')
  expect(w.sleeps).toEqual([])
})

test('one poll may take 30 s at most', async () => {
  const w = world({ body: authorization }, { body: issued })
  right(await run(w))
  expect(w.requests[1]?.deadline).toBe(NOW + 35_000)
})

test('an abort ends it', async () => {
  const abort = new AbortController()
  const w = world({ body: authorization }, () => {
    abort.abort()
    return pending
  })
  expect(left(await run(w, attempt({ ...patient, signal: abort.signal })))).toEqual(AuthError.aborted)
  expect(w.requests.length).toBe(2)
})

test('a display that throws ends it before any poll', async () => {
  const w = world({ body: authorization })
  const broken = () => {
    throw new Error('C4NARY')
  }
  const error = left(await run(w, patient, broken))
  expect(error._tag).toBe('NotApplicable')
  expect(inspect(error)).not.toContain('C4NARY')
  expect(w.requests.length).toBe(1)
})

describe('a display that rejects', () => {
  const broken = new Error('C4NARY')

  test('ends it: nothing is polled, and its error is kept', async () => {
    const w = world({ body: authorization })
    const error = left(await run(w, patient, () => Promise.reject(broken)))
    expect(error).toEqual(AuthError.notApplicable('the user code could not be shown: onUserCode threw'))
    expect(AuthError.thrown(error)).toEqual(O.some(broken))
    expect(inspect(error)).not.toContain('C4NARY')
    expect(w.requests.length).toBe(1)
    expect(w.sleeps).toEqual([])
  })

  const rejecting = (answer: { readonly status?: number; readonly body: unknown }) => {
    const window = new AbortController()
    const w = world({ body: authorization }, () => {
      window.abort(broken)
      return answer
    })
    const display = () =>
      new Promise((_, reject) => {
        window.signal.addEventListener('abort', () => reject(broken))
      })
    return { w, run: () => run(w, patient, display) }
  }

  test('while it polls: no further poll', async () => {
    const { w, run } = rejecting(pending)
    expect(AuthError.thrown(left(await run()))).toEqual(O.some(broken))
    expect(w.requests.length).toBe(2)
  })

  test('while the token comes: the token is not lost', async () => {
    expect(Secret.open(right(await rejecting({ body: issued }).run()).accessToken)).toBe('A1')
  })
})

test('a display that throws where there is no time for a poll: its own error', async () => {
  const w = world({ body: { ...authorization, expires_in: 5 } })
  const broken = () => {
    throw new Error('C4NARY')
  }
  expect(left(await run(w, patient, broken))._tag).toBe('NotApplicable')
})

test('a refused authorization is not polled for', async () => {
  const w = world(no('invalid_scope'))
  expect(left(await run(w))).toMatchObject({ _tag: 'Rejected' })
  expect(w.requests.length).toBe(1)
})

test('the device code is not shown', async () => {
  const found = await deviceAuthorization({ client })(attempt())(world({ body: authorization }).env)()
  expect(E.isRight(found)).toBe(true)
  expect(inspect(found, { depth: 9, showHidden: true }) + JSON.stringify(found)).not.toContain(
    authorization.device_code,
  )
})

test('a person takes part', () => {
  expect(Strategy.isInteractive(deviceCode({ client, onUserCode: () => undefined }))).toBe(true)
})

test('RFC 8628 §3.1: scopes have a space between them, and none are not sent', async () => {
  const w = world({ body: authorization })
  right(await deviceAuthorization({ client, scope: ['a', 'b'] })(attempt())(w.env)())
  right(await deviceAuthorization({ client })(attempt())(w.env)())
  right(await deviceAuthorization({ client, scope: [] })(attempt())(w.env)())
  expect(w.forms().map((form) => form.get('scope'))).toEqual(['a b', null, null])
  expect(Array.from(w.forms()[1]?.keys() ?? [])).toEqual(['client_id', 'client_secret'])
})

test('an authorization that cannot be read may be asked for again', async () => {
  const w = world({ body: '<html>' })
  expect(left(await deviceAuthorization({ client })(attempt())(w.env)())).toMatchObject({ repeatable: true })
})

test('a list of one address is no address', async () => {
  const w = world({ body: { ...authorization, verification_uri: [authorization.verification_uri] } })
  expect(left(await deviceAuthorization({ client })(attempt())(w.env)())).toMatchObject({ path: 'verification_uri' })
})

test("at the code's very end nothing is polled", async () => {
  const w = world({ body: { ...authorization, expires_in: 5 } }, { body: issued })
  expect(left(await run(w))._tag).toBe('TimedOut')
  expect(w.requests).toHaveLength(1)
})

test("nobody waits for the code's very end", async () => {
  const w = world({ body: { ...authorization, expires_in: 5 } }, { body: issued })
  left(await run(w))
  expect(w.sleeps).toEqual([])
})

test('an authorization whose outcome is unknown may be asked for again', async () => {
  expect(left(await deviceAuthorization({ client })(attempt())(world({ status: 500 }).env)())).toMatchObject({
    _tag: 'OutcomeUnknown',
    repeatable: true,
  })
})

// Google's page “OAuth 2.0 for TV and Limited-Input Device Applications”.
test('verification_url, as drafts of RFC 8628 called it, is read of everyone', () => {
  const answer = { device_code: 'D', user_code: 'U', expires_in: 60 }
  const read = (more: object) =>
    deviceAuthorizationResponse()(Secret.make('Body', JSON.stringify({ ...answer, ...more })), NOW)
  const [uri, url] = ['https://as.example/device', 'https://as.example/other']
  expect(right(read({ verification_url: uri })).verificationUri).toBe(uri)
  expect(right(read({ verification_uri: uri, verification_url: url })).verificationUri).toBe(uri)
  expect(left(read({}))).toMatchObject({ _tag: 'Malformed', path: 'verification_uri' })
  expect(left(read({ verification_url: 'javascript:alert(1)' }))).toMatchObject({ path: 'verification_url' })
})

test('offline access is asked for by a scope, where the provider has one', () => {
  const provider: Provider = {
    ...Provider.rfc,
    offline: { scope: ['offline_access'], parameters: { access_type: 'offline' } },
  }
  expect(deviceAuthorizationParameters({ provider, offline: true, scope: ['a'] })).toEqual([
    ['scope', 'a offline_access'],
  ])
  expect(deviceAuthorizationParameters({ provider, scope: ['a'] })).toEqual([['scope', 'a']])
})
