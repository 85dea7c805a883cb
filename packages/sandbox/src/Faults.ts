/**
 * Faults on demand: what goes wrong, where, and how often.
 */
import type { Endpoint } from './Journal.js'

/**
 * What goes wrong with one request. *Processed* means that the server has done its work (a refresh token is rotated, a
 * token revoked) although the client does not learn of it.
 */
export type FaultKind =
  /** The request waits `ms` milliseconds of real time before it is processed. */
  | { readonly kind: 'latency'; readonly ms: number }
  /**
   * Another answer than the real one: a 429, a 5xx, an empty 409, a redirect. Not processed unless `processed` says so.
   * `retryAfter`: a number is seconds, a `Date` is sent as an HTTP date, a text as it is. Without `body`, a 409 is empty
   * and everything else has Box's error shape. `headers` (in lower case) go over the usual ones, a wrong `date` for example.
   */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfter?: number | Date | string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Uint8Array
      readonly processed?: boolean
    }
  /** A page of HTML instead of the answer, as a proxy or captive portal would send; status 200 unless given. Not processed unless said. */
  | { readonly kind: 'html'; readonly status?: number; readonly processed?: boolean }
  /** The connection is reset, nothing was processed. */
  | { readonly kind: 'reset-before' }
  /** Processed, then the connection is reset: the answer is lost. */
  | { readonly kind: 'reset-after' }
  /** Processed; headers and half of the body are sent, then the connection is reset. */
  | { readonly kind: 'reset-midway' }
  /** Processed; as `reset-midway`, but the connection is closed in an orderly way, short of `Content-Length`. */
  | { readonly kind: 'closed-midway' }
  /** Processed; half of the body, under a `Content-Length` that fits it: well-formed HTTP, broken JSON. */
  | { readonly kind: 'truncated' }
  /** Never answered, nothing was processed. The connection stays open until the client or `close()` ends it. */
  | { readonly kind: 'hang-before' }
  /** Processed, never answered. */
  | { readonly kind: 'hang-after' }
  /** Processed; the body comes one byte every `ms` milliseconds of real time. */
  | { readonly kind: 'drip'; readonly ms: number }

/** What befalls a request, and which one. */
export type Fault = FaultKind & {
  /** Where; any endpoint if left out. */
  readonly endpoint?: Endpoint
  /** Only for requests with this `grant_type`. */
  readonly grantType?: string
  /** How often; once if left out, `Infinity` for always. */
  readonly times?: number
}

/** Faults that wait for their requests. */
export interface Faults {
  /** Queues a fault. A request meets the first queued fault that fits it, and only that one. */
  readonly next: (fault: Fault) => void
  /** Forgets all queued faults. */
  readonly clear: () => void
  /** How many requests will yet meet a fault. */
  readonly pending: () => number
}

export interface FaultQueue extends Faults {
  readonly take: (endpoint: Endpoint, grantType: string | null) => Fault | null
}

export const makeFaults = (): FaultQueue => {
  const queue: Array<{ readonly fault: Fault; left: number }> = []
  return {
    next: (fault) => {
      queue.push({ fault, left: fault.times ?? 1 })
    },
    clear: () => {
      queue.length = 0
    },
    pending: () => queue.reduce((sum, { left }) => sum + left, 0),
    take: (endpoint, grantType) => {
      const found = queue.findIndex(
        ({ fault, left }) =>
          left > 0 &&
          (fault.endpoint ?? endpoint) === endpoint &&
          (fault.grantType === undefined || fault.grantType === grantType),
      )
      const entry = queue[found]
      if (entry === undefined) return null
      entry.left -= 1
      if (entry.left <= 0) queue.splice(found, 1)
      return entry.fault
    },
  }
}

/** Does the server do its work under this fault? */
export const isProcessed = (fault: FaultKind): boolean => {
  switch (fault.kind) {
    case 'status':
    case 'html':
      return fault.processed === true
    case 'reset-before':
    case 'hang-before':
      return false
    default:
      return true
  }
}
