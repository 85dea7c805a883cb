import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  AuthError,
  type ClockEnv,
  instant,
  memoryStore,
  type RandomEnv,
  remoteCallback,
  Secret,
  type SourceEvent,
  Strategy,
  TokenSet,
} from '@tessera/core'
import {
  authorizationCode,
  Client,
  clientCredentials,
  deviceCode,
  extensionGrant,
  jwtAssertion,
  refreshToken,
  type Signer,
  tokenExchange,
} from '@tessera/oauth2'
import { scriptedStrategy, testClock, testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { connect, connectUsers, type KeyOf, type NodeEnv, nodeEnv } from '../src/index.js'

const access = (text: string) => TokenSet.make(Secret.make('AccessToken', text))
const strategyOf = (...texts: ReadonlyArray<string>) =>
  scriptedStrategy(texts.map((text) => E.right(access(text)))).strategy

/** What a server was sent as `authorization`. */
const withServer = async (use: (origin: string, seen: ReadonlyArray<string | undefined>) => Promise<void>) => {
  const seen: Array<string | undefined> = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await use(`http://127.0.0.1:${port}`, seen)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const revoked = () => {
  const texts: Array<string> = []
  const revocation = (token: TokenSet) => () => () => {
    texts.push(Secret.open(token.accessToken))
    return TE.right(undefined)
  }
  return { texts, revocation }
}

describe('connect', () => {
  test('token, fetch, revoke, close, source: all of one session', () =>
    withServer(async (origin, seen) => {
      const api = connect(strategyOf('t1', 't2'), { origins: [origin], key: 'ann' })
      expect(await api.token({ timeout: 5_000 })).toBe('t1')
      expect(await (await api.fetch(`${origin}/me`)).text()).toBe('ok')
      expect(seen).toEqual(['Bearer t1'])
      expect(api.source.key).toBe('ann')
      expect(E.isRight(await api.source.get())).toBe(true)
      expect(await api.revoke()).toBe('local')
      await api.close()
      await expect(api.token()).rejects.toMatchObject({ name: 'AuthError', error: { _tag: 'Closed' } })
      await expect(api.fetch(`${origin}/me`)).rejects.toMatchObject({ error: { _tag: 'Closed' } })
    }))

  test('login starts the session anew; it is bounded by its limits', async () => {
    const api = connect(remoteCallback(() => 'old'))
    expect(await api.token()).toBe('old')
    await api.login(strategyOf('new'))
    expect(await api.token()).toBe('new')
    const never = Strategy.make({ interactive: true }, () => () => () => new Promise(() => undefined))
    await expect(api.login(never, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      error: { _tag: 'Aborted' },
    })
    await api.close()
  })

  test('without origins, fetch sends nothing and says why', () =>
    withServer(async (origin, seen) => {
      const api = connect(strategyOf('t1'))
      await expect(api.fetch(origin)).rejects.toMatchObject({
        error: { _tag: 'Misconfigured', field: 'connect.origins', message: expect.stringContaining('origins: [') },
      })
      expect(seen).toEqual([])
      await api.close()
    }))

  test('an origin that must not get the token is told at once', () => {
    expect(() => connect(strategyOf(), { origins: ['http://api.example'] })).toThrow('origins')
  })

  test('close ends an environment of its own, and leaves one that was given; a store of the process is revoked', async () => {
    const { texts, revocation } = revoked()
    const closing = jest.fn(() => Promise.resolve())
    const env = { ...nodeEnv(), close: closing }
    const shared = connect(strategyOf('t1'), { env, revocation })
    await shared.token()
    await shared.close()
    expect(texts).toEqual(['t1'])
    expect(closing).not.toHaveBeenCalled()
    const kept = connect(strategyOf('t2'), { env, revocation })
    await kept.token()
    await kept.close({ revoke: false })
    expect(texts).toEqual(['t1'])
  })

  test('await using closes it', async () => {
    const api = connect(strategyOf('t1'))
    await api[Symbol.asyncDispose]()
    expect(api.source.closed()).toBe(true)
  })

  test('the environment of the strategy is a part of what it is opened in', async () => {
    const env: ClockEnv & RandomEnv = { clock: testClock(), random: testRandom(1) }
    const clocked: Strategy<ClockEnv> = () => () => TE.right(access('t1'))
    expect(await connect(clocked).token()).toBe('t1')
    const tested = connect(clocked, { env })
    expect(await tested.token()).toBe('t1')
    await tested.login(strategyOf('t2'))
    interface VaultEnv {
      readonly vault: string
    }
    const vaulted: Strategy<VaultEnv> =
      () =>
      ({ vault }) =>
        TE.right(access(vault))
    expect(await connect(vaulted, { env: { ...env, vault: 'v' } }).token()).toBe('v')
    // @ts-expect-error the environment has no vault
    connect(vaulted)
    // @ts-expect-error the given environment has none either
    connect(vaulted, { env })
  })
})

test('close ends an environment of its own: what asks for it later is not sent', () =>
  withServer(async (origin, seen) => {
    let env: NodeEnv | undefined
    const looking: Strategy<NodeEnv> = () => (given) => {
      env = given
      return TE.right(access('t1'))
    }
    const request = {
      method: 'GET' as const,
      url: origin,
      headers: [],
      body: O.none,
      deadline: instant(Number.MAX_SAFE_INTEGER),
      signal: new AbortController().signal,
      maxBytes: 10,
    }
    for (const open of [() => connect(looking), () => connectUsers(() => looking)]) {
      const opened = open()
      await ('token' in opened ? opened : opened.for('ann')).token()
      await opened.close()
      expect(await env?.http.send(request)()).toMatchObject({ _tag: 'Left' })
    }
    expect(seen).toEqual([])
  }))

test('an environment that has sent a request may be closed twice', () =>
  withServer(async (origin) => {
    const sending: Strategy<NodeEnv> = () => (env) => async () => {
      const signal = new AbortController().signal
      const deadline = instant(Number.MAX_SAFE_INTEGER)
      const sent = await env.http.send({
        method: 'GET',
        url: origin,
        headers: [],
        body: O.none,
        deadline,
        signal,
        maxBytes: 10,
      })()
      return E.isRight(sent) ? E.right(access('t1')) : E.left(AuthError.closed)
    }
    const api = connect(sending)
    expect(await api.token()).toBe('t1')
    await Promise.all([api.close(), api.close()])
    await api[Symbol.asyncDispose]()
  }))

describe('connectUsers', () => {
  test('a strategy a key, or one for all that redeems the refresh token', async () => {
    const users = connectUsers((user) => remoteCallback(() => `token of ${user}`))
    expect(await users.for('ann').token()).toBe('token of ann')
    expect(await users.for('bob').token()).toBe('token of bob')
    expect(users.for('ann')).toBe(users.for('ann'))
    await users.close()
    await expect(users.for('ann').token()).rejects.toMatchObject({ error: { _tag: 'Closed' } })

    const one = Strategy.make({ needsRefreshToken: true }, () => RTE.left(AuthError.notApplicable('no refresh token')))
    const all = connectUsers(() => one)
    await expect(all.for('ann').token()).rejects.toMatchObject({ error: { _tag: 'ReauthenticationRequired' } })
    await all[Symbol.asyncDispose]()
  })

  test.each([
    ['text', () => 'ann'],
    ['promise', async () => 'ann'],
    ['Either', () => E.right('ann')],
    ['TaskEither', () => TE.right('ann')],
  ])('login under the key that the tokens name, as a %s', async (_, keyOf) => {
    const store = memoryStore()
    const users = connectUsers(() => remoteCallback(() => 'another'), { store })
    const { key, connection } = await users.login(strategyOf('t1'), keyOf)
    expect(key).toBe('ann')
    expect(connection).toBe(users.for('ann'))
    expect(await connection.token()).toBe('t1')
    expect(
      await connect(
        remoteCallback(() => 'another'),
        { store, key: 'ann' },
      ).token(),
    ).toBe('t1')
    await users.close()
  })

  test.each<[string, KeyOf, object]>([
    [
      'throws',
      () => {
        throw new Error('no such user')
      },
      { _tag: 'Misconfigured', field: 'keyOf' },
    ],
    // @ts-expect-error from JavaScript
    ['gives null', () => null, { _tag: 'Misconfigured', field: 'keyOf' }],
    // @ts-expect-error from JavaScript
    ['resolves to null', async () => null, { _tag: 'Misconfigured', field: 'keyOf' }],
    // @ts-expect-error from JavaScript
    ['gives an Either of null', () => E.right(null), { _tag: 'Misconfigured', field: 'keyOf' }],
  ])('when keyOf %s, the tokens are revoked at the server', async (_, keyOf, error) => {
    const { texts, revocation } = revoked()
    const events: Array<SourceEvent> = []
    const users = connectUsers(() => remoteCallback(() => 'another'), {
      revocation: Object.assign(revocation, { ends: 'grant' as const }),
      observe: (e) => events.push(e),
    })
    await expect(users.login(strategyOf('t1'), keyOf)).rejects.toMatchObject({ error })
    await users.close()
    expect(texts).toEqual(['t1'])
    expect(events).toEqual([{ key: '', _tag: 'Discarded', revoked: true }])
  })

  test('a login is bounded by its limits', async () => {
    const users = connectUsers(() => remoteCallback(() => 'another'))
    const limits = { signal: AbortSignal.abort() }
    await expect(users.login(strategyOf('t1'), () => 'ann', limits)).rejects.toMatchObject({
      error: { _tag: 'Aborted' },
    })
    await users.close()
  })

  test('who was closed alone can log in again', async () => {
    const users = connectUsers(() => remoteCallback(() => 'another'))
    await users.login(strategyOf('t1'), () => 'ann')
    await users.for('ann').close()
    const { connection } = await users.login(strategyOf('t2'), () => 'ann')
    expect(await connection.token()).toBe('t2')
    expect(await users.for('ann').token()).toBe('t2')
    await users.close()
  })

  test('an origin that must not get the token is told at once, and not by a login whose tokens are written', () => {
    expect(() => connectUsers(() => strategyOf(), { origins: ['http://api.example'] })).toThrow('origins')
  })

  test('a strategy in the place of the function that makes one is told at once', () => {
    const one = Strategy.make({ needsRefreshToken: true }, () => RTE.left(AuthError.closed))
    // @ts-expect-error the compiler tells it too
    const open = () => connectUsers(one)
    expect(open).toThrow('strategyFor is (key) => refreshToken({ client }), say')
  })
})

describe('[A11] in the place of the function that makes the strategy of a key', () => {
  const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
  const signer: Signer = { algorithm: 'RS256', keyId: O.none, sign: () => TE.right('') }
  const subject = access('subject')
  test.each<[string, unknown]>([
    ['clientCredentials', clientCredentials({ client })],
    ['refreshToken', refreshToken({ client })],
    ['authorizationCode', authorizationCode({ client, code: Secret.make('AuthorizationCode', 'c0de') })],
    ['jwtAssertion', jwtAssertion({ client, signer, subject: { sub: '42' } })],
    ['extensionGrant', extensionGrant({ client, grantType: 'urn:example:grant' })],
    ['deviceCode', deviceCode({ client, onUserCode: () => undefined })],
    ['tokenExchange', tokenExchange({ client })(subject, {})],
    ['remoteCallback', remoteCallback(() => 'abc')],
  ])('%s is told at once', (_, strategy) => {
    // @ts-expect-error from JavaScript
    expect(() => connectUsers(strategy)).toThrow('strategyFor is (key) => refreshToken({ client }), say')
  })

  test('a strategy of the application: an error, and nothing that ends the process', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const asking = () => (env: NodeEnv) => async () => E.right(access(String(env.http.send)))
      // @ts-expect-error from JavaScript
      const users = connectUsers(asking)
      await expect(users.for('ann').token()).rejects.toMatchObject({ error: { _tag: 'Malformed', path: 'it' } })
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([])
      await users.close()
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})

test('a token is looked at without the network', () => {
  expect(O.isNone(connect(strategyOf('t1')).source.peek())).toBe(true)
})
