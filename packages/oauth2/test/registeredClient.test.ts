/**
 * One client for all processes that share a store: a server that registers, modelled, and several processes at it.
 */
import { encrypted, memoryStore, millis, plus, Secret, type TokenStore } from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  AuthorizationServer,
  ClientAuthentication,
  type HttpFailure,
  type HttpRequest,
  registeredClient,
} from '../src/index.js'
import { headerOf, left, NOW, response, right, signer, world } from './support.js'

const ISSUER = 'https://as.example'
const serverOf = (issuer = ISSUER) =>
  AuthorizationServer.make({ issuer, tokenEndpoint: `${issuer}/token`, registrationEndpoint: `${issuer}/register` })

interface Model {
  /** Whether it manages registrations (RFC 7592). */
  readonly manages: boolean
  /** How long a secret lives, in seconds; 0 is for ever. */
  readonly lifetime: number
  /** Whether a secret that has ended has another in its place; or lives on, of which the answer shows the end alone. */
  readonly renews?: boolean | 'its end'
  /** Whether who registers the same twice is given the same client. */
  readonly knowsItAgain?: boolean
}

/** A server, and the clients that it knows: their secrets, by their ids. */
const modelled = (
  { manages, lifetime, renews = false, knowsItAgain = false }: Model,
  turn: () => Promise<unknown> = () => Promise.resolve(),
) => {
  const clients = new Map<string, string>()
  let registrations = 0
  let now = NOW
  const answerOf = (id: string) => ({
    client_id: id,
    client_secret: clients.get(id),
    client_secret_expires_at: lifetime === 0 ? 0 : Math.floor(now / 1_000) + lifetime,
    token_endpoint_auth_method: 'client_secret_post',
    ...(manages && { registration_access_token: `manage-${id}`, registration_client_uri: `${ISSUER}/register/${id}` }),
  })
  const serve = ({ method, url, ...request }: HttpRequest) => {
    const { origin, pathname } = new URL(url)
    if (method === 'POST') {
      registrations += 1
      const serial = knowsItAgain ? 1 : registrations
      const id = `${origin === ISSUER ? '' : 'other-'}client-${serial}`
      clients.set(id, `secret-${serial}`)
      return { status: 201, body: answerOf(id) }
    }
    const id = pathname.split('/').at(-1) ?? ''
    if (!manages || headerOf({ method, url, ...request }, 'authorization') !== `Bearer manage-${id}`)
      return { status: 401 }
    if (method === 'DELETE') return { status: clients.delete(id) ? 204 : 404 }
    if (!clients.has(id)) return { status: 404 }
    const { client_secret: _, ...unsaid } = answerOf(id)
    if (renews === 'its end') return { status: 200, body: unsaid }
    if (renews) clients.set(id, `renewed-${id}`)
    return { status: 200, body: renews ? answerOf(id) : { client_id: id } }
  }
  const { env } = world()
  return {
    clients,
    registrations: () => registrations,
    pass: (seconds: number) => {
      now = plus(now, millis(seconds * 1_000))
    },
    env: {
      ...env,
      clock: { ...env.clock, now: () => now },
      http: {
        send:
          (request: HttpRequest): TE.TaskEither<HttpFailure, ReturnType<typeof response>> =>
          async () => {
            await turn()
            const answer = serve(request)
            await turn()
            return E.right(response(answer))
          },
      },
    },
  }
}

const options = (store: TokenStore) => ({
  store,
  key: 'mcp',
  server: serverOf(),
  redirectUris: ['http://127.0.0.1/cb'],
})
const secretOf = (client: { readonly authentication: object }): string => {
  const { authentication } = client
  return 'secret' in authentication && Secret.is(authentication.secret) ? Secret.open(authentication.secret) : ''
}

test('it registers once, and every later run has the same client', async () => {
  const server = modelled({ manages: false, lifetime: 0 })
  const client = registeredClient({
    ...options(memoryStore()),
    resource: 'https://mcp.example',
    parameters: { a: 'b' },
  })
  const first = right(await client(server.env)())
  expect(right(await client(server.env)())).toEqual(first)
  expect(server.registrations()).toBe(1)
  expect(first).toMatchObject({
    id: 'client-1',
    authentication: { _tag: 'Post' },
    resource: ['https://mcp.example'],
    parameters: { a: 'b' },
  })
  expect(secretOf(first)).toBe('secret-1')
})

test('the client of one server is never shown to another, and both stay', async () => {
  const store = memoryStore()
  const server = modelled({ manages: false, lifetime: 0 })
  const at = async (issuer: string) =>
    right(await registeredClient({ ...options(store), server: serverOf(issuer) })(server.env)()).id
  const [one, other] = [await at(ISSUER), await at('https://other.example')]
  expect(other).not.toBe(one)
  expect([await at(ISSUER), await at('https://other.example')]).toEqual([one, other])
})

test('sealed, the store holds no secret', async () => {
  const inside = memoryStore()
  const store = encrypted(right(aesGcm({ write: generateKey(systemRandom)() })))(inside)
  const server = modelled({ manages: true, lifetime: 0 })
  const client = registeredClient(options(store))
  const first = right(await client(server.env)())
  expect(right(await client(server.env)())).toEqual(first)
  const { record } = right(await inside.get(`mcp ${ISSUER}`)())
  expect(O.isSome(record) && Secret.open(record.value)).not.toMatch(/secret-1|manage-client-1|client-1/)
})

