import * as E from 'fp-ts/lib/Either.js'
import { constFalse } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import type { Clock } from '../Clock.js'
import { guard } from '../internal/guard.js'
import { interactively } from '../internal/interactive.js'
import { dated, timed } from '../internal/processClock.js'
import { secretsOf } from '../internal/secrets.js'
import { given } from '../internal/tokenSetOf.js'
import type { Work } from '../internal/work.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce } from '../Random.js'
import { race } from '../race.js'
import { ALWAYS } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Limits, TokenSource, Validate } from '../TokenSource.js'
import type { Acquired } from './acquired.js'
import { type Beginning, beginning } from './beginning.js'
import { type Context, isValid } from './context.js'
import type { Ending } from './ending.js'
import type { Initial } from './initial.js'
import type { Begun, Order } from './order.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Result, Snapshot } from './snapshot.js'
import { fail } from './turns.js'

/** New sessions: by a login of the source, or by a token that the application got itself. */
export interface Login {
  readonly login: (limits: Limits) => TokenSource['login']
  readonly adopt: TokenSource['adopt']
}

export interface LoginParts {
  /** The clock as given in the environment. Waiting for a person is timed by it. */
  readonly clock: Clock
  /** The logins in progress. A person may take minutes. */
  readonly logins: Work
  readonly order: Order
  readonly initial: Initial
  readonly outbox: Outbox
  readonly owing: Owing
  /** Ends the pauses of the previous session, and makes later callers start a new flight. */
  readonly supersede: () => void
  readonly revokeLogin: Ending['revokeLogin']
  readonly get: TaskEither<AuthError.AuthError, TokenSet>
}

/** A new token, with the checks that it must pass. */
interface Taken extends Omit<Beginning, 'retryAt'> {
  readonly isEnded: Begun['isOver']
  readonly validate: Validate | undefined
}

export const makeLogin = (
  context: Context,
  { clock, logins, order, initial, outbox, owing, supersede, revokeLogin, get }: LoginParts,
): Login => {
  const { cache, isClosed, key, random, records, tell, timeout, track, after } = context

  /** The record after a write. If this process stood still before it saw the answer, another may have ended the session. */
  const latest = async (written: Snapshot): Promise<Snapshot> => {
    if (context.clock.now() < cache.readUntil) return written
    const found = await records.read(after(timeout))
    return E.isRight(found) ? found.right : written
  }

  /**
   * Commits a token as a new session. If another login or a revoke came first, this token begins none. The caller then gets the other
   * session's token, unless it wanted to validate its own.
   */
  const begin = async (acquired: Acquired, token: TokenSet, of: Taken): Promise<Result<TokenSet>> => {
    initial.forget()
    const applied = await outbox.commitExclusively(acquired, O.none)
    if (E.isLeft(applied)) return applied
    supersede()
    const { decision, snapshot } = applied.right
    const isOurs = O.isSome(decision.serve) || decision.action._tag === 'Again'
    // A later revoke has ended the session before the store answered.
    if (isOurs && of.isEnded(snapshot)) return fail('Revoked')
    const { cell } = await latest(snapshot)
    const isThere = isOurs && (cell === snapshot.cell || Lifecycle.isOrigin(of.origin, cell))
    // It may have expired while it was written.
    if (isThere && (isValid(context, token) || of.validate !== undefined)) return E.right(dated(context.clock, token))
    return cell.status._tag === 'Revoked' || of.validate !== undefined ? fail('Revoked') : get()
  }

  /**
   * Validates the token after its write, also if that failed: the token may be in the store all the same, or be written later. A rejected
   * one begins no session, even if its end cannot be written now.
   */
  const validated = async (
    taken: Result<TokenSet>,
    acquired: Acquired,
    { token, origin, validate }: Taken,
  ): Promise<Result<TokenSet>> => {
    if (validate === undefined) return taken
    const said = await guard(
      (did) => AuthError.misconfigured('validate', `it ${did}`),
      () => validate(token),
      () => secretsOf(token),
    )()
    if (E.isRight(said)) return taken
    acquired.refuse(nonce(random)())
    const revoked = await revokeLogin(origin)
    // The caller must learn that the rejected session could not be ended.
    return E.isRight(revoked) ? said : E.left(AuthError.semigroup.concat(said.left, revoked.left))
  }

  /** Takes in a token. If the source was closed in the meantime, the token is revoked. */
  const takeIn = async (of: Taken): Promise<Result<TokenSet>> => {
    if (isClosed()) {
      tell({ _tag: 'Discarded', revoked: await owing.drop(of.token) })
      return E.left(AuthError.closed)
    }
    const token = timed(context.clock, of.token)
    const acquired = beginning({ ...of, token, retryAt: owing.retryAt })
    return validated(await begin(acquired, token, of), acquired, of)
  }

  /** Bounds a wait by the caller's limits. */
  const within = <A>({ deadline = ALWAYS, signal }: Limits, use: () => Promise<Result<A>>): Promise<Result<A>> =>
    race(clock, { deadline, signal }, AuthError.timedOut('the login'), AuthError.aborted, use)()

  /** Where a login begins: after the revokes that were asked for before it, and the tokens that were given at the start. */
  const startOf = async ({ revokes, isOver }: Begun): Promise<Result<Snapshot>> => {
    await revokes
    const there = await records.read(after(timeout))
    const wrote = E.isLeft(there) ? there : await initial.write(there.right)
    if (E.isLeft(wrote)) return wrote
    const start = wrote.right ? await records.read(after(timeout)) : there
    return E.isRight(start) && isOver(start.right) ? fail('Revoked') : start
  }

  return {
    login: (limits) => (strategy, validate) => (env) => async () => {
      if (isClosed()) return E.left(AuthError.closed)
      const origin = nonce(random)()
      const askedAt = context.clock.now()
      const begun = order.begin(key, origin, isClosed)
      const acquire = async (): Promise<Result<TokenSet>> => {
        const start = await within(limits, () => startOf(begun))
        if (E.isLeft(start)) return start
        // A revocation in progress might end the new grant as well.
        const quiet = await within(limits, () => owing.settled().then(E.right))
        if (E.isLeft(quiet)) return quiet
        if (isClosed()) return E.left(AuthError.closed)
        return interactively(clock, limits, strategy, env, (token) => {
          // A revoke since the start is in the record, or finds this session there.
          const of = { ...begun, isOver: constFalse, origin, token, start: O.some(start.right), askedAt }
          const taken = takeIn({ ...of, isEnded: begun.isOver, validate })
          begun.end()
          return track(taken)
        })()
      }
      // A close waits for its token, which is revoked then.
      return logins.track(acquire()).finally(begun.end)
    },
    adopt: (token) => async () => {
      const whole = given('adopt.token')(token)
      if (E.isLeft(whole)) return whole
      const origin = nonce(random)()
      const askedAt = context.clock.now()
      const begun = order.begin(key, origin, isClosed)
      const take = (): Promise<Result<TokenSet>> => {
        const of = { ...begun, origin, token: whole.right, start: O.none, askedAt }
        const taken = takeIn({ ...of, isEnded: begun.isOver, validate: undefined })
        begun.end()
        return taken
      }
      // A revoke that was asked for before it does not end it.
      return track(begun.revokes === undefined ? take() : begun.revokes.then(take))
    },
  }
}
