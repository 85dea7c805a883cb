/** An MCP server and its authorization server on this machine, as far as a client sees them; and a person who agrees. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface WorldOptions {
  /** Of access tokens, in seconds. */
  readonly lifetime?: number
  /** What a call of the tool needs, and what the server asks for at first. */
  readonly scopes?: { readonly first: string; readonly tool: string }
  /** Methods for which the MCP server looks at no token. */
  readonly open?: ReadonlyArray<string>
  /** Scopes that are never granted. */
  readonly refused?: ReadonlyArray<string>
  /** An MCP server of the revision 2025-03-26, which has no metadata of its own. */
  readonly legacy?: boolean
  /** The authorization server takes pushed requests alone (RFC 9126). */
  readonly pushed?: boolean
  /** Tokens are bound to a key (RFC 9449). The proofs are looked at no further. */
  readonly dpop?: boolean
  /** More of the authorization server's metadata. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** What the protected resource's metadata says it is of. */
  readonly resource?: string
  /** Parameters that the callback gets besides. */
  readonly callback?: Readonly<Record<string, string>>
}

export interface World {
  readonly origin: string
  readonly url: string
  /** What was asked of it, in order: `POST /token refresh_token`, say. */
  readonly log: string[]
  /** The forms that came to the token endpoint. */
  readonly forms: URLSearchParams[]
  /** The queries of the authorization requests. */
  readonly asked: URLSearchParams[]
  /** What clients said when they registered. */
  readonly registrations: Array<Record<string, unknown>>
  /** How often a thing was asked. */
  readonly count: (what: string) => number
  /** From now on the protected resource's metadata names other authorization servers. */
  readonly moveTo: (...issuers: ReadonlyArray<string>) => void
  /** Ends the access tokens that there are. */
  readonly expire: () => void
  /** From now on the MCP server refuses every token. */
  readonly refuse: () => void
  /** Forgets all clients, as a server does that keeps them in memory. */
  readonly restart: () => void
  readonly close: () => Promise<void>
}

interface Token {
  readonly family: { alive: boolean }
  readonly client: string
  readonly scope: string
  spent: boolean
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

const RESULTS: Readonly<Record<string, unknown>> = {
  initialize: {
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'world', version: '1' },
  },
  'tools/list': { tools: [{ name: 'tool', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: 'done' }] },
}

