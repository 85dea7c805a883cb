import * as E from 'fp-ts/lib/Either.js'
import { constFalse, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { AuthError } from '../AuthError.js'
import { raised } from '../checking.js'
import { timed } from '../internal/processClock.js'
import { given as whole } from '../internal/tokenSetOf.js'
import type { Nonce } from '../Lifecycle.js'
import { nonce } from '../Random.js'
import type { TokenSet } from '../TokenSet.js'
import type { SourceConfig } from '../TokenSource.js'
import { absent } from '../TokenStore.js'
import { beginning } from './beginning.js'
import type { Context } from './context.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Result, Snapshot } from './snapshot.js'

/** The tokens that the application had at the start. They are written once, where the store has no record. */
export interface Initial {
  /** The nonce of the session that begins with them. */
  readonly origin: O.Option<Nonce>
  readonly token: () => O.Option<TokenSet>
  /** Writes them if the store had no record. Returns whether it did. */
  readonly write: (snapshot: Snapshot) => Promise<Result<boolean>>
  readonly forget: () => void
}

/** @throws A typed error where they are no token set. */
export const makeInitial = <R>(
  context: Context,
  { initial: configured }: Pick<SourceConfig<R>, 'initial'>,
  { outbox, owing }: { readonly outbox: Outbox; readonly owing: Owing },
): Initial => {
  const given = pipe(
    O.fromNullable(configured),
    O.map((token) => pipe(token, whole('initial'), E.getOrElse<AuthError, TokenSet>(raised))),
    O.map((token) => ({ origin: nonce(context.random)(), token: timed(context.clock, token) })),
  )
  let unwritten = given
  const forget = (): void => {
    unwritten = O.none
  }
  return {
    origin: pipe(
      given,
      O.map(({ origin }) => origin),
    ),
    token: () =>
      pipe(
        unwritten,
        O.map(({ token }) => token),
      ),
    write: async (snapshot) => {
      const there = unwritten
      // Even if there is a record: if it is deleted later, the session must not come back.
      forget()
      if (O.isNone(there) || snapshot.version !== absent) return E.right(false)
      // If others wrote first, their session probably stems from the same tokens. These are revoked only if that session was revoked.
      const first = beginning({
        ...there.value,
        start: O.some(snapshot),
        askedAt: context.clock.now(),
        earlier: new Set(),
        isOver: constFalse,
        retryAt: (found) => (found.cell.status._tag === 'Revoked' ? owing.retryAt(found) : O.none),
      })
      return pipe(
        await outbox.commitExclusively(first, O.some(snapshot)),
        E.map(() => true),
      )
    },
    forget,
  }
}
