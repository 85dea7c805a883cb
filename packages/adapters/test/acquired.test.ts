import { AuthError, millis, Secret, Strategy, seconds, TokenSet } from '@tessera/core'
import { authenticatedFetch, nodeEnv, run } from '@tessera/node'
import type { Sandbox } from '@tessera/sandbox'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { acquiredBy, refreshedBy } from '../src/acquired.js'
import { hostOf } from './support/hostOf.js'
import { openRig, type Renewal, type Rig } from './support/rig.js'
import { type Host, testAdapter } from './support/testAdapter.js'

const openid = hostOf<typeof import('openid-client')>('openid-client')
const oauth = hostOf<typeof import('oauth4webapi')>('oauth4webapi')

const metadataOf = ({ url, endpoints }: Sandbox) => ({ issuer: url, token_endpoint: endpoints.token })

const configOf = (server: Sandbox) => {
  const { id, secret } = server.client
  const config = new openid.Configuration(metadataOf(server), id, secret)
  openid.allowInsecureRequests(config)
  return config
}

const byOpenidClient: Renewal = (server) => {
  const config = configOf(server)
  return refreshedBy({ refresh: ({ refreshToken }) => openid.refreshTokenGrant(config, refreshToken) })
}

const byOauth4webapi: Renewal = (server) => {
  const [as, client] = [metadataOf(server), { client_id: server.client.id }]
  const authentication = oauth.ClientSecretPost(server.client.secret)
  return refreshedBy({
    refresh: async ({ refreshToken, signal }) => {
      const options = { signal, [oauth.allowInsecureRequests]: true }
      const response = await oauth.refreshTokenGrantRequest(as, client, authentication, refreshToken, options)
      return oauth.processRefreshTokenResponse(as, client, response)
    },
  })
}

const calls = ({ tokens, api }: Rig): Host => {
  const send = authenticatedFetch({ tokens, origins: [api] })
  return {
    use: async () => {
      const { status } = await send(api)
      if (status !== 200) throw new Error(`status ${status}`)
    },
  }
}

testAdapter('openid-client', calls, { renewal: byOpenidClient })
testAdapter('oauth4webapi', calls, { renewal: byOauth4webapi })

describe.each([
  ['openid-client', byOpenidClient],
  ['oauth4webapi', byOauth4webapi],
])('%s', (_name, renewal) => {
  test('what the server refuses is our error, in its words; it means a login', async () => {
    const rig = await openRig(renewal)
    rig.server.revokeAll()
    rig.expire()
    const error: unknown = await run(rig.tokens.get).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ error: { _tag: 'ReauthenticationRequired' } })
    expect(String(error)).toContain(`POST ${rig.server.endpoints.token} answered 400 invalid_grant`)
    await rig.close()
  })

  test('an answer that was lost is not asked for again blindly', async () => {
    const rig = await openRig(renewal)
    rig.server.faults.next({ kind: 'reset-after', endpoint: 'token' })
    rig.expire()
    const error: unknown = await run(rig.tokens.get).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ error: { _tag: 'OutcomeUnknown', repeatable: false } })
    await rig.close()
  })
})

test('a grant that consumes nothing, of any function; a server that is not there; a function that answers rubbish', async () => {
  const rig = await openRig()
  const config = configOf(rig.server)
  const env = nodeEnv()
  const once = (acquire: () => Promise<object>) => run(pipe(acquiredBy({ acquire }), Strategy.once(seconds(30))), env)
  const token = await once(() => openid.clientCredentialsGrant(config))
  expect(rig.isGood(Secret.open(token.accessToken))).toBe(true)
  await expect(once(async () => ({ access_token: 1 }))).rejects.toMatchObject({ error: { _tag: 'Malformed' } })
  await rig.close()
  await expect(once(() => openid.clientCredentialsGrant(config))).rejects.toMatchObject({
    error: { _tag: 'Unreachable' },
  })
  await env.close()
})

