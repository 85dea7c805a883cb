/**
 * How an answer goes out, and how a fault spoils it.
 */
import type { ServerResponse } from 'node:http'
import { type Answer, apiError, html } from './Answer.js'
import type { Fault } from './Faults.js'
import { messagePage } from './Pages.js'
import type { Timers } from './Timers.js'

const retryAfter = (value: number | Date | string): string =>
  value instanceof Date ? value.toUTCString() : String(value)

/** The answer that a fault puts in place of the real one; `null` if it leaves the answer alone. */
export const substitute = (fault: Fault, requestId: string): Answer | null => {
  if (fault.kind === 'html')
    return html(fault.status ?? 200, messagePage('Welcome to the network', 'Please accept the terms of use.'))
  if (fault.kind !== 'status') return null
  const usual =
    fault.status === 409
      ? { status: 409, headers: {}, body: '' }
      : apiError(
          fault.status,
          fault.status === 429 ? 'rate_limit_exceeded' : 'unavailable',
          'Fault on demand',
          requestId,
        )
  return {
    status: fault.status,
    headers: {
      ...usual.headers,
      ...(fault.retryAfter === undefined ? {} : { 'retry-after': retryAfter(fault.retryAfter) }),
      ...fault.headers,
    },
    body: fault.body ?? usual.body,
  }
}

const bytes = (body: string | Uint8Array): Buffer => (typeof body === 'string' ? Buffer.from(body) : Buffer.from(body))

/**
 * Sends an answer, with the headers of `stamp` unless it has its own, or as much of it as the fault leaves. The result is
 * the status that was sent, if any was.
 */
export const deliver = async (
  response: ServerResponse,
  answer: Answer,
  stamp: Readonly<Record<string, string>>,
  fault: Fault | null,
  timers: Timers,
): Promise<number | null> => {
  const whole = bytes(answer.body)
  const half = whole.subarray(0, Math.floor(whole.length / 2))
  const head = (length: number): void => {
    response.sendDate = false
    response.writeHead(answer.status, {
      ...stamp,
      ...answer.headers,
      // RFC 9110 §8.6: none goes with a 204
      ...(answer.status !== 204 && { 'content-length': length }),
    })
  }
  switch (fault?.kind) {
    case 'hang-after':
      return null
    case 'reset-after':
      response.socket?.resetAndDestroy()
      return null
    case 'reset-midway':
    case 'closed-midway':
      head(whole.length)
      await new Promise<void>((flushed) => response.write(half, () => flushed()))
      if (fault.kind === 'reset-midway') response.socket?.resetAndDestroy()
      else response.socket?.end()
      return answer.status
    case 'truncated':
      head(half.length)
      response.end(half)
      return answer.status
    case 'drip':
      head(whole.length)
      for (const byte of whole) {
        if (response.destroyed) return answer.status
        response.write(Uint8Array.of(byte))
        await timers.pause(fault.ms)
      }
      response.end()
      return answer.status
    default:
      head(whole.length)
      response.end(whole)
      return answer.status
  }
}
