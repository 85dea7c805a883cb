import fc from 'fast-check'
import { type Rotation, type Sandbox, startSandbox } from '../src/index.js'
import { api, post, refresh, said, token, withBox } from './support.js'

/** Redeems, and gives the pair as a comparable text, or the error. */
const redeem = async (box: Sandbox, refreshToken: string): Promise<string> => {
  const answer = said(await refresh(box, refreshToken))
  return answer.error ?? `${answer.access_token} ${answer.refresh_token}`
}

const successor = async (box: Sandbox, refreshToken: string): Promise<readonly [string, string]> => {
  const { access_token = '', refresh_token = '' } = said(await refresh(box, refreshToken))
  return [access_token, refresh_token]
}

describe('rotation', () => {
  it(
    'grace until use: the same pair until its access token is used at the API',
    withBox(async (box) => {
      const old = box.issue()
      const first = await redeem(box, old.refreshToken)
      expect(await redeem(box, old.refreshToken)).toBe(first)
      box.clock.advance(59 * 60 * 1000)
      expect(await redeem(box, old.refreshToken)).toBe(first)
      // the use of the old access token ends nothing
      await api(box, '/users/me', old.accessToken)
      expect(await redeem(box, old.refreshToken)).toBe(first)
      const [access = ''] = first.split(' ')
      expect((await api(box, '/users/me', access)).status).toBe(200)
      expect(await redeem(box, old.refreshToken)).toBe('invalid_grant')
      expect(box.isActive(access)).toBe(true)
      expect(box.redemptionsOf(old.refreshToken)).toMatchObject({ attempts: 5, honoured: 4, generation: 1 })
      expect(box.counts()).toMatchObject({ redeemed: 1, repeated: 3, reuseRefused: 1, familiesKilled: 0 })
    }),
  )

  it(
    'grace until use: redeeming the new refresh token ends the grace of the old one',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      const [, next] = await successor(box, refreshToken)
      await successor(box, next)
      expect(await redeem(box, refreshToken)).toBe('invalid_grant')
    }),
  )

  it(
    'grace for a time: the same pair, used or not, until the time is over',
    withBox(
      async (box) => {
        const { refreshToken } = box.issue()
        const first = await redeem(box, refreshToken)
        await api(box, '/users/me', first.split(' ')[0] ?? '')
        box.clock.advance(1999)
        expect(await redeem(box, refreshToken)).toBe(first)
        box.clock.advance(1)
        expect(await redeem(box, refreshToken)).toBe('invalid_grant')
        expect(box.isActive(first.split(' ')[1] ?? '')).toBe(true)
      },
      { rotation: { graceFor: 2000 } },
    ),
  )

  it(
    'strict: a reuse kills the family, the newest tokens included',
    withBox(
      async (box) => {
        const { refreshToken, accessToken } = box.issue()
        const [access, next] = await successor(box, refreshToken)
        expect(await redeem(box, refreshToken)).toBe('invalid_grant')
        expect([accessToken, access, next].map(box.isActive)).toEqual([false, false, false])
        expect(await redeem(box, next)).toBe('invalid_grant')
        expect(box.counts()).toMatchObject({ familiesKilled: 1, reuseRefused: 1, tokensRevoked: 3 })
      },
      { rotation: 'strict' },
    ),
  )

  it(
    'strict without kill: a reuse is refused, nothing else',
    withBox(
      async (box) => {
        const { refreshToken } = box.issue()
        const [, next] = await successor(box, refreshToken)
        expect(await redeem(box, refreshToken)).toBe('invalid_grant')
        expect(box.isActive(next)).toBe(true)
      },
      { rotation: 'strict-without-kill' },
    ),
  )

  it(
    'none: the refresh token stays, and answers carry none',
    withBox(
      async (box) => {
        const { refreshToken } = box.issue()
        const [first, second] = [await refresh(box, refreshToken), await refresh(box, refreshToken)].map(said)
        expect([first?.refresh_token, second?.refresh_token]).toEqual([undefined, undefined])
        expect(first?.access_token).not.toBe(second?.access_token)
        expect(box.redemptionsOf(refreshToken)).toMatchObject({ honoured: 2 })
      },
      { rotation: 'none' },
    ),
  )

  it(
    'changes its mode at run time',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      await redeem(box, refreshToken)
      box.setRotation('strict')
      expect(await redeem(box, refreshToken)).toBe('invalid_grant')
    }),
  )

  it(
    'refuses tokens that expired, were revoked, belong to another client, or are no refresh tokens',
    withBox(async (box) => {
      const { refreshToken, accessToken } = box.issue()
      const other = box.registerClient({ secret: 'other' })
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
      const theirs = await post(box.endpoints.token, { ...form, client_id: other.id, client_secret: 'other' })
      expect(said(theirs).error).toBe('invalid_grant')
      expect(await redeem(box, accessToken)).toBe('invalid_grant')
      expect(await redeem(box, '')).toBe('invalid_request')
      box.clock.advance(60 * 24 * 3600 * 1000)
      expect(await redeem(box, refreshToken)).toBe('invalid_grant')
      const revoked = box.issue()
      box.revokeAll()
      expect(await redeem(box, revoked.refreshToken)).toBe('invalid_grant')
    }),
  )

  it(
    'narrows the scope of the new access token, never widens it (RFC 6749 §6)',
    withBox(async (box) => {
      const { refreshToken } = box.issue({ scope: ['item_readwrite'] })
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
      expect(said(await token(box, { ...form, scope: 'root_readwrite' })).error).toBe('invalid_scope')
      const { access_token = '' } = said(await token(box, { ...form, scope: 'item_share' }))
      expect((await api(box, '/files/123', access_token)).status).toBe(403)
    }),
  )
})

