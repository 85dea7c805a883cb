/**
 * The least that the work can cost: a request written beforehand on a socket that stays open, and `JSON.parse`.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawClient {
  /** Sends the request, one at a time, and parses the body of the answer. */
  readonly post: () => Promise<unknown>
  readonly close: () => void
}

const HEAD_END = '\r\n\r\n'

/** The body of a complete answer; undefined where some of it is missing. */
const bodyOf = (text: string): string | undefined => {
  const headEnd = text.indexOf(HEAD_END)
  if (headEnd < 0) return undefined
  const length = /content-length: (\d+)/.exec(text)?.[1]
  const start = headEnd + HEAD_END.length
  return text.length < start + Number(length) ? undefined : text.slice(start)
}

/** A client that posts one form to one URL over one connection. */
export const rawClient = async (url: string, form: string): Promise<RawClient> => {
  const { hostname, port, pathname, host } = new URL(url)
  const request = Buffer.from(
    `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/x-www-form-urlencoded\r\n` +
      `accept: application/json\r\ncontent-length: ${form.length}\r\n\r\n${form}`,
    'latin1',
  )
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  socket.setEncoding('latin1')
  let text = ''
  let settle: { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void } | undefined
  socket.on('data', (chunk) => {
    text += String(chunk)
    const body = bodyOf(text)
    if (body === undefined) return
    text = ''
    settle?.resolve(JSON.parse(body))
  })
  socket.on('error', (error) => settle?.reject(error))
  socket.on('close', () => settle?.reject(new Error('the server closed the connection')))
  return {
    post: () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        // One that the server has closed says so here.
        socket.write(request, (error) => {
          if (error) reject(error)
        })
      }),
    close: () => socket.destroy(),
  }
}

export const CLIENT_CREDENTIALS = 'grant_type=client_credentials&client_id=app&client_secret=s3cret'

export const refreshing = (token: string): string =>
  `grant_type=refresh_token&refresh_token=${token}&client_id=app&client_secret=s3cret`