/** Starts both on one port. */
export const startWorld = async ({
  lifetime = 3_600,
  scopes,
  open = [],
  legacy = false,
  pushed = false,
  dpop = false,
  refused = [],
  metadata = {},
  resource,
  callback = {},
}: WorldOptions = {}): Promise<World> => {
  const [log, forms, asked, registrations]: [string[], URLSearchParams[], URLSearchParams[], World['registrations']] = [
    [],
    [],
    [],
    [],
  ]
  const clients = new Set<string>()
  const requests = new Map<string | null, URLSearchParams>()
  const codes = new Map<string, { readonly client: string; readonly scope: string }>()
  const access = new Map<string, Token>()
  const refresh = new Map<string, Token>()
  let issuers: ReadonlyArray<string> = []
  let serial = 0
  let refuses = false

  const issue = (client: string, scope: string, family: Token['family']): unknown => {
    serial += 1
    const token: Token = { client, scope, family, spent: false }
    access.set(`access-${serial}`, token)
    refresh.set(`refresh-${serial}`, { ...token })
    return {
      access_token: `access-${serial}`,
      refresh_token: `refresh-${serial}`,
      token_type: dpop ? 'DPoP' : 'bearer',
      expires_in: lifetime,
      ...(scope !== '' && { scope }),
    }
  }
  const grantable = (scope: string): string =>
    scope
      .split(' ')
      .filter((each) => !refused.includes(each))
      .join(' ')

  const token = (form: URLSearchParams): readonly [number, unknown] => {
    const client = form.get('client_id') ?? ''
    if (!clients.has(client) && !client.startsWith('https:') && client !== 'by-hand') {
      return [401, { error: 'invalid_client' }]
    }
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const of = codes.get(form.get('code') ?? '')
        codes.delete(form.get('code') ?? '')
        return of?.client === client
          ? [200, issue(client, of.scope, { alive: true })]
          : [400, { error: 'invalid_grant' }]
      }
      case 'refresh_token': {
        const of = refresh.get(form.get('refresh_token') ?? '')
        if (of === undefined || of.client !== client || !of.family.alive) return [400, { error: 'invalid_grant' }]
        // Whoever presents one a second time ends all that came of that login.
        if (of.spent) of.family.alive = false
        if (of.spent) return [400, { error: 'invalid_grant' }]
        of.spent = true
        return [200, issue(client, of.scope, of.family)]
      }
      case 'urn:ietf:params:oauth:grant-type:device_code':
        return [200, issue(client, '', { alive: true })]
      case 'client_credentials':
        return [200, { access_token: `access-${++serial}`, token_type: 'bearer' }]
      default:
        return [400, { error: 'unsupported_grant_type' }]
    }
  }

  const challenge = (error: string, scope: string): Record<string, string> => ({
    'www-authenticate': `Bearer ${error === '' ? '' : `error="${error}", `}${scope === '' ? '' : `scope="${scope}", `}resource_metadata="${origin}/prm"`,
  })

  const mcp = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body: unknown = JSON.parse(await bodyOf(request))
    const method = typeof body === 'object' && body !== null && 'method' in body ? String(body.method) : ''
    const [scheme, given = ''] = request.headers.authorization?.split(' ') ?? []
    const isProved = !dpop || (scheme === 'DPoP' && request.headers['dpop'] !== undefined)
    const text = isProved ? given : ''
    log.push(`${method}${text === '' ? '' : ' with a token'}`)
    const of = access.get(text)
    if (!open.includes(method) && (of?.family.alive !== true || refuses)) {
      return json(response, 401, {}, challenge(text === '' ? '' : 'invalid_token', scopes?.first ?? ''))
    }
    const needed = method === 'tools/call' ? (scopes?.tool ?? '') : ''
    if (!needed.split(' ').every((each) => each === '' || of?.scope.split(' ').includes(each))) {
      return json(response, 403, {}, challenge('insufficient_scope', needed))
    }
    if (method === 'notifications/initialized') return void response.writeHead(202).end()
    const result = RESULTS[method] ?? {}
    const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : null
    json(response, 200, { jsonrpc: '2.0', id, result })
  }

  // Beside busy cores a connection may be idle for longer than Node's 5 s, and would end while it is used again.
  const server = createServer({ keepAliveTimeout: 600_000 }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://world')
    const route = `${request.method} ${pathname}`
    if (route === 'POST /mcp') return mcp(request, response)
    if (route !== 'POST /token') log.push(route)
    switch (route) {
      case 'GET /prm':
        if (legacy) return void response.writeHead(404).end()
        return json(response, 200, { resource: resource ?? `${origin}/mcp`, authorization_servers: issuers })
      case 'GET /.well-known/oauth-authorization-server':
        return json(response, 200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          device_authorization_endpoint: `${origin}/device`,
          revocation_endpoint: `${origin}/revoke`,
          token_endpoint_auth_methods_supported: ['none'],
          ...(pushed && {
            pushed_authorization_request_endpoint: `${origin}/par`,
            require_pushed_authorization_requests: true,
          }),
          ...metadata,
        })
      case 'POST /register': {
        registrations.push(JSON.parse(await bodyOf(request)))
        clients.add(`client-${registrations.length}`)
        return json(response, 201, { client_id: `client-${registrations.length}`, token_endpoint_auth_method: 'none' })
      }
      case 'POST /par': {
        const uri = `urn:ietf:params:oauth:request_uri:${requests.size}`
        requests.set(uri, new URLSearchParams(await bodyOf(request)))
        return json(response, 201, { request_uri: uri, expires_in: 60 })
      }
      case 'GET /authorize': {
        const query = pushed ? requests.get(searchParams.get('request_uri')) : searchParams
        if (query === undefined) return void response.writeHead(400).end()
        asked.push(query)
        const code = `code-${asked.length}`
        codes.set(code, {
          client: query.get('client_id') ?? '',
          scope: grantable(query.get('scope') ?? ''),
        })
        const back = new URL(query.get('redirect_uri') ?? '')
        back.search = new URLSearchParams({ code, state: query.get('state') ?? '', ...callback }).toString()
        return void response.writeHead(302, { location: back.href }).end()
      }
      case 'POST /device':
        return json(response, 200, {
          device_code: 'device',
          user_code: 'ABCD',
          verification_uri: `${origin}/verify`,
          expires_in: 60,
          interval: 1,
        })
      case 'POST /revoke':
        return void response.writeHead(200).end()
      case 'POST /token': {
        const form = new URLSearchParams(await bodyOf(request))
        forms.push(form)
        log.push(`${route} ${form.get('grant_type')}`)
        if (dpop && request.headers['dpop'] === undefined) return json(response, 400, { error: 'invalid_dpop_proof' })
        return json(response, ...token(form))
      }
      default:
        return void response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const origin = `http://127.0.0.1:${address.port}`
  issuers = [origin]

  return {
    origin,
    url: `${origin}/mcp`,
    log,
    forms,
    asked,
    registrations,
    count: (what) => log.filter((each) => each === what).length,
    moveTo: (...others) => {
      issuers = others
    },
    expire: () => access.clear(),
    refuse: () => {
      refuses = true
    },
    restart: () => clients.clear(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** A person who agrees at once. */
export const agrees = (url: string): void => void fetch(url).catch(() => undefined)