/** What a history does: redeems the n-th refresh token seen so far, uses the n-th access token, or lets time pass. */
const step = fc.oneof(
  fc.record({ act: fc.constant('redeem' as const), index: fc.nat(6) }),
  fc.record({ act: fc.constant('use' as const), index: fc.nat(6) }),
  fc.record({ act: fc.constant('advance' as const), index: fc.nat(3000) }),
)
type Step = { readonly act: 'redeem' | 'use' | 'advance'; readonly index: number }

/** Plays a history; tells by refresh token the different answers that it got, in order. */
const play = async (box: Sandbox, steps: ReadonlyArray<Step>): Promise<ReadonlyMap<string, ReadonlyArray<string>>> => {
  const first = box.issue()
  const refreshTokens = [first.refreshToken]
  const accessTokens = [first.accessToken]
  const answers = new Map<string, Array<string>>()
  for (const { act, index } of steps) {
    const refreshToken = refreshTokens[index % refreshTokens.length] ?? ''
    if (act === 'advance') box.clock.advance(index)
    else if (act === 'use') await api(box, '/users/me', accessTokens[index % accessTokens.length] ?? '')
    else {
      const answer = await redeem(box, refreshToken)
      answers.set(refreshToken, [...(answers.get(refreshToken) ?? []), answer])
      const [access, next] = answer.split(' ')
      if (access !== undefined && next !== undefined && !refreshTokens.includes(next)) {
        refreshTokens.push(next)
        accessTokens.push(access)
      }
    }
  }
  return answers
}

describe('random histories of refreshes', () => {
  const history = fc.array(step, { minLength: 1, maxLength: 14 })

  it('strict: at most one redemption of a refresh token is honoured, and after a reuse nothing is', async () => {
    const box = await startSandbox({ rotation: 'strict' })
    try {
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const killed = box.counts().familiesKilled
          const answers = [...(await play(box, steps)).values()]
          for (const [, ...later] of answers) expect(new Set(later)).toEqual(new Set(later.map(() => 'invalid_grant')))
          const reused = answers.some((several) => several.length > 1 && several[0] !== 'invalid_grant')
          expect(box.counts().familiesKilled - killed).toBe(reused ? 1 : 0)
        }),
        { numRuns: 60 },
      )
      expect(Math.max(...box.counts().redemptions.map((one) => one.honoured))).toBe(1)
    } finally {
      await box.close()
    }
  })

  const modes: ReadonlyArray<Rotation> = ['grace-until-use', { graceFor: 2000 }, 'strict-without-kill']
  it.each(modes)(
    '%j: a refresh token gives one pair only, and never anything after its first refusal',
    async (rotation) => {
      const box = await startSandbox({ rotation, now: () => 1_800_000_000_000 })
      try {
        await fc.assert(
          fc.asyncProperty(history, async (steps) => {
            for (const several of (await play(box, steps)).values()) {
              const pairs = several.filter((answer) => answer !== 'invalid_grant')
              expect(new Set(pairs).size).toBeLessThanOrEqual(1)
              expect(several.slice(pairs.length).every((answer) => answer === 'invalid_grant')).toBe(true)
            }
          }),
          { numRuns: 30 },
        )
      } finally {
        await box.close()
      }
    },
  )
})
