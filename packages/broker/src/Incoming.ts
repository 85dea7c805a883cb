/**
 * A request of HTTP and its answer, apart from sockets.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import type { Refusal } from './Refusal.js'

/** A request that was read to its end. */
export interface Incoming {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
  /** Aborts when the program that asked has gone. */
  readonly signal: AbortSignal
}

/** What is answered: a text, or a stream of events. */
export type Answer =
  | {
      readonly _tag: 'Text'
      readonly status: number
      readonly type: string
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | {
      /** Server-sent events. */
      readonly _tag: 'Stream'
      /** Begins to write, until the function that it answers is called. */
      readonly open: (write: (text: string) => void) => IO<void>
    }

/** One value of a header. */
export const header = ({ headers }: Pick<Incoming, 'headers'>, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

/** Whether it is a request of Google's libraries, and none that a proxy or a page has made. */
export const isMetadataRequest = (request: Pick<Incoming, 'headers'>): boolean =>
  header(request, 'metadata-flavor') === 'Google' && header(request, 'x-forwarded-for') === undefined

export const text = (
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({ _tag: 'Text', status, type, body, headers })

export const json = (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  text(status, 'application/json', `${JSON.stringify(value)}\n`, headers)

/** The JSON of a body; nothing where it is none. */
export const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** A refusal as JSON, after the errors of RFC 6749 §5.2. */
export const refused = ({ status, error, description, next, reason, retryAfter }: Refusal): Answer =>
  json(
    {
      error,
      error_description: description,
      ...(next !== undefined && { next }),
      ...(reason !== undefined && { reason }),
    },
    status,
    retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfter / 1_000)) },
  )