test('several processes at once: one client, whatever the schedule, and at most that one at a server that deletes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 2, max: 4 }),
      fc.boolean(),
      fc.boolean(),
      async (s, count, manages, knowsItAgain) => {
        const turn = (): Promise<unknown> => s.schedule(Promise.resolve(), 'turn')
        const server = modelled({ manages, lifetime: 0, knowsItAgain }, turn)
        const inside = memoryStore()
        const store: TokenStore = {
          ...inside,
          get: (key) => async () => {
            await turn()
            return inside.get(key)()
          },
          compareAndSet: (key, expected, next) => async () => {
            await turn()
            return inside.compareAndSet(key, expected, next)()
          },
        }
        const running = Promise.all(Array.from({ length: count }, () => registeredClient(options(store))(server.env)()))
        const clients = (await s.waitFor(running)).map(right)
        expect(new Set(clients.map(({ id }) => id)).size).toBe(1)
        expect(new Set(clients.map(secretOf)).size).toBe(1)
        expect(server.clients.get(clients[0]?.id ?? '')).toBe(secretOf(clients[0] ?? { authentication: {} }))
        if (manages) expect(server.clients.size).toBe(1)
      },
    ),
    { numRuns: 60 },
  )
})

describe('a secret that ends', () => {
  test('is not used in its last minute; another client registers then', async () => {
    const server = modelled({ manages: false, lifetime: 3_600 })
    const client = registeredClient(options(memoryStore()))
    expect(right(await client(server.env)()).id).toBe('client-1')
    server.pass(3_500)
    expect(right(await client(server.env)()).id).toBe('client-1')
    server.pass(40)
    expect(right(await client(server.env)()).id).toBe('client-2')
    expect(right(await client(server.env)()).id).toBe('client-2')
  })

  test('where the server has another in its place, the client stays, and so do its sessions', async () => {
    const server = modelled({ manages: true, lifetime: 3_600, renews: true })
    const client = registeredClient(options(memoryStore()))
    right(await client(server.env)())
    server.pass(3_600)
    const renewed = right(await client(server.env)())
    expect([renewed.id, secretOf(renewed)]).toEqual(['client-1', 'renewed-client-1'])
    expect(right(await client(server.env)())).toEqual(renewed)
    expect(server.registrations()).toBe(1)
  })

  test('where it lives on, the client stays what it was, although the answer does not show it', async () => {
    const server = modelled({ manages: true, lifetime: 3_600, renews: 'its end' })
    const client = registeredClient(options(memoryStore()))
    const first = right(await client(server.env)())
    server.pass(3_600)
    expect(right(await client(server.env)())).toEqual(first)
    expect(secretOf(first)).toBe('secret-1')
  })

  test.each([ClientAuthentication.privateKeyJwt(signer), ClientAuthentication.none])(
    'is no end of a client that does not authenticate by it: %j',
    async (authentication) => {
      const server = modelled({ manages: false, lifetime: 3_600 })
      const client = registeredClient({ ...options(memoryStore()), authentication })
      const first = right(await client(server.env)())
      server.pass(3_600)
      expect(right(await client(server.env)())).toEqual(first)
      expect(server.registrations()).toBe(1)
    },
  )

  test('where it manages registrations and has none, another client registers', async () => {
    const server = modelled({ manages: true, lifetime: 3_600 })
    const client = registeredClient(options(memoryStore()))
    right(await client(server.env)())
    server.pass(3_600)
    const other = right(await client(server.env)())
    expect([other.id, secretOf(other)]).toEqual(['client-2', 'secret-2'])
  })

  test('a server that is down says nothing of a registration, and no other one is made', async () => {
    const store = memoryStore()
    const server = modelled({ manages: true, lifetime: 3_600 })
    right(await registeredClient(options(store))(server.env)())
    server.pass(3_600)
    for (const status of [500, 503, 429]) {
      const { send } = server.env.http
      const down = {
        ...server.env,
        http: {
          send: (request: HttpRequest) => (request.method === 'GET' ? TE.right(response({ status })) : send(request)),
        },
      }
      left(await registeredClient(options(store))(down)())
    }
    expect(server.registrations()).toBe(1)
  })
})

test('a client that the server does not know any more is replaced once', async () => {
  const server = modelled({ manages: false, lifetime: 0 })
  const store = memoryStore()
  right(await registeredClient(options(store))(server.env)())
  const replacing = registeredClient({ ...options(store), replacing: 'client-1' })
  expect(right(await replacing(server.env)()).id).toBe('client-2')
  expect(right(await replacing(server.env)()).id).toBe('client-2')
  expect(right(await registeredClient(options(store))(server.env)()).id).toBe('client-2')
})

test.each(['{}', 'rubbish', '{"v":2,"kind":"client","id":"a"}', '{"v":1,"kind":"session","id":"a"}'])(
  'what is no client of this version stays as it is: %s',
  async (text) => {
    const store = memoryStore()
    const record = Secret.make('Record', text)
    right(await store.compareAndSet(`mcp ${ISSUER}`, '', { version: 'v', record })())
    const server = modelled({ manages: false, lifetime: 0 })
    const error = left(await registeredClient(options(store))(server.env)())
    expect(error).toMatchObject({ _tag: 'StoreFailed', operation: 'decode' })
    expect(server.registrations()).toBe(0)
    expect(right(await store.get(`mcp ${ISSUER}`)())).toMatchObject({ version: 'v' })
  },
)

test('an expired deadline and an aborted signal send nothing', async () => {
  const server = modelled({ manages: false, lifetime: 0 })
  left(await registeredClient({ ...options(memoryStore()), timeout: millis(0) })(server.env)())
  left(await registeredClient({ ...options(memoryStore()), signal: AbortSignal.abort() })(server.env)())
  expect(server.registrations()).toBe(0)
})
