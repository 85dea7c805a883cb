import { AuthError, memoryStore, Secret, type TokenStore } from '@tessera/core'
import { generateDpopKey, type NodeEnv } from '@tessera/node'
import { ClientAuthentication, clientCredentials, dpop } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import { byBrowser } from '../src/byBrowser.js'
import { byDevice } from '../src/byDevice.js'
import { byGrant } from '../src/byGrant.js'
import { connectMcp, type McpConnection, type McpOptions } from '../src/connectMcp.js'
import { movable } from './support/clock.js'
import { agrees, startWorld, type World, type WorldOptions } from './support/world.js'

/** One that all connections of a test share, as processes share a folder. */
const sharedStore = (): TokenStore => ({ ...memoryStore(), guarantee: 'shared' })

let worlds: World[] = []
let connections: McpConnection[] = []
let envs: NodeEnv[] = []
afterEach(async () => {
  await Promise.all(connections.map((each) => each.close({ revoke: false })))
  await Promise.all(envs.map((env) => env.close()))
  await Promise.all(worlds.map((world) => world.close()))
  worlds = []
  connections = []
  envs = []
})

const world = async (options?: WorldOptions): Promise<World> => {
  const one = await startWorld(options)
  worlds.push(one)
  return one
}

const connection = (of: World, options: Partial<McpOptions> = {}): McpConnection => {
  const one = connectMcp({ url: of.url, login: byBrowser({ visit: agrees }), ...options })
  connections.push(one)
  return one
}

const call = (mcp: McpConnection, of: World, method = 'tools/list'): Promise<Response> =>
  mcp.fetch(of.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }),
  })

const errorOf = async (promise: Promise<unknown>): Promise<AuthError | undefined> => {
  try {
    await promise
    return undefined
  } catch (error) {
    if (!AuthError.isException(error)) throw error
    return error.error
  }
}

describe('a session with an MCP server', () => {
  test('begins by one login, for all callers and all who share the store', async () => {
    const of = await world()
    const store = sharedStore()
    const all = Array.from({ length: 4 }, () => connection(of, { store }))
    const answers = await Promise.all(all.flatMap((mcp) => Array.from({ length: 5 }, () => call(mcp, of))))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect({ logins: of.asked.length, clients: of.registrations.length, tokens: of.forms.length }).toEqual({
      logins: 1,
      clients: 1,
      tokens: 1,
    })
    expect(of.registrations[0]).toMatchObject({
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    })
    expect([of.asked[0]?.get('resource'), of.forms[0]?.get('resource')]).toEqual([of.url, of.url])
  })

  test('is renewed by one request, for all who share the store, as the client that it is of', async () => {
    const of = await world()
    const store = sharedStore()
    const { env, pass } = movable()
    envs.push(env)
    const all = Array.from({ length: 4 }, () => connection(of, { store, env }))
    await call(all[0] as McpConnection, of)
    pass(3_600_000)
    of.expire()
    const answers = await Promise.all(all.flatMap((mcp) => [call(mcp, of), call(mcp, of)]))
    expect(answers.every(({ ok }) => ok)).toBe(true)
    expect(of.count('POST /token refresh_token')).toBe(1)
    expect(of.forms[1]?.get('resource')).toBe(of.url)
    expect(of.asked).toHaveLength(1)
    // Nothing is looked up for it.
    expect(of.count('GET /prm')).toBe(1)
  })

  test('sends its refresh token to no other authorization server, whatever the metadata says by then', async () => {
    const [of, other] = [await world(), await world()]
    const { env, pass } = movable()
    envs.push(env)
    const store = sharedStore()
    await call(connection(of, { store, env }), of)
    of.moveTo(other.origin)
    pass(3_600_000)
    expect((await call(connection(of, { store, env }), of)).status).toBe(200)
    expect(of.count('POST /token refresh_token')).toBe(1)
    expect(other.log).toEqual([])
  })

  test('is not begun again by who was told that there is none before another process began it', async () => {
    const of = await world()
    const { env, pass } = movable()
    envs.push(env)
    const store = sharedStore()
    const [first, second]: ReadonlyArray<McpConnection> = [
      connection(of, { store, env }),
      connection(of, {
        store,
        env,
        fetch: async (input, init) => {
          const answer = await fetch(input, init)
          if (answer.status === 401 && first !== undefined) {
            await call(first, of)
            pass(60_000)
          }
          return answer
        },
      }),
    ]
    expect(second !== undefined && (await call(second, of)).status).toBe(200)
    expect(of.asked).toHaveLength(1)
  })

  test('says that nobody is logged in where nobody can log in', async () => {
    const of = await world()
    const mcp = connection(of, { login: undefined })
    expect(await errorOf(call(mcp, of))).toMatchObject({ _tag: 'ReauthenticationRequired' })
    expect(await errorOf(mcp.token())).toMatchObject({ _tag: 'ReauthenticationRequired' })
    expect(await errorOf(mcp.login())).toMatchObject({ _tag: 'Misconfigured', field: 'login' })
    expect(of.asked).toEqual([])
  })

  test('begins anew where its tokens are worth nothing any more', async () => {
    const of = await world()
    const mcp = connection(of)
    await call(mcp, of)
    await mcp.revoke()
    expect(of.count('POST /revoke')).toBe(1)
    of.expire()
    expect((await call(mcp, of)).status).toBe(200)
    expect(of.asked).toHaveLength(2)
    // The client is the same.
    expect(of.registrations).toHaveLength(1)
  })

  test('is of a client that is registered anew where the server has forgotten it', async () => {
    const of = await world()
    const mcp = connection(of)
    await mcp.login()
    of.restart()
    expect(await errorOf(mcp.login())).toMatchObject({ _tag: 'Rejected' })
    await mcp.login()
    expect(of.registrations).toHaveLength(2)
  })

  test('is of one server: its key names that', () => {
    const opening = (key: string) =>
      errorOf(Promise.resolve().then(() => connectMcp({ url: 'https://mcp.example/a', key })))
    return Promise.all(
      ['ann', 'mcp https://mcp.example/ab ann', ''].map((key) =>
        expect(opening(key)).resolves.toMatchObject({ _tag: 'Misconfigured', field: 'key' }),
      ),
    )
  })

  test('goes to the origin of the server alone', async () => {
    const [of, other] = [await world(), await world()]
    const mcp = connection(of)
    expect((await call(mcp, other)).status).toBe(401)
    // What another server asks for is nothing to log in for.
    expect([of.asked, other.asked]).toEqual([[], []])
    await call(mcp, of)
    expect((await call(mcp, other)).status).toBe(401)
    expect(other.log).toEqual(['tools/list', 'tools/list'])
  })
})

