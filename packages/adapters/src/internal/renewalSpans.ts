/**
 * A span for each renewal, with the waits before it.
 *
 * @packageDocumentation
 */
import { AuthError, type Key, type SourceEvent } from '@tessera/core'
import type { OtelAttributes, OtelHistogram, OtelSpan, OtelTracer } from './OpenTelemetry.js'

/** What spans are made with. */
export interface RenewalSpansOptions {
  readonly tracer: OtelTracer
  readonly duration: OtelHistogram
  readonly hash: (key: Key) => string
  /** In ms, since some time that is not said. */
  readonly now: () => number
}

/** The spans of one process. */
export interface RenewalSpans {
  readonly observe: (event: SourceEvent) => void
  /** A call is answered: if it has waited for another process's renewal, that is over. */
  readonly answered: (key: Key) => void
}

/** A renewal under way, or the wait for another holder's. */
interface Renewal {
  readonly span: OtelSpan
  readonly since: number
  state: 'waiting' | 'requesting' | 'committing'
}

/** `SpanStatusCode.ERROR`. */
const ERROR = 2

export const makeRenewalSpans = ({ tracer, duration, hash, now }: RenewalSpansOptions): RenewalSpans => {
  const renewals = new Map<Key, Renewal>()

  const begin = (key: Key, state: Renewal['state']): Renewal => {
    const span = tracer.startSpan('tessera.renewal', { attributes: { 'tessera.session.key_hash': hash(key) } })
    const renewal: Renewal = { span, since: now(), state }
    renewals.set(key, renewal)
    return renewal
  }

  const enter = (key: Key, state: Renewal['state'], attributes: OtelAttributes = {}): void => {
    const there = renewals.get(key)
    // A wait is told again at each look.
    if (there?.state === state) return
    const renewal = there ?? begin(key, state)
    renewal.state = state
    renewal.span.addEvent(`tessera.renewal.${state}`, attributes)
  }

  const end = (key: Key, outcome: string, attributes: OtelAttributes = {}, error?: AuthError): void => {
    const { span, since } = renewals.get(key) ?? begin(key, 'requesting')
    renewals.delete(key)
    const said = {
      'tessera.renewal.outcome': outcome,
      ...(error !== undefined && { 'error.type': error._tag }),
    }
    span.setAttributes({ ...said, ...attributes })
    if (error !== undefined) span.setStatus({ code: ERROR, message: AuthError.show.show(error) })
    span.end()
    duration.record((now() - since) / 1_000, said)
  }

  return {
    answered: (key) => {
      if (renewals.get(key)?.state === 'waiting') end(key, 'another_holder')
    },
    observe: (event) => {
      const { key } = event
      switch (event._tag) {
        case 'Waiting':
          return enter(key, 'waiting')
        case 'Renewing':
          return enter(key, 'requesting', { 'tessera.renewal.recovery': event.recovery })
        case 'Pending':
          return enter(key, 'committing', { 'error.type': event.error._tag })
        case 'Renewed':
          return end(key, 'renewed', {
            'tessera.session.epoch': event.epoch,
            'tessera.session.generation': event.generation,
          })
        case 'RenewalFailed':
          return end(key, 'failed', {}, event.error)
        case 'Discarded':
          return renewals.has(key) ? end(key, 'discarded') : undefined
        case 'Closed':
          return renewals.has(key) ? end(key, 'closed') : undefined
      }
    },
  }
}
