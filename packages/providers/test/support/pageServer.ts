/** A server that behaves as a provider's page says, over real HTTP. What breaks the page's rules is noted. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { NodeEnv } from '@tessera/node'
import type { Answer, Page } from './Page.js'

interface Grant {
  readonly person: string
  readonly scopes: ReadonlyArray<string>
  readonly access: Set<string>
  readonly refresh: Set<string>
  readonly offline: boolean
}

export interface PageServer {
  /** Below it are the page's hosts and paths. */
  readonly url: string
  /** The same environment, with every https address led to this server. */
  readonly redirected: (env: NodeEnv) => NodeEnv
  /** What a browser does with the address of a login: it answers where the provider sends it back. */
  readonly visit: (url: string) => Promise<string>
  /** Every request that no page allows, in words. */
  readonly complaints: ReadonlyArray<string>
  readonly count: (what: 'code' | 'refresh' | 'client' | 'device' | 'revocation' | 'person') => number
  /** Ends what a person has granted, at the provider alone. */
  readonly end: () => void
  /** Whether a token is alive there. */
  readonly isAlive: (token: string) => boolean
  /** Answers the next refresh as the page says of one that is busy. */
  readonly beBusy: () => void
  readonly close: () => Promise<void>
}

export const CLIENT = { id: 'app-1', secret: 'p+q/r=s' }
const FORM = 'application/x-www-form-urlencoded'

const sha256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

const decoded = (text: string): string => new URLSearchParams(`v=${text}`).get('v') ?? ''

const basicOf = ({ headers }: IncomingMessage): readonly [string, string] | undefined => {
  const [, encoded] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
  return [id, rest.join(':')]
}

const bearerOf = ({ headers }: IncomingMessage): string => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''

const formOf = (body: string, type: string): ReadonlyMap<string, string> => {
  const entries: ReadonlyArray<readonly [string, unknown]> = type.startsWith('application/json')
    ? Object.entries(JSON.parse(body))
    : [...new URLSearchParams(body)]
  return new Map(entries.map(([name, value]) => [name, String(value)]))
}