describe('who the client is', () => {
  const metadata = { client_id_metadata_document_supported: true }
  const clientMetadataUrl = 'https://app.example/client.json'

  test.each<readonly [string, WorldOptions, Partial<McpOptions>]>([
    [clientMetadataUrl, { metadata }, { clientMetadataUrl }],
    ['client-1', {}, { clientMetadataUrl }],
    ['by-hand', { metadata }, { clientMetadataUrl, client: { id: 'by-hand' } }],
  ])('%s', async (id, options, given) => {
    const of = await world(options)
    await connection(of, given).login()
    expect(of.asked[0]?.get('client_id')).toBe(id)
  })

  test('a client of another authorization server is not taken to this one', async () => {
    const of = await world()
    const mcp = connection(of, { client: { id: 'by-hand', issuer: 'https://as.example' } })
    expect(await errorOf(mcp.login())).toMatchObject({ _tag: 'Misconfigured', field: 'client.issuer' })
    expect(of.asked).toEqual([])
  })

  test.each([
    { secret: 's3cret' },
    { secret: 's3cret', issuer: '' },
    { authentication: ClientAuthentication.basic('s3cret') },
    { authentication: ClientAuthentication.tls },
  ])('a client with a credential says whose it is: %j', (credential) => {
    const options = { url: 'https://mcp.example/mcp', client: { id: 'by-hand', ...credential } }
    const told = errorOf(Promise.resolve().then(() => connectMcp(options)))
    return expect(told).resolves.toMatchObject({ _tag: 'Misconfigured', field: 'client.issuer' })
  })

  test('a client with no credential need not', async () => {
    const of = await world()
    await connection(of, { client: { id: 'by-hand', authentication: ClientAuthentication.none } }).login()
    expect(of.asked).toHaveLength(1)
  })

  test('a key goes to no server of a session that is of another client', async () => {
    const of = await world()
    const store = sharedStore()
    const { env, pass } = movable()
    envs.push(env)
    const client = { id: 'by-hand', authentication: ClientAuthentication.tls, issuer: of.origin }
    await connection(of, { store, env, client }).login()
    pass(3_600_000)
    for (const other of [
      { ...client, issuer: 'https://as.example' },
      { ...client, id: 'another' },
    ]) {
      const told = await errorOf(connection(of, { store, env, client: other, login: undefined }).token())
      expect(told).toMatchObject({ _tag: 'ReauthenticationRequired' })
    }
    expect(of.count('POST /token refresh_token')).toBe(0)
    expect(await connection(of, { store, env, client, login: undefined }).token()).toBe('access-2')
  })

  test('a secret goes to no server of the first revision either, which is its own authorization server', async () => {
    const of = await world({ legacy: true })
    const client = { id: 'by-hand', secret: 's3cret', issuer: 'https://as.example' }
    expect(await errorOf(connection(of, { client }).login())).toMatchObject({ field: 'client.issuer' })
    expect([of.asked, of.forms]).toEqual([[], []])
    // The server knows no such client, but it was asked.
    await errorOf(connection(of, { client: { ...client, issuer: of.origin } }).login())
    expect(of.forms).toHaveLength(1)
  })

  test('a client that is registered at one of several authorization servers logs in there', async () => {
    const [of, other] = [await world(), await world()]
    of.moveTo(other.origin, of.origin)
    await connection(of, { client: { id: 'by-hand', issuer: of.origin } }).login()
    expect([of.asked.length, other.log]).toEqual([1, []])
  })

  test('none where the server registers none', async () => {
    const of = await world({ metadata: { registration_endpoint: null } })
    expect(await errorOf(connection(of).login())).toMatchObject({ _tag: 'Misconfigured', field: 'client' })
  })
})

