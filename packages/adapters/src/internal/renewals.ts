/**
 * Tells of each renewal, for connections that live longer than a token.
 *
 * @packageDocumentation
 */
import { between, type Clock, type Duration, millis, seconds, type Tokens } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { type Handed, handOut } from './handed.js'

/** What a connection is told. */
export interface RenewalListener {
  readonly next: (token: string) => void
  readonly failed: (error: Error) => void
}

/** The parameters of {@link makeRenewals}. */
export interface RenewalsOptions {
  readonly tokens: Tokens
  readonly clock: Clock
}

/** Looks for renewals as long as somebody listens. */
export interface Renewals {
  /** The token of now, and what ends the listening. */
  readonly listen: (listener: RenewalListener) => Promise<readonly [token: string, end: () => void]>
  /** Looks at once: after a refusal, say. */
  readonly look: () => Promise<void>
  /** Ends the listening of all. */
  readonly end: () => void
}

/** How soon the source is asked again, which mostly answers from memory. */
const LEAST = seconds(1)
/** The same after a failure. */
const PAUSE = seconds(5)
/** A token may be revoked long before its end, and have none. */
const MOST = seconds(600)

/**
 * Asks the source after half of the time that a token has left, and so again and again, ever sooner, until it is another: the source renews
 * when it is asked. A sleep of it keeps no process alive.
 */
export const makeRenewals = ({ tokens, clock }: RenewalsOptions): Renewals => {
  const listeners = new Set<RenewalListener>()
  let told: string | undefined
  let sleeping: AbortController | undefined

  const waitOf = ({ token }: Handed): Duration =>
    O.isNone(token.expiresAt)
      ? MOST
      : millis(Math.min(Math.max(between(clock.now(), token.expiresAt.value) / 2, LEAST), MOST))

  /** Asks, and tells who listens of a token that is another. */
  const ask = async (): Promise<Handed> => {
    const handed = await handOut(tokens)
    if (handed.text !== told) {
      told = handed.text
      for (const { next } of [...listeners]) next(handed.text)
    }
    return handed
  }

  const schedule = (wait: Duration): void => {
    sleeping?.abort()
    if (listeners.size === 0) return
    sleeping = new AbortController()
    const { signal } = sleeping
    void clock
      .sleep(wait, signal, 'unref')()
      .then(() => (signal.aborted ? undefined : look()))
  }

  const look = async (): Promise<void> => {
    try {
      schedule(waitOf(await ask()))
    } catch (error) {
      const failure = error instanceof Error ? error : new Error('the source of tokens threw')
      for (const { failed } of [...listeners]) failed(failure)
      schedule(PAUSE)
    }
  }

  return {
    look,
    listen: async (listener) => {
      const handed = await ask()
      listeners.add(listener)
      schedule(waitOf(handed))
      const end = (): void => {
        listeners.delete(listener)
        if (listeners.size === 0) sleeping?.abort()
      }
      // It may have been renewed since it was asked for.
      return [told ?? handed.text, end]
    },
    end: () => {
      listeners.clear()
      sleeping?.abort()
    },
  }
}
