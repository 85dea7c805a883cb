/**
 * A token server that costs as little as possible: HTTP/1.1 with keep-alive over plain sockets, so that what is measured is the
 * client. A process of its own; it tells its port to whoever forked it.
 *
 * `POST /SESSION/DELAY/LIFETIME/…` answers after DELAY ms with a token that lives LIFETIME s. In a session whose name begins with
 * `r` refresh tokens rotate: one that is not the newest is refused. `GET /SESSION/counts` tells how many requests it got.
 */
import { createServer, type Socket } from 'node:net'

interface Session {
  readonly rotates: boolean
  generation: number
  requests: number
  refused: number
}

interface Request {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly closes: boolean
}

const HEAD_END = '\r\n\r\n'

/** The first complete request of a text, and what is left of it. One character is one byte. */
const take = (text: string): { readonly request: Request; readonly rest: string } | undefined => {
  const headEnd = text.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd)
  const start = headEnd + HEAD_END.length
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const chunked = length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)
  const chunksEnd = chunked ? text.indexOf(`0${HEAD_END}`, start) : -1
  const end = chunked ? chunksEnd + 1 + HEAD_END.length : start + Number(length ?? 0)
  if (text.length < end || (chunked && chunksEnd < 0)) return undefined
  const [method = '', path = ''] = head.split(' ', 2)
  return {
    request: {
      method,
      path,
      // The bodies of chunked requests are short: one chunk.
      body: chunked ? text.slice(text.indexOf('\r\n', start) + 2, chunksEnd - 2) : text.slice(start, end),
      closes: /\r\nconnection: *close/i.test(head),
    },
    rest: text.slice(end),
  }
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
const grant = (session: Session, lifetime: number, body: string): readonly [status: string, body: string] => {
  session.requests++
  const redeemed = /(?:^|&)refresh_token=([^&]*)/.exec(body)?.[1]
  if (redeemed !== undefined && session.rotates && redeemed !== pad(session.generation)) {
    session.refused++
    return ['400 Bad Request', '{"error":"invalid_grant","error_description":"Refresh token has expired"}']
  }
  session.generation++
  const refreshToken = redeemed === undefined ? '' : `"refresh_token":"${pad(session.generation)}",`
  return [
    '200 OK',
    `{"access_token":"${pad(session.generation)}","token_type":"bearer","expires_in":${lifetime},${refreshToken}"restricted_to":[]}`,
  ]
}

const write = (socket: Socket, [status, body]: readonly [string, string], closes: boolean): void => {
  if (!socket.writable) return
  const text =
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n` +
    `connection: ${closes ? 'close' : 'keep-alive'}\r\n\r\n${body}`
  if (closes) socket.end(text, 'latin1')
  else socket.write(text, 'latin1')
}

const serve = (): void => {
  const sessionOf = sessions()
  const answer = (socket: Socket, { method, path, body, closes }: Request): void => {
    const [, name = '', delay = '', lifetime = ''] = path.split('/')
    const session = sessionOf(name)
    if (method === 'GET') {
      write(socket, ['200 OK', JSON.stringify(session)], closes)
      return
    }
    const answered = grant(session, Number(lifetime), body)
    if (delay === '0') write(socket, answered, closes)
    else setTimeout(() => write(socket, answered, closes), Number(delay))
  }
  const server = createServer({ noDelay: true }, (socket) => {
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      text += String(chunk)
      for (let taken = take(text); taken !== undefined; taken = take(text)) {
        text = taken.rest
        answer(socket, taken.request)
      }
    })
    socket.on('error', () => socket.destroy())
  })
  server.listen({ host: '127.0.0.1', port: 0, backlog: 16_384 }, () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
  // Whoever forked it is gone.
  process.on('disconnect', () => process.exit())
}

serve()