describe('what is not believed', () => {
  test('metadata of another resource', async () => {
    const of = await world({ resource: 'https://evil.example/mcp' })
    expect(await errorOf(call(connection(of), of))).toMatchObject({ _tag: 'Malformed', path: 'resource' })
    expect(of.asked).toEqual([])
  })

  test('a callback of another issuer', async () => {
    const of = await world({ callback: { iss: 'https://evil.example' } })
    expect(await errorOf(call(connection(of), of))).toMatchObject({ _tag: 'Malformed', what: 'callback', path: 'iss' })
    expect(of.forms).toEqual([])
  })

  test('a callback without an issuer, where the server has said that it names it', async () => {
    const of = await world({ metadata: { authorization_response_iss_parameter_supported: true } })
    expect(await errorOf(call(connection(of), of))).toMatchObject({ _tag: 'Malformed', path: 'iss' })
    expect(of.forms).toEqual([])
  })
})

test('what another origin asks for, to which a redirect has led, is not answered', async () => {
  const [of, evil] = [await world(), await world()]
  const elsewhere = 'https://evil.example/mcp'
  let leads = false
  const mcp = connection(of, {
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      if (url === elsewhere) {
        const challenge = `Bearer error="insufficient_scope", scope="all", resource_metadata="${evil.origin}/prm"`
        const response = new Response(null, { status: 403, headers: { 'www-authenticate': challenge } })
        return Object.defineProperty(response, 'url', { value: elsewhere })
      }
      if (leads && url === of.url) return new Response(null, { status: 307, headers: { location: elsewhere } })
      return fetch(input, init)
    },
  })
  expect((await call(mcp, of)).status).toBe(200)
  leads = true
  expect((await call(mcp, of)).status).toBe(403)
  expect([of.asked.length, evil.log]).toEqual([1, []])
})

describe('scopes', () => {
  const scopes = { first: 'read', tool: 'write' }

  test('are what the server asks for, and more where it asks for more', async () => {
    const of = await world({ scopes, metadata: { scopes_supported: ['read', 'write', 'offline_access'] } })
    const mcp = connection(of)
    expect((await call(mcp, of)).status).toBe(200)
    expect(of.asked[0]?.get('scope')).toBe('read offline_access')
    expect(of.asked[0]?.get('prompt')).toBe('consent')
    expect((await call(mcp, of, 'tools/call')).status).toBe(200)
    expect(of.asked[1]?.get('scope')?.split(' ').sort()).toEqual(['offline_access', 'read', 'write'])
    expect(of.asked).toHaveLength(2)
  })

  test('are asked for once by processes that hear of no change of the store', async () => {
    const of = await world({ scopes })
    const { changes: _, ...rest } = sharedStore()
    const store: TokenStore = rest
    const all = [connection(of, { store }), connection(of, { store }), connection(of, { store })]
    for (const mcp of all) expect((await call(mcp, of)).status).toBe(200)
    const [first, ...others] = all.map((mcp) => () => call(mcp, of, 'tools/call'))
    const late = others.pop()
    const together = await Promise.all([first, ...others].map((each) => each?.()))
    expect([...together, await late?.()].map((answer) => answer?.status)).toEqual([200, 200, 200])
    // The first login, and one for more.
    expect(of.asked).toHaveLength(2)
  })

  test('that are not granted are asked for once', async () => {
    const of = await world({ scopes, refused: ['write'] })
    const mcp = connection(of)
    for (let i = 0; i < 3; i++) expect((await call(mcp, of, 'tools/call')).status).toBe(403)
    expect(of.asked).toHaveLength(2)
  })
})

