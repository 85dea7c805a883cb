/**
 * What happens to a broker's sessions, told to whoever listens.
 *
 * @packageDocumentation
 */

import type { Clock } from '@tessera/core'
import { type AuthError, type Instant, millis, type SourceEvent } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { refusalOf } from './Refusal.js'

/** Something that happened. No member holds a secret. */
export interface Happening {
  readonly at: Instant
  /** `renewed`, `renewal_failed`, `login_required`, …, after the events of a source; `asked` when there were requests for tokens. */
  readonly what: string
  /** None of `asked`, which is of all. */
  readonly profile?: string
  readonly expiresAt?: Instant
  /** Of a failure: its code and its words. */
  readonly error?: string
  readonly description?: string
}

/** How many may listen at once. */
const MOST = 32

/** Requests for tokens are told together, in ms. */
const TOGETHER = millis(500)

/** Those who listen to what happens, 32 at most. */
export interface Events {
  readonly tell: (profile: string, event: SourceEvent) => void
  /** Tells of something that no source knows: the end of a login that was begun here, say. */
  readonly note: (profile: string, what: string) => void
  /** Says that somebody asked for a token. */
  readonly asked: () => void
  /** None where too many listen. */
  readonly listen: (listener: (happening: Happening) => void) => O.Option<() => void>
}

/** `RenewalFailed` as `renewal_failed`. */
const nameOf = ({ _tag }: SourceEvent): string => _tag.replaceAll(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase()

const failure = (error: AuthError) => {
  const { error: code, description } = refusalOf(error)
  return { error: code, description }
}

/** Keeps those who listen. */
export const makeEvents = (clock: Clock): Events => {
  const listeners = new Set<(happening: Happening) => void>()
  const send = (happening: Happening): void => {
    for (const listener of [...listeners]) listener(happening)
  }
  let isWaiting = false
  return {
    tell: (profile, event) => {
      if (listeners.size === 0) return
      send({
        at: clock.now(),
        what: nameOf(event),
        profile,
        ...('expiresAt' in event && O.isSome(event.expiresAt) && { expiresAt: event.expiresAt.value }),
        ...('error' in event && failure(event.error)),
      })
    },
    note: (profile, what) => send({ at: clock.now(), what, profile }),
    asked: () => {
      if (listeners.size === 0 || isWaiting) return
      isWaiting = true
      void clock
        .sleep(TOGETHER, undefined, 'unref')()
        .then(() => {
          isWaiting = false
          send({ at: clock.now(), what: 'asked' })
        })
    },
    listen: (listener) => {
      if (listeners.size >= MOST) return O.none
      listeners.add(listener)
      return O.some(() => listeners.delete(listener))
    },
  }
}