export const startPage = async (page: Page): Promise<PageServer> => {
  const complaints: Array<string> = []
  const counts = new Map<string, number>()
  const codes = new Map<string, Grant & { readonly challenge: string | null; readonly redirectUri: string | null }>()
  const devices = new Map<string, number>()
  const grants = new Set<Grant>()
  let drawn = 0
  let busy = false

  const draw = (kind: string): string => `${kind}-${++drawn}-of-${page.preset}`
  const counted = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const demand = (holds: boolean, what: string): void => {
    if (!holds) complaints.push(what)
  }
  const grantOf = (token: string): Grant | undefined =>
    [...grants].find(({ access, refresh }) => access.has(token) || refresh.has(token))

  /** The client as the page has it. */
  const checkClient = (request: IncomingMessage, form: ReadonlyMap<string, string>, by: 'basic' | 'post'): void => {
    const basic = basicOf(request)
    if (by === 'post') {
      demand(
        form.get('client_id') === CLIENT.id && form.get('client_secret') === CLIENT.secret,
        'no client in the body',
      )
      demand(basic === undefined, 'the client is in the header, too')
      return
    }
    demand(!form.has('client_secret'), 'the secret is in the body')
    const [id = '', secret = ''] = basic ?? []
    const readings = page.decodes === undefined ? [secret, decoded(secret)] : [page.decodes ? decoded(secret) : secret]
    demand(id === CLIENT.id && readings.includes(CLIENT.secret), 'no client in the header')
  }

  const issue = (grant: Grant, refresh: string | undefined): Answer => {
    const access = draw('access')
    grant.access.add(access)
    const { answered } = page
    const scope =
      answered === 'none' ? undefined : answered.as === 'list' ? grant.scopes : grant.scopes.join(answered.as)
    return [
      200,
      {
        access_token: access,
        ...(page.type !== undefined && { token_type: page.type }),
        ...(page.expiresIn !== undefined && { expires_in: page.expiresIn }),
        ...(refresh !== undefined && { refresh_token: refresh }),
        ...(answered !== 'none' && { [answered.member]: scope }),
        ...page.more,
      },
    ]
  }

  const begun = (grant: Grant): Answer => {
    grants.add(grant)
    if (!grant.offline) return issue(grant, undefined)
    const refresh = draw('refresh')
    grant.refresh.add(refresh)
    return issue(grant, refresh)
  }

  const renewed = (form: ReadonlyMap<string, string>): Answer => {
    counted('refresh')
    const used = form.get('refresh_token') ?? ''
    const grant = grantOf(used)
    demand(!form.has('scope'), 'a refresh names scopes')
    if (busy && page.busy !== undefined) {
      busy = false
      return page.busy
    }
    if (grant === undefined || !grant.refresh.has(used)) return page.dead ?? [400, { message: 'refused' }]
    if (page.endsOldAccess === true) grant.access.clear()
    if (page.rotation === 'none') return issue(grant, undefined)
    if (page.rotation === 'single use') grant.refresh.delete(used)
    const refresh = draw('refresh')
    grant.refresh.add(refresh)
    return issue(grant, refresh)
  }

  const exchanged = (form: ReadonlyMap<string, string>): Answer => {
    counted('code')
    const code = codes.get(form.get('code') ?? '')
    if (code === undefined) return [400, { error: 'invalid_grant' }]
    codes.delete(form.get('code') ?? '')
    const verifier = form.get('code_verifier')
    demand(
      code.challenge === null ? verifier === undefined : verifier !== undefined && sha256(verifier) === code.challenge,
      'the verifier is not the one of the challenge',
    )
    demand(form.get('redirect_uri') === code.redirectUri, 'another redirect_uri than before')
    return begun(code)
  }

  const scopesIn = (text: string | null | undefined): ReadonlyArray<string> =>
    (text ?? '').split(page.scopes ?? ' ').filter((scope) => scope !== '')

  const polled = (form: ReadonlyMap<string, string>): Answer => {
    counted('device')
    const code = form.get('device_code') ?? ''
    const polls = devices.get(code)
    if (polls === undefined || page.device === undefined) return [400, { error: 'invalid_grant' }]
    devices.set(code, polls + 1)
    if (polls === 0) return page.device.pending
    return begun({ person: 'ann', scopes: ['a', 'b'], access: new Set(), refresh: new Set(), offline: true })
  }

  const token = (request: IncomingMessage, body: string, at: string): Answer => {
    const type = request.headers['content-type'] ?? ''
    demand(type.startsWith(page.json === true ? 'application/json' : FORM), `the request is of ${type}`)
    demand(request.method === 'POST', 'the token request is no POST')
    const form = formOf(body, type)
    checkClient(request, form, page.client)
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return exchanged(form)
      case 'refresh_token':
        demand(at === (page.refresh ?? page.token), 'a refresh at the wrong endpoint')
        return renewed(form)
      case 'client_credentials':
        counted('client')
        demand(page.machines === true, 'no client credentials here')
        return begun({
          person: 'the client',
          scopes: scopesIn(form.get('scope')),
          access: new Set(),
          refresh: new Set(),
          offline: false,
        })
      case 'urn:ietf:params:oauth:grant-type:device_code':
        return polled(form)
      default:
        return [400, { error: 'unsupported_grant_type' }]
    }
  }

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const { required = {}, offline = {} } = page
    for (const [name, value] of Object.entries(required)) demand(query.get(name) === value, `no ${name} in the request`)
    demand(query.get('response_type') === 'code' && query.get('client_id') === CLIENT.id, 'no request for a code')
    const challenge = query.get('code_challenge')
    demand(challenge !== null || page.pkce !== 'required', 'no code_challenge')
    demand(challenge === null || page.pkce !== 'refused', 'a code_challenge: pkce_not_allowed')
    demand(challenge === null || query.get('code_challenge_method') === 'S256', 'no S256')
    const scopes = scopesIn(query.get('scope'))
    const isOffline =
      (offline.scope === undefined || scopes.includes(offline.scope)) &&
      Object.entries(offline.parameters ?? {}).every(([name, value]) => query.get(name) === value)
    const code = draw('code')
    const redirectUri = query.get('redirect_uri')
    codes.set(code, {
      person: 'ann',
      scopes,
      access: new Set(),
      refresh: new Set(),
      offline: isOffline,
      challenge,
      redirectUri,
    })
    const back = new URL(redirectUri ?? 'http://127.0.0.1:1/')
    back.searchParams.set('code', code)
    back.searchParams.set('state', query.get('state') ?? '')
    if (page.iss !== undefined) back.searchParams.set('iss', page.iss)
    response.writeHead(302, { location: back.href }).end()
  }

  const revoked = (request: IncomingMessage, body: string): Answer => {
    counted('revocation')
    const { revocation } = page
    if (revocation === undefined) return [404, {}]
    demand(request.method === revocation.method, `the revocation is a ${request.method}`)
    const type = request.headers['content-type'] ?? ''
    const form = body === '' ? new Map<string, string>() : formOf(body, type)
    if (revocation.written !== 'bearer')
      demand(type.startsWith(revocation.written === 'json' ? 'application/json' : FORM), `the revocation is of ${type}`)
    else demand(body === '' && !/form/.test(type), 'the revocation has a body')
    if (revocation.client !== 'none') checkClient(request, form, revocation.client)
    else demand(basicOf(request) === undefined && !form.has('client_secret'), 'a secret where nobody asks for it')
    const { named, takes } = revocation
    const names = named === 'token' ? { access: 'token', refresh: 'token' } : named
    const sent =
      revocation.written === 'bearer'
        ? bearerOf(request)
        : (form.get(names.refresh ?? '') ?? form.get(names.access ?? '') ?? '')
    const grant = grantOf(sent)
    if (grant === undefined) return revocation.unknown ?? revocation.answer
    const kind = grant.refresh.has(sent) ? 'refresh' : 'access'
    if (!takes.includes(kind) || (named !== 'token' && revocation.written !== 'bearer' && !form.has(names[kind] ?? '')))
      return [400, { error: 'unsupported_token_type' }]
    if (revocation.ends === 'token') grant[kind].delete(sent)
    for (const each of grants) {
      if (revocation.ends === 'token' || (revocation.ends === 'pair' && each !== grant)) continue
      if (each.person !== grant.person) continue
      each.access.clear()
      each.refresh.clear()
    }
    return revocation.answer
  }

  const answerOf = (request: IncomingMessage, body: string, at: string): Answer => {
    switch (at) {
      case page.refresh:
      case page.token:
        return token(request, body, at)
      case page.device?.at: {
        const form = formOf(body, request.headers['content-type'] ?? '')
        demand(form.get('client_id') === CLIENT.id || basicOf(request)?.[0] === CLIENT.id, 'no client at the device')
        const code = draw('device')
        devices.set(code, 0)
        return [200, { device_code: code, user_code: 'WDJB-MJHT', ...page.device?.answer }]
      }
      case page.revocation?.at:
        return revoked(request, body)
      case page.person?.at: {
        counted('person')
        const grant = grantOf(bearerOf(request))
        return grant?.access.has(bearerOf(request)) === true
          ? [200, page.person?.body]
          : [401, { error: 'invalid_token' }]
      }
      default:
        complaints.push(`nothing is at ${at}`)
        return [404, { error: 'not_found' }]
    }
  }

  // Beside busy cores a connection may be idle for longer than Node's 5 s, and would end while it is used again.
  const server = createServer({ keepAliveTimeout: 600_000 }, async (request, response) => {
    const [path = '', query = ''] = (request.url ?? '').slice(1).split('?')
    if (path === page.authorize) return authorize(new URLSearchParams(query), response)
    demand(query === '', 'something is in a query')
    const body = await text(request)
    const [status, answer] = answerOf(request, body, path)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const led = (url: string): string => url.replace(/^https:\/\//, `${base}/`)

  return {
    url: base,
    redirected: (env) => ({
      ...env,
      http: { send: (request) => env.http.send({ ...request, url: led(request.url) }) },
    }),
    visit: async (url) => {
      const answer = await fetch(led(url), { redirect: 'manual' })
      return answer.headers.get('location') ?? ''
    },
    complaints,
    count: (what) => counts.get(what) ?? 0,
    end: () => grants.clear(),
    isAlive: (token) => grantOf(token) !== undefined,
    beBusy: () => {
      busy = true
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
