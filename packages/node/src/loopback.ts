/**
 * The listener that a login's callback comes to.
 *
 * @packageDocumentation
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { AuthError } from '@tessera/core'
import type { Callback } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { pages } from './internal/pages.js'

const PATH = '/callback'

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  connection: 'close',
}

/** A listener on this machine, which a browser is sent back to. */
export interface Loopback {
  /** `http://127.0.0.1:PORT/callback`. */
  readonly redirectUri: string
  /** Waits for the callback that `check` takes for this login's. Whatever else comes is answered and changes nothing. */
  readonly callback: (check: (url: string) => IOEither<AuthError, Callback>) => TaskEither<AuthError, Callback>
  /** Ends the listener and every connection. */
  readonly close: Task<void>
}

type Checked = E.Either<AuthError, Callback>

/** A callback that does not know the state is anybody's, and no reason to end the login. */
const isForeign = (checked: Checked): boolean =>
  E.isLeft(checked) && checked.left._tag === 'Malformed' && checked.left.path === 'state'

/**
 * Listens for the callback of one login (RFC 8252 §7.3): on the literal 127.0.0.1, on a free port where it is given 0, else on the one
 * that the application is registered with. It takes a GET of its own host and path alone, and shows nothing of what it is sent. It
 * keeps the process alive until it is closed; {@link browserLogin} closes it in any case.
 *
 * Errors: `Misconfigured` of the `port` where nobody can listen there.
 *
 * @example
 * import { loopback, run } from '@tessera/node'
 *
 * void run(loopback(0)).then(async ({ redirectUri, close }) => {
 *   assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
 *   await close()
 * })
 */
export const loopback =
  (port: number): TaskEither<AuthError, Loopback> =>
  () =>
    new Promise((resolve) => {
      let waiting:
        | { readonly check: (url: string) => IOEither<AuthError, Callback>; readonly end: (of: Checked) => void }
        | undefined
      let host = ''

      const answer = (response: ServerResponse, status: number, page: string): void => {
        response.writeHead(status, HEADERS)
        response.end(page)
      }

      /** The status for what cannot be the callback. A page that had its name resolve to 127.0.0.1 sends its own name. */
      const refusal = ({ method, url = '', headers }: IncomingMessage): number | undefined => {
        if (headers.host !== host) return 400
        if (url.split('?', 1)[0] !== PATH) return 404
        return method === 'GET' ? undefined : 405
      }

      const handle = (request: IncomingMessage, response: ServerResponse): void => {
        const refused = refusal(request)
        const checked = refused === undefined ? waiting?.check(request.url ?? '')() : undefined
        if (waiting === undefined || checked === undefined || isForeign(checked)) {
          answer(response, refused ?? 400, pages.foreign)
          return
        }
        const { end } = waiting
        waiting = undefined
        // A browser that has gone away does not stop the login.
        response.once('close', () => end(checked))
        answer(response, 200, E.isRight(checked) ? pages.received : pages.refused)
      }

      const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 10_000 }, handle)
      const refuse = (error: unknown): void => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
        resolve(E.left(AuthError.misconfigured('port', `127.0.0.1:${port} cannot be listened on (${code})`)))
      }
      const listened = (): void => {
        const address = server.address()
        const redirectUri = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}${PATH}`
        // As a browser says it, which leaves out the port that http has by itself (RFC 9110 §7.2).
        host = new URL(redirectUri).host
        resolve(
          E.right({
            redirectUri,
            callback: (check) => () =>
              new Promise((end) => {
                waiting = { check, end }
              }),
            close: () =>
              new Promise((closed) => {
                server.close(() => closed())
                server.closeAllConnections()
              }),
          }),
        )
      }
      server.once('error', refuse)
      try {
        server.listen(port, '127.0.0.1', listened)
      } catch (error) {
        refuse(error)
      }
    })
