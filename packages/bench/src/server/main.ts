/**
 * A token server that does nothing but answer, in a process of its own; it tells its port to whoever forked it.
 *
 * `POST /SESSION/DELAY/LIFETIME/…` answers after DELAY ms with a token that lives LIFETIME s. In a session whose name begins with
 * `r` refresh tokens rotate: one that is not the newest is refused. `GET /SESSION/counts` tells how many requests it got. With the
 * argument `awake` it does not sleep between two requests.
 */
import { createServer, type ServerResponse } from 'node:http'
import { AWAKE } from './TokenServer.js'

interface Session {
  readonly rotates: boolean
  generation: number
  requests: number
  refused: number
}

const sessions = (): ((name: string) => Session) => {
  const all = new Map<string, Session>()
  return (name) => {
    const there = all.get(name)
    if (there !== undefined) return there
    const made: Session = { rotates: name.startsWith('r'), generation: 0, requests: 0, refused: 0 }
    all.set(name, made)
    return made
  }
}

const pad = (generation: number): string => String(generation).padStart(43, 'x')

/** Status and body of the answer to a token request. */
const grant = (session: Session, lifetime: number, body: string): readonly [status: number, body: string] => {
  session.requests++
  const redeemed = /(?:^|&)refresh_token=([^&]*)/.exec(body)?.[1]
  if (redeemed !== undefined && session.rotates && redeemed !== pad(session.generation)) {
    session.refused++
    return [400, '{"error":"invalid_grant","error_description":"Refresh token has expired"}']
  }
  session.generation++
  const refreshToken = redeemed === undefined ? '' : `"refresh_token":"${pad(session.generation)}",`
  return [
    200,
    `{"access_token":"${pad(session.generation)}","token_type":"bearer","expires_in":${lifetime},${refreshToken}"restricted_to":[]}`,
  ]
}

const write = (response: ServerResponse, [status, body]: readonly [number, string]): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
}

const serve = (): void => {
  const sessionOf = sessions()
  // Connections are kept as long as clients like.
  const server = createServer({ keepAliveTimeout: 3_600_000, noDelay: true }, (request, response) => {
    const [, name = '', delay = '', lifetime = ''] = (request.url ?? '').split('/')
    const session = sessionOf(name)
    if (request.method === 'GET') {
      write(response, [200, JSON.stringify(session)])
      return
    }
    let body = ''
    request.setEncoding('latin1')
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => {
      const answer = grant(session, Number(lifetime), body)
      if (delay === '0') write(response, answer)
      else setTimeout(() => write(response, answer), Number(delay))
    })
  })
  server.listen({ host: '127.0.0.1', port: 0, backlog: 16_384 }, () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
  // Whoever forked it is gone.
  process.on('disconnect', () => process.exit())
}

const stayAwake = (): void => {
  setImmediate(stayAwake)
}

serve()
if (process.argv[2] === AWAKE) stayAwake()
