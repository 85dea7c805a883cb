/** Method by method, without the SDK. */
import { AuthError, instant, memoryStore, remoteCallback, Secret, TokenSet, TokenSource } from '@tessera/core'
import { type NodeEnv, nodeEnv, openSource } from '@tessera/node'
import type { Authentication as SdkAuthentication } from 'box-node-sdk/networking'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { boxAuthentication, type Source } from '../src/index.js'

const NOW = 1_800_000_000_000

let live: NodeEnv
let env: NodeEnv

beforeAll(() => {
  live = nodeEnv()
  env = { ...live, clock: { ...live.clock, now: () => instant(NOW) } }
})

afterAll(() => live.close())

/** Each token that is acquired is another: `token1`, `token2`, … */
const counting = () => {
  let count = 0
  const source = openSource(
    pipe(
      remoteCallback(() => ({ accessToken: `token${++count}`, expiresAt: NOW + 3_600_500 })),
      TokenSource.make({ store: memoryStore() }),
    ),
    env,
  )
  return { source, acquired: () => count }
}

/** A source that hands out these tokens, in this order. */
const scripted = (...tokens: ReadonlyArray<string>) => {
  const refused: string[] = []
  const left = [...tokens]
  const source: Source = {
    get: async () => E.right(TokenSet.make(Secret.make('AccessToken', left.shift() ?? 'no more'))),
    peek: () => O.none,
    invalidate: (used) => async () => {
      refused.push(Secret.open(used))
      return E.right(undefined)
    },
    within: () => source,
  }
  return { source, refused }
}

const failing = (error: AuthError): Source => {
  const source: Source = {
    get: async () => E.left(error),
    peek: () => O.none,
    invalidate: () => async () => E.left(error),
    within: () => source,
    revoke: async () => E.left(error),
  }
  return source
}

/** The typed error that a promise rejects with. */
const errorOf = async (promise: Promise<unknown>): Promise<AuthError> => {
  const caught = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (AuthError.isException(caught)) return caught.error
  throw new Error('no typed error')
}

test('it is what the SDK wants', () => {
  const auth: SdkAuthentication = boxAuthentication(counting().source)
  expect(Object.keys(auth)).toHaveLength(5)
})

describe('a token', () => {
  test('says how long it lives, and nothing of a refresh token', async () => {
    const initial = TokenSet.make(Secret.make('AccessToken', 'access'), {
      refreshToken: O.some(Secret.make('RefreshToken', 'refresh')),
      expiresAt: O.some(instant(NOW + 3_599_999)),
      issuedTokenType: O.some('urn:ietf:params:oauth:token-type:access_token'),
    })
    const source = openSource(
      pipe(
        remoteCallback(() => 'other'),
        TokenSource.make({ store: memoryStore(), initial }),
      ),
      env,
    )
    expect(await boxAuthentication(source, { env }).retrieveToken()).toEqual({
      accessToken: 'access',
      expiresIn: 3599,
      tokenType: 'bearer',
      issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    })
  })

  test('without the environment, by the system clock', async () => {
    const source = openSource(
      pipe(
        remoteCallback(() => ({ accessToken: 'access', expiresAt: Date.now() + 3_600_000 })),
        TokenSource.make({ store: memoryStore() }),
      ),
      live,
    )
    const { expiresIn } = await boxAuthentication(source).retrieveToken()
    expect(expiresIn).toBeGreaterThan(3_000)
    expect(expiresIn).toBeLessThanOrEqual(3_600)
  })

  test('of unknown end says nothing of it; one that has ended has 0 s left', async () => {
    const of = (known: Partial<TokenSet>): Source => ({
      ...scripted().source,
      get: async () => E.right(TokenSet.make(Secret.make('AccessToken', 'access'), known)),
    })
    expect(await boxAuthentication(of({}), { env }).retrieveToken()).toEqual({
      accessToken: 'access',
      tokenType: 'bearer',
    })
    const ended = boxAuthentication(of({ expiresAt: O.some(instant(NOW - 1)) }), { env })
    expect(await ended.retrieveToken()).toMatchObject({ expiresIn: 0 })
  })

  test('that is no header is not shown', async () => {
    const { source } = scripted('a\nb')
    const error = await errorOf(boxAuthentication(source).retrieveAuthorizationHeader())
    expect(error).toMatchObject({ _tag: 'Malformed', what: 'access token' })
  })
})

describe('a 401', () => {
  test('any number of them for one token: one renewal', async () => {
    const { source, acquired } = counting()
    const auth = boxAuthentication(source, { env })
    expect(await auth.retrieveAuthorizationHeader()).toBe('Bearer token1')
    const next = await Promise.all(Array.from({ length: 100 }, () => auth.refreshToken()))
    expect(new Set(next.map(({ accessToken }) => accessToken))).toEqual(new Set(['token2']))
    await Promise.all(Array.from({ length: 100 }, () => auth.refreshToken()))
    expect(await auth.retrieveAuthorizationHeader()).toBe('Bearer token2')
    expect(acquired()).toBe(2)
  })

  test('when nothing was handed out: a token, and nothing refused', async () => {
    const { source, refused } = scripted('token1')
    expect(await boxAuthentication(source, { env }).refreshToken()).toMatchObject({ accessToken: 'token1' })
    expect(refused).toEqual([])
  })

  test('what a refresh brings is not in use before a request asks for it', async () => {
    const { source, refused } = scripted('token1', 'token2', 'token2', 'token2')
    const auth = boxAuthentication(source, { env })
    await auth.retrieveAuthorizationHeader()
    for (let i = 0; i < 3; i++) await auth.refreshToken()
    expect(refused).toEqual(['token1', 'token1', 'token1'])
  })

  test('a token that comes late, of a call that began earlier, is not the last one', async () => {
    let now = NOW
    const { source, refused } = scripted('token1', 'token2', 'token1', 'token3', 'token3')
    const auth = boxAuthentication(source, { env: { ...env, clock: { ...live.clock, now: () => instant(now) } } })
    for (let i = 0; i < 3; i++) await auth.retrieveAuthorizationHeader()
    await auth.refreshToken()
    expect(refused).toEqual([])
    now += 5_000
    await auth.refreshToken()
    expect(refused).toEqual(['token2'])
  })
})

describe('failures are Errors that carry the typed one', () => {
  test.each(['retrieveToken', 'retrieveAuthorizationHeader', 'refreshToken', 'revokeToken'] as const)(
    '%s',
    async (method) => {
      const auth = boxAuthentication(failing(AuthError.closed))
      expect(await errorOf(auth[method]())).toEqual(AuthError.closed)
    },
  )

  test('a refusal that fails', async () => {
    const { source } = scripted('token1')
    const auth = boxAuthentication({ ...source, invalidate: () => async () => E.left(AuthError.closed) })
    await auth.retrieveAuthorizationHeader()
    expect(await errorOf(auth.refreshToken())).toEqual(AuthError.closed)
  })

  test('downscopeToken', async () => {
    const auth = boxAuthentication(failing(AuthError.closed), { env })
    expect(await errorOf(auth.downscopeToken(['item_preview']))).toEqual(AuthError.closed)
    expect(await errorOf(boxAuthentication(counting().source).downscopeToken(['item_preview']))).toMatchObject({
      _tag: 'Misconfigured',
      field: 'env',
    })
  })

  test('a derived source has nothing to revoke', async () => {
    const { revoke: _, ...tokens } = failing(AuthError.closed)
    expect(await errorOf(boxAuthentication(tokens).revokeToken())).toMatchObject({
      _tag: 'Misconfigured',
      field: 'source',
    })
  })
})
