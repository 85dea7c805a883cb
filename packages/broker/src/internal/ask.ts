/**
 * A request to a broker's socket.
 */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What is asked. */
export interface Question {
  readonly socket: string
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly body?: string
  readonly signal: AbortSignal
}

export interface Said {
  readonly status: number
  readonly body: string
  /** In s. */
  readonly retryAfter: number | undefined
}

/** Larger than any answer, in bytes. */
const LONGEST = 1_048_576

/** Asks along a connection of its own, so that none is kept that the broker may be about to close. Rejects with the system's error. */
export const ask = ({ socket, method, path, body, signal }: Question): Promise<Said> =>
  new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: socket,
        method,
        path,
        agent: false,
        signal,
        headers: {
          host: 'broker',
          'user-agent': `tessera/${process.pid}`,
          connection: 'close',
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > LONGEST) sent.destroy()
        })
        const wait = Number(response.headers['retry-after'])
        text(response).then(
          (said) =>
            resolve({
              status: response.statusCode ?? 0,
              body: said,
              retryAfter: Number.isFinite(wait) ? wait : undefined,
            }),
          reject,
        )
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
