/**
 * HTTP over an undici dispatcher.
 *
 * @packageDocumentation
 */
import { type Clock, Secret } from '@tessera/core'
import type { Http, HttpFailure, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Dispatcher } from 'undici'
import { codeOf } from './internal/code.js'
import { after } from './internal/timer.js'
import { systemClock } from './systemClock.js'

type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** The parameters of {@link undiciHttp}. */
export interface UndiciHttpOptions {
  /**
   * It says `onRequestStart` before it writes a request, as undici's own do: that is what `NotSent` rests on. Give none that
   * tries again, undici's `RetryAgent` say: a token request may be honoured twice.
   */
  readonly dispatcher: Dispatcher
  /** The `user-agent` of each request. */
  readonly userAgent: string
  /** By which the deadlines of the requests were computed. Default: the system's. */
  readonly clock?: Clock
}

/** Where a request goes, as undici wants to know it. */
interface Target {
  readonly origin: string
  readonly path: string
}

/** Reads URLs. Requests mostly go where the last one went. */
const targets = (): ((url: string) => Target) => {
  let last: (Target & { readonly url: string }) | undefined
  return (url) => {
    if (last?.url === url) return last
    const { origin, pathname, search } = new URL(url)
    last = { url, origin, path: pathname + search }
    return last
  }
}

const headersOf = (request: HttpRequest, userAgent: string): string[] => {
  const headers = ['accept-encoding', 'identity', 'user-agent', userAgent]
  for (const [name, value] of request.headers) {
    if (name !== 'accept-encoding') headers.push(name, typeof value === 'string' ? value : Secret.open(value))
  }
  return headers
}

const headerOf = (headers: Headers, name: string): O.Option<string> => {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return value === undefined ? O.none : O.some(typeof value === 'string' ? value : value.join(', '))
}

/**
 * Sends by `dispatch`, undici's lowest level: it says when a request is about to be written, which no other level does.
 *
 * - No redirect is followed. Nothing is decompressed: `accept-encoding: identity` is sent, and what a server compresses
 *   anyway is handed over as it came, within `maxBytes`.
 * - A request is written once. A second write is detected and refused where the dispatcher reports it: by a second
 *   `onRequestStart`, or a second answer. What a dispatcher retries in silence goes unnoticed; give no retrying dispatcher.
 * - `NotSent` until undici starts to write: no address, no connection, no TLS, no tunnel; the deadline or the signal came
 *   first. `Lost` from there on. A failure tells a code, never a message or a header.
 * - The deadline is one timer from the call to the last byte. It keeps the process alive while a request is under way.
 *
 * @example
 * import { undiciHttp } from '@tessera/node'
 * import { Agent } from 'undici'
 *
 * const http = undiciHttp({ dispatcher: new Agent({ connections: 8 }), userAgent: 'invoices/1.0' })
 * assert.strictEqual(typeof http.send, 'function')
 */
export const undiciHttp = ({ dispatcher, userAgent, clock = systemClock }: UndiciHttpOptions): Http => {
  const target = targets()
  return {
    send: (request) => () =>
      new Promise((resolve) => {
        exchange({ dispatcher, userAgent, clock, target }, request, resolve)
      }),
  }
}

interface Exchange extends Required<UndiciHttpOptions> {
  readonly target: (url: string) => Target
}

const exchange = (
  { dispatcher, userAgent, clock, target }: Exchange,
  request: HttpRequest,
  resolve: (result: E.Either<HttpFailure, HttpResponse>) => void,
): void => {
  const { deadline, signal, maxBytes } = request
  let settled = false
  let controller: Dispatcher.DispatchController | undefined
  let status = 0
  let headers: Headers = {}
  let size = 0
  const chunks: Buffer[] = []

  const settle = (result: E.Either<HttpFailure, HttpResponse>) => {
    if (settled) return
    settled = true
    cancel()
    signal.removeEventListener('abort', onAbort)
    resolve(result)
  }
  const fail = (cause: HttpFailure['cause'], reason: string) => {
    settle(E.left({ _tag: controller === undefined ? 'NotSent' : 'Lost', cause, reason }))
  }
  const stop = (cause: HttpFailure['cause'], reason: string) => {
    fail(cause, reason)
    controller?.abort(new Error(reason))
  }
  const onDeadline = () => stop('deadline', 'the deadline has passed')
  const onAbort = () => stop('abort', 'aborted')

  const cancel = after(Math.max(0, deadline - clock.now()), onDeadline)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  else if (deadline <= clock.now()) onDeadline()
  if (settled) return

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (started) => {
      // A timer may be late, and a dispatcher may try again.
      if (!settled && deadline <= clock.now()) onDeadline()
      if (!settled && controller !== undefined) fail('connection', 'a second try was refused')
      // What waited for a connection longer than it might: undici drops what throws here, while an abort would end the connection.
      if (settled && controller === undefined) throw new Error('settled')
      controller = started
      if (settled) started.abort(new Error('settled'))
    },
    onResponseStart: (_, statusCode, received) => {
      if (status >= 200) return stop('connection', 'a second answer was refused')
      // Of a 1xx, which is no answer, nothing stays: the answer comes after it.
      status = statusCode
      headers = received
      if (Number(O.toUndefined(headerOf(headers, 'content-length'))) > maxBytes) tooLarge()
    },
    onResponseData: (_, chunk) => {
      size += chunk.length
      if (size > maxBytes) tooLarge()
      else chunks.push(chunk)
    },
    onResponseEnd: () => {
      const answered = headers
      settle(
        E.right({
          status,
          header: (name) => headerOf(answered, name),
          body: Secret.make('Body', (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString() ?? ''),
        }),
      )
    },
    onResponseError: (_, error) => {
      const code = codeOf(error)
      fail(code === 'UND_ERR_HEADERS_OVERFLOW' ? 'size' : 'connection', code)
    },
  }
  const tooLarge = () => stop('size', `the answer has more than ${maxBytes} bytes`)

  try {
    const { origin, path } = target(request.url)
    dispatcher.dispatch(
      {
        origin,
        path,
        method: request.method,
        headers: headersOf(request, userAgent),
        body: O.isSome(request.body) ? Secret.open(request.body.value) : null,
        idempotent: false,
        // The deadline bounds both.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      handler,
    )
  } catch (error) {
    fail('connection', codeOf(error))
  }
}
