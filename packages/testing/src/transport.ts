/**
 * HTTP without a network: requests and answers as `@tessera/oauth2` has them, by shape.
 *
 * @packageDocumentation
 */
import { type Instant, Secret } from '@tessera/core'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A request, as a transport is given it. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  /** Names in lower case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string | Secret]>
  readonly body: O.Option<Secret<'Body'>>
  readonly deadline: Instant
  readonly signal: AbortSignal
  readonly maxBytes: number
}

/** A complete answer. */
export interface TransportResponse {
  readonly status: number
  /** A header's value by its name in lower case. */
  readonly header: (name: string) => O.Option<string>
  readonly body: Secret<'Body'>
}

/** Why there is no answer. `NotSent`: the server has not got the request. `Lost`: it may have. */
export interface TransportFailure {
  readonly _tag: 'NotSent' | 'Lost'
  readonly cause: 'connection' | 'deadline' | 'abort' | 'size'
  readonly reason: string
}

/** The HTTP capability. */
export interface Transport {
  readonly send: (request: TransportRequest) => TE.TaskEither<TransportFailure, TransportResponse>
}

/** What one request is answered: at once, or by a task that the request decides on. */
export type Exchange =
  | E.Either<TransportFailure, TransportResponse>
  | ((request: TransportRequest) => TE.TaskEither<TransportFailure, TransportResponse>)

/** The HTTP capability, and the requests that were sent. */
export interface ScriptedHttp extends Transport {
  readonly requests: IO<ReadonlyArray<TransportRequest>>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** An answer: a text as it is, anything else as JSON. */
export const responding = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): TransportResponse => ({
  status,
  header: (name) => O.fromNullable(headers[name]),
  body: Secret.make('Body', typeof body === 'string' ? body : JSON.stringify(body)),
})

/** No connection: nothing was sent. */
export const notConnected: TransportFailure = { _tag: 'NotSent', cause: 'connection', reason: 'ECONNREFUSED' }

/** The connection was reset after the request was sent. */
export const connectionReset: TransportFailure = { _tag: 'Lost', cause: 'connection', reason: 'ECONNRESET' }

/**
 * Answers one request after the other. Beyond the last, there is no connection.
 *
 * @example
 * import { instant, Secret } from '@tessera/core'
 * import { formOf, responding, scriptedHttp } from '@tessera/testing'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const http = scriptedHttp([E.right(responding(200, { access_token: 'a', token_type: 'bearer' }))])
 * const body = O.some(Secret.make('Body', 'grant_type=client_credentials'))
 * const limits = { deadline: instant(0), signal: new AbortController().signal, maxBytes: 65_536 }
 * void http.send({ method: 'POST', url: 'https://server.example/token', headers: [], body, ...limits })()
 * assert.deepStrictEqual(http.requests().map(formOf), [new Map([['grant_type', 'client_credentials']])])
 */
export const scriptedHttp = (exchanges: Iterable<Exchange>): ScriptedHttp => {
  const script = exchanges[Symbol.iterator]()
  const requests: Array<TransportRequest> = []
  return {
    send: (request) => () => {
      requests.push(request)
      const { done, value } = script.next()
      const task: TE.TaskEither<TransportFailure, TransportResponse> =
        done === true ? TE.left(notConnected) : typeof value === 'function' ? value(request) : TE.fromEither(value)
      return task()
    },
    requests: () => [...requests],
  }
}

// -----------------------------------------------------------------------------
// destructors
// -----------------------------------------------------------------------------

/** The parameters of a request's form, opened. */
export const formOf = ({ body }: TransportRequest): ReadonlyMap<string, string> =>
  new Map(
    pipe(
      body,
      O.match(
        () => [],
        (form) => Array.from(new URLSearchParams(Secret.open(form))),
      ),
    ),
  )