describe('bound to a key', () => {
  const key = generateDpopKey()()

  test.each(['client-1', 'by-hand'])('a session begins and is renewed with proofs, as %s', async (id) => {
    const of = await world({ dpop: true })
    const store = sharedStore()
    const { env, pass } = movable()
    envs.push(env)
    const options = { store, env, ...(id === 'by-hand' && { client: { id } }) }
    const [first, second] = [0, 1].map(() => connection(of, { ...options, dpop: dpop({ key }) }))
    expect((await first?.fetch(of.url, { method: 'POST', body: '{}' }))?.status).toBe(200)
    pass(3_600_000)
    of.expire()
    expect((await second?.fetch(of.url, { method: 'POST', body: '{}' }))?.status).toBe(200)
    expect(of.forms.map((form) => [form.get('grant_type'), form.get('client_id')])).toEqual([
      ['authorization_code', id],
      ['refresh_token', id],
    ])
    expect(of.asked[0]?.get('dpop_jkt')).toBe(dpop({ key }).jkt)
  })

  test('a host that sends no proofs is told so', async () => {
    const of = await world({ dpop: true })
    const mcp = connection(of, { dpop: dpop({ key }) })
    await mcp.login()
    for (const token of [mcp.authProvider.token, mcp.oauthClientProvider.tokens]) {
      expect(await errorOf(token())).toMatchObject({ _tag: 'Misconfigured', field: 'dpop' })
    }
  })
})

describe('other ways in', () => {
  test('an authorization server that takes pushed requests alone', async () => {
    const of = await world({ pushed: true })
    expect((await call(connection(of), of)).status).toBe(200)
    expect(of.count('POST /par')).toBe(1)
  })

  test('a code that is typed on another device', async () => {
    const of = await world()
    const codes: string[] = []
    const login = byDevice({ onUserCode: ({ userCode }) => void codes.push(userCode) })
    expect((await call(connection(of, { login }), of)).status).toBe(200)
    expect(codes).toEqual(['ABCD'])
  })

  test('a grant without a person', async () => {
    const of = await world()
    const mcp = connection(of, {
      client: { id: 'by-hand' },
      login: byGrant(({ client, scope }) => clientCredentials({ client, scope })),
    })
    expect(await mcp.token()).toBe('access-1')
    expect(of.forms[0]?.get('resource')).toBe(of.url)
  })
})

test('a session says of itself what it may, and no secret', async () => {
  const of = await world()
  const store = sharedStore()
  const mcp = connection(of, { store })
  await mcp.login()
  const token = await mcp.token()
  const seen = mcp.source.peek()
  expect(O.isSome(seen) && Secret.open(seen.value.accessToken)).toBe(token)
  expect(JSON.stringify(seen)).not.toContain(token)
  expect(await mcp.source.inspect()).toMatchObject({ right: { key: `mcp ${of.url}`, state: 'valid' } })
})

describe('a server that refuses every token', () => {
  test('has a person asked once, whatever is called', async () => {
    const of = await world()
    const { env, pass } = movable()
    envs.push(env)
    const mcp = connection(of, { env })
    expect((await call(mcp, of)).status).toBe(200)
    of.refuse()
    for (let i = 0; i < 5; i++) {
      pass(60_000)
      expect((await call(mcp, of)).status).toBe(401)
    }
    // The first login, and one because of a token that had just been renewed.
    expect(of.asked).toHaveLength(2)
  })

  test('has a person asked once, whatever it answers where it looks at no token', async () => {
    const of = await world({ open: ['initialize'] })
    const { env, pass } = movable()
    envs.push(env)
    const mcp = connection(of, { env })
    expect((await call(mcp, of)).status).toBe(200)
    of.refuse()
    for (let i = 0; i < 5; i++) {
      pass(60_000)
      expect((await call(mcp, of, 'initialize')).status).toBe(200)
      expect((await call(mcp, of)).status).toBe(401)
    }
    expect(of.asked).toHaveLength(2)
  })

  test('has a person asked again, once it has taken the token of a login', async () => {
    const of = await world()
    const { env, pass } = movable()
    envs.push(env)
    // It refuses all tokens until somebody has logged in so often.
    let logins = 0
    const refusal = () => new Response(null, { status: 401 })
    const mcp = connection(of, {
      env,
      fetch: async (input, init) => (of.asked.length < logins ? refusal() : fetch(input, init)),
    })
    for (logins of [0, 2, 3]) {
      pass(60_000)
      expect((await call(mcp, of)).status).toBe(200)
    }
    expect(of.asked).toHaveLength(3)
  })
})
