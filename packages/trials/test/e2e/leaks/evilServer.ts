/** A server that answers with what it was sent, in every place where an answer has room. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listening } from '../../../src/servers/httpServer.js'
import { type Canary, FORMS } from './canary.js'

/** Parameters that are no secrets. */
const PUBLIC: ReadonlySet<string> = new Set([
  'grant_type',
  'client_id',
  'client_assertion_type',
  'subject_token_type',
  'token_type_hint',
  'actor_token_type',
  'requested_token_type',
  'scope',
  'resource',
  'redirect_uri',
  'box_subject_type',
  'box_subject_id',
  'box_device_id',
])

type Answer = (response: ServerResponse, echo: string) => void

const json =
  (status: number, body: (echo: string) => unknown): Answer =>
  (response, echo) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body(echo)))
  }
const text =
  (status: number, body: (echo: string) => string): Answer =>
  (response, echo) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(body(echo))
  }
const header = (echo: string): string => echo.replace(/[^\x20-\x7e]/g, '?')

/** Where the echo stands. */
export const PLACES: Readonly<Record<string, Answer>> = {
  error_description: json(400, (echo) => ({ error: 'invalid_grant', error_description: echo })),
  error: json(400, (echo) => ({ error: echo })),
  "Box's error": json(401, (echo) => ({ code: echo, message: echo, request_id: echo, help_url: echo })),
  'error of a 503': json(503, (echo) => ({ error: 'unavailable', error_description: `${'x'.repeat(480)}${echo}` })),
  'HTML page of a 500': text(500, (echo) => `<html><title>${echo}</title>${echo}</html>`),
  'HTML page of a 200': text(200, (echo) => `<html><title>${echo}</title>${echo}</html>`),
  'a body that is nothing else': text(200, (echo) => echo),
  'broken JSON': text(200, (echo) => `{"access_token": "ok", "token_type": ${echo}`),
  'JSON of a wrong type': json(200, (echo) => ({ access_token: [echo], token_type: { [echo]: echo } })),
  'a token type': json(200, (echo) => ({ access_token: 'ok', token_type: echo })),
  'an expiry': json(200, (echo) => ({ access_token: 'ok', token_type: 'bearer', expires_in: echo })),
  'an issued token type': json(200, (echo) => ({
    access_token: 'ok',
    token_type: 'bearer',
    // With a space, so that it is no good: a good one is the server's own word, and public.
    issued_token_type: `${echo} `,
    user_code: `\u0000${echo}`,
  })),
  headers: (response, echo) => {
    const value = header(echo)
    response
      .writeHead(401, {
        'www-authenticate': value,
        'box-request-id': value,
        'x-request-id': value,
        'retry-after': value,
        date: value,
      })
      .end()
  },
  'a redirect': (response, echo) => {
    response.writeHead(307, { location: `http://127.0.0.1:1/?${header(echo)}` }).end()
  },
  'half a body, then a reset': (response, echo) => {
    response.writeHead(200, { 'content-length': 10_000 }).write(echo, () => response.socket?.resetAndDestroy())
  },
  'no HTTP at all': (response, echo) => {
    response.socket?.end(`${echo}\r\n\r\n`)
  },
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

export interface EvilServer {
  readonly at: (place: string, form: string) => string
  /** Every secret that was received so far: what was sent is what must not be seen. */
  readonly received: () => ReadonlyArray<Canary>
  readonly requests: () => number
  readonly close: () => Promise<void>
}

const secretsOf = (request: IncomingMessage, body: string): ReadonlyArray<Canary> => {
  const { authorization = '' } = request.headers
  const [, basic = ''] = /^Basic (.*)$/.exec(authorization) ?? []
  const [, password = ''] = /:(.*)$/.exec(Buffer.from(basic, 'base64').toString()) ?? []
  const [, bearer = ''] = /^Bearer (.*)$/.exec(authorization) ?? []
  const parameters = [...new URLSearchParams(body)].filter(([name]) => !PUBLIC.has(name))
  return [
    ...parameters,
    ['basic credentials', basic],
    ['client_secret', decodeURIComponent(password.replaceAll('+', '%20'))],
    ['access token', bearer],
  ]
    .filter(([, value]) => value !== '')
    .map(([name = '', value = '']) => ({ name: `received ${name}`, value }))
}

/** An assertion's header and claims are known to everybody; the signature is not. */
const unguessable = ({ name, value }: Canary): Canary => ({
  name,
  value: /^eyJ[\w-]*\.[\w-]*\.[\w-]+$/.test(value) ? value.slice(value.lastIndexOf('.') + 1).slice(0, 48) : value,
})

export const startEvilServer = async (): Promise<EvilServer> => {
  const received = new Map<string, Canary>()
  let requests = 0
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests++
    const body = await readBody(request)
    const [, place = '', form = ''] = decodeURIComponent(request.url ?? '').split('/')
    const secrets = secretsOf(request, body)
    for (const secret of secrets) received.set(`${secret.name} ${secret.value}`, unguessable(secret))
    // Bare and first, so that a parser that quotes what it stumbles over quotes a secret.
    const echo = secrets.map(({ value }) => (FORMS[form] ?? String)(value)).join(', ')
    const answer = PLACES[place]
    if (answer === undefined) response.writeHead(404).end()
    else answer(response, echo)
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  const { url, close } = await listening(server)
  return {
    at: (place, form) => `${url}/${encodeURIComponent(place)}/${encodeURIComponent(form)}`,
    received: () => [...received.values()],
    requests: () => requests,
    close,
  }
}
