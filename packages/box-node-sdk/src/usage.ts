/**
 * Which token a 401 was for: the one rule.
 *
 * @packageDocumentation
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { between, type Duration, type Instant, Secret, seconds } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'

/** A token, and when something was last done with it. */
interface Dated {
  readonly token: Secret<'AccessToken'>
  /** When it was first handed to a call that had met no 401: of its fifth one, the SDK does not tell. */
  since: Instant | undefined
  at: Instant
}

/** What is known of a call that met a 401: the token of the attempt that it makes now. */
interface Call {
  token: O.Option<Secret<'AccessToken'>>
  /** It is several calls, whose tokens nobody can tell apart. */
  isShared: boolean
}

const newCall = (): Call => ({ token: O.none, isShared: false })

/** The token that a 401 is taken for. */
export interface Blamed {
  readonly token: Secret<'AccessToken'>
  /** It was in use for a while, and no 401 came. */
  readonly wasGood: boolean
}

export interface Usage {
  readonly handOut: (token: Secret<'AccessToken'>) => void
  /** Takes a 401 for a token: for none, where it may be a straggler's, or where the token has been replaced. */
  readonly blame: IO<O.Option<Blamed>>
}

/**
 * One for the process, which holds nothing itself: what is known of a call is in the contexts of that call. One for each client would
 * stay for ever, and be walked at each promise that the process makes.
 */
const contexts = new AsyncLocalStorage<{ readonly of: object; readonly call: Call }>()

/** How long after a token was last handed out a 401 may still be for it, and is not taken for its successor's. */
const AFTER_USE = seconds(5)
/** The same after a token was refused: then there are stragglers, as many as there were requests under way. */
const AFTER_REFUSAL = seconds(30)
/** For how long a token without a 401 is in use before it counts as one that was accepted. */
const GOOD = seconds(30)

/**
 * Of the first 401 of a call nobody knows which token it was for: it is taken for the one that was handed out last, unless a request
 * with the one before may not be answered yet. From there on the call is known by its async context, which the SDK's own retries
 * keep: a later 401 is for the token that this call was handed, whatever else is under way. So a second bad token is refused by the
 * second 401 of a call, however soon it comes after the first.
 */
export const makeUsage = (now: IO<Instant>): Usage => {
  /** Tells the calls of this client from another's. */
  const own = {}
  // Node.js keeps no store for an `await` that began before the first use: calls under way at the first 401 would share one.
  contexts.run({ of: own, call: newCall() }, () => undefined)
  let last: Dated | undefined
  let before: Dated | undefined
  let refused: Dated | undefined
  let isQuiet = true

  const current = (): Call | undefined => {
    const context = contexts.getStore()
    return context?.of === own ? context.call : undefined
  }

  const isWithin = (patience: Duration, dated: Dated | undefined): boolean =>
    dated !== undefined && Math.abs(between(dated.at, now())) < patience

  const isOf = (dated: Dated | undefined, token: Secret): boolean =>
    dated !== undefined && Secret.eq.equals(dated.token, token)

  /** Whether a 401 is taken for the token that was handed out last. */
  const isForLast = ({ token }: Call, { token: latest }: Dated): boolean =>
    O.isSome(token)
      ? Secret.eq.equals(token.value, latest)
      : isOf(refused, latest) || !(isWithin(AFTER_USE, before) || isWithin(AFTER_REFUSAL, refused))

  return {
    handOut: (token) => {
      const call = current()
      if (call !== undefined) {
        // Another token without a 401: an application that renewed by itself makes its calls in one context.
        call.isShared ||= O.isSome(call.token) && !Secret.eq.equals(call.token.value, token)
        call.token = call.isShared ? O.none : O.some(token)
      }
      const since = call === undefined || call.isShared ? now() : undefined
      // Two calls that overlap may bring the old token after the new one.
      const known = [last, before].find((handed) => isOf(handed, token))
      if (known !== undefined) {
        known.at = now()
        known.since ??= since
        return
      }
      before = last
      last = { token, since, at: now() }
      isQuiet = true
    },

    blame: () => {
      const call = current() ?? newCall()
      // What the SDK does from here on, its next attempt among it, is this call's, and none of those that it shared a context with.
      contexts.enterWith({ of: own, call: newCall() })
      const wasQuiet = isQuiet
      isQuiet = false
      if (last === undefined || !isForLast(call, last)) return O.none
      refused = { ...last, at: now() }
      const { token, since } = last
      return O.some({ token, wasGood: wasQuiet && since !== undefined && between(since, now()) >= GOOD })
    },
  }
}