test('an answer without a refresh token and a scope keeps those of before', async () => {
  const redeemed: string[] = []
  const rig = await openRig(({ issue }) =>
    refreshedBy({
      refresh: async ({ refreshToken }) => {
        redeemed.push(refreshToken)
        return { access_token: issue().accessToken, token_type: 'Bearer', expires_in: 3_600 }
      },
    }),
  )
  for (let times = 0; times < 2; times++) {
    rig.expire()
    await run(rig.tokens.get)
  }
  expect(redeemed).toHaveLength(2)
  expect(new Set(redeemed).size).toBe(1)
  await rig.close()
})

describe('a function that fails', () => {
  const held = Secret.make('RefreshToken', 'the~refresh/token')
  const previous = O.some(TokenSet.make(Secret.make('AccessToken', 'a'), { refreshToken: O.some(held) }))
  type Acquire = (signal: AbortSignal) => Promise<object>
  const withEnv = <A>(use: (env: ReturnType<typeof nodeEnv>) => Promise<A>): Promise<A> => {
    const env = nodeEnv()
    return use(env).finally(env.close)
  }
  const byOnce = (acquire: Acquire, duration = seconds(30)) =>
    withEnv((env) => run(pipe(acquiredBy({ acquire: ({ signal }) => acquire(signal) }), Strategy.once(duration)), env))
  const byRefresh = (refresh: Acquire, duration = seconds(30)) =>
    withEnv((env) => {
      const attempt = Strategy.attempt(duration, { previous })(env)()
      return run(refreshedBy({ refresh: ({ signal }) => refresh(signal) })(attempt)(env))
    })

  test.each([
    ['a grant that consumes nothing may be asked for again', byOnce, true],
    ['a refresh token may have been consumed', byRefresh, false],
  ])('%s: when the library throws, and when it does not answer', async (_, by, repeatable) => {
    const outcome = { error: { _tag: 'OutcomeUnknown', repeatable } }
    const thrown: unknown = await by(() => Promise.reject(new Error(`no: ${Secret.open(held)}`))).catch(
      (error: unknown) => error,
    )
    expect(thrown).toMatchObject(outcome)
    expect(String(thrown)).not.toContain(Secret.open(held))
    let given: AbortSignal | undefined
    const never = by((signal) => {
      given = signal
      return new Promise(() => undefined)
    }, millis(20))
    await expect(never).rejects.toMatchObject(outcome)
    expect(given?.aborted).toBe(true)
  })

  test.each([
    ['invalid_grant', 400, {}, 'Rejected'],
    ['temporarily_unavailable', 503, { 'retry-after': '5' }, 'Rejected'],
    ['temporarily_unavailable', 503, {}, 'OutcomeUnknown'],
  ])('what the server has answered is read from the error: %s, %i, %o', async (error, status, headers, _tag) => {
    const url = 'https://as.example/token?tenant=a'
    const response = Object.defineProperty(new Response('{}', { status, headers }), 'url', { value: url })
    const error_description = `not ${Secret.open(held)}`
    const answer = Object.assign(new Error('no'), { status, error, error_description, response })
    const refused: unknown = await byRefresh(() => Promise.reject(answer)).catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ error: { _tag } })
    for (const part of ['https://as.example/token', String(status)]) expect(String(refused)).toContain(part)
    for (const part of ['tenant', Secret.open(held)]) expect(String(refused)).not.toContain(part)
  })

  test('a connection that was refused is known by its code, however deep', async () => {
    const cause = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
    const deep = new Error('fetch failed', { cause: new Error('request failed', { cause }) })
    await expect(byRefresh(() => Promise.reject(deep))).rejects.toMatchObject({ error: { _tag: 'Unreachable' } })
  })
})

test('without a refresh token nothing is called', async () => {
  const never = refreshedBy({ refresh: () => Promise.reject(new Error('called')) })
  const env = nodeEnv()
  const previous = O.some(TokenSet.make(Secret.make('AccessToken', 'a')))
  for (const given of [O.none, previous]) {
    const attempt = { ...Strategy.attempt(seconds(1), { previous: given })(env)() }
    await expect(run(never(attempt)(env))).rejects.toMatchObject({ error: { _tag: 'NotApplicable' } })
  }
  expect(
    AuthError.isException(
      await run(acquiredBy(JSON.parse('{}'))(Strategy.attempt(seconds(1))(env)())(env)).catch((e: unknown) => e),
    ),
  ).toBe(true)
  await env.close()
})
