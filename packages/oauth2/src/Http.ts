/**
 * The HTTP capability: one request, one bounded answer. A transport never follows a redirect.
 *
 * @packageDocumentation
 */
import type { Instant, Secret } from '@tessera/core'
import type { Option } from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** A request to an authorization server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  /** Names in lower case. A value that must not be seen is a Secret. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string | Secret]>
  readonly body: Option<Secret<'Body'>>
  /** A total bound: nothing is sent after it, and the call settles by it. */
  readonly deadline: Instant
  readonly signal: AbortSignal
  /** The largest body that is read, after decompression, in bytes. */
  readonly maxBytes: number
}

/** A complete answer. */
export interface HttpResponse {
  readonly status: number
  /** A header's value by its name in lower case. */
  readonly header: (name: string) => Option<string>
  readonly body: Secret<'Body'>
}

/**
 * Why there is no answer. `NotSent`: it is proven that the server did not get the request. `Lost`: it may have.
 */
export interface HttpFailure {
  readonly _tag: 'NotSent' | 'Lost'
  readonly cause: 'connection' | 'deadline' | 'abort' | 'size'
  /** For people, without secrets: an error code such as `ECONNREFUSED`. */
  readonly reason: string
}

/** Sends requests. */
export interface Http {
  readonly send: (request: HttpRequest) => TaskEither<HttpFailure, HttpResponse>
}

/** The slice of an environment that has HTTP. */
export interface HttpEnv {
  readonly http: Http
}
