/**
 * What processes tell `step`, as its events.
 */
import { instant, Lifecycle, millis } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Config } from './model.js'
import { EARLY, endOf, FRESH, HOLD, PAUSE, type Phase, type State, type Token, type Told } from './State.js'

/** How long others leave a revocation alone is a matter of load: here they may try at any time. */
const RETRY_AT = { _tag: 'Some', value: instant(0) } as const

export interface Events {
  readonly tokenOf: (state: State, pair: number, phase: Phase) => Token
  /** `age`: how long ago what is told was true, which matters of a request only. */
  readonly toEvent: (state: State, told: Told, age: number) => Lifecycle.Event<Token, number>
}

export const makeEvents = ({ mode, slips }: Config): Events => {
  const selfSufficient = mode === 'no refresh token'
  const rebases = slips.includes('rebases a login and a revoke')

  const refreshOf = (state: State, pair: number): O.Option<number> =>
    selfSufficient ? O.none : O.some(mode === 'no rotation' ? 1_000 + (state.pairs[pair]?.family ?? 0) : pair)

  const tokenOf = (state: State, pair: number, phase: Phase): Token => ({
    pair,
    refresh: refreshOf(state, pair),
    end: endOf(phase, state.now),
  })

  const toEvent = (state: State, told: Told, age: number): Lifecycle.Event<Token, number> => {
    const now = instant(state.now)
    switch (told._tag) {
      case 'Requested':
        return {
          _tag: 'Requested',
          nonce: told.nonce,
          now: instant(state.now - age),
          renewBefore: EARLY,
          hold: millis(HOLD),
          selfSufficient,
        }
      case 'Redeemed':
        return {
          _tag: 'Redeemed',
          parent: told.parent,
          token: tokenOf(state, told.pair, FRESH),
          now,
          backOff: millis(PAUSE),
          retryAt: RETRY_AT,
        }
      case 'Failed': {
        const { parent, nonce, failure } = told
        if (failure === 'InvalidGrant') {
          const refresh = refreshOf(state, told.pair)
          const fingerprint = O.isSome(refresh) ? refresh.value : -1
          return { _tag: 'Failed', parent, nonce, now, failure: { _tag: 'InvalidGrant', refresh: fingerprint } }
        }
        return {
          _tag: 'Failed',
          parent,
          nonce,
          now,
          failure:
            failure === 'NotSent'
              ? { _tag: 'NotSent', backOff: millis(0) }
              : failure === 'Throttled'
                ? { _tag: 'Throttled', retryAfter: millis(PAUSE) }
                : { _tag: 'Unknown' },
        }
      }
      case 'Refused':
        // How often refusals are heard is no part of the model: each of them is.
        return { _tag: 'Refused', access: told.pair, now, accepted: false, minimumAge: millis(0) }
      case 'LoggedIn': {
        const { nonce, pair } = told
        const from = rebases ? Lifecycle.placeOf(state.cell) : told.from
        return { _tag: 'LoggedIn', from, nonce, token: tokenOf(state, pair, FRESH), retryAt: RETRY_AT }
      }
      case 'RevokeAsked':
        return {
          _tag: 'RevokeAsked',
          from: rebases ? Lifecycle.placeOf(state.cell) : told.from,
          nonce: told.nonce,
          retryAt: RETRY_AT,
        }
      case 'RevocationRetried':
        return { _tag: 'RevocationRetried', now: RETRY_AT.value, retryAt: RETRY_AT.value }
      case 'RevocationConfirmed':
        return { _tag: 'RevocationConfirmed', revoked: [told.pair] }
    }
  }

  return { tokenOf, toEvent }
}
