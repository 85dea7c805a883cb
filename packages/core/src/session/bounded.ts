import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import type { Clock } from '../Clock.js'
import { type Bounds, race } from '../race.js'
import { ALWAYS } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Limits, Terms, TokenSource } from '../TokenSource.js'
import type { Result } from './snapshot.js'

/** A source without limits. Only a login takes them as an argument. */
export interface Unbounded extends Omit<TokenSource, 'get' | 'login' | 'within'> {
  readonly get: (minValid: Terms['minValid']) => TokenSource['get']
  readonly login: (limits: Limits) => TokenSource['login']
  /** The token that is cached and valid, as `get` answers it. */
  readonly cached: (minValid: Terms['minValid']) => O.Option<Promise<Result<TokenSet>>>
}

/** Terms within terms. Wrappers that add a signal of their own do not take from a token how long it has to be valid. */
export const inherited = ({ minValid }: Terms, of: Terms): Terms => (minValid === undefined ? of : { minValid, ...of })

/** The source for callers with limits: a deadline, a signal, or a `minValid`. */
export const bounded = (clock: Clock, unbounded: Unbounded, limits: Terms): TokenSource => {
  const { get, invalidate, login, adopt, revoke, close, inspect, cached, ...rest } = unbounded
  const bound = <A>(what: string, use: TaskEither<AuthError.AuthError, A>): TaskEither<AuthError.AuthError, A> => {
    if (limits.deadline === undefined && limits.signal === undefined) return use
    const { signal, deadline = ALWAYS } = limits
    const raced: Bounds = { deadline, signal }
    return race(clock, raced, AuthError.timedOut(what), AuthError.aborted, use)
  }
  /** As `bound`, for an operation that starts even if its caller is already interrupted. */
  const begun =
    <A>(what: string, use: TaskEither<AuthError.AuthError, A>): TaskEither<AuthError.AuthError, A> =>
    () => {
      const done = use()
      return bound(what, () => done)()
    }
  const boundedGet = bound('a renewal', get(limits.minValid))
  /** If the deadline passes during `get`, the caller gets the cached token, if that is valid. */
  const servedInTime: TaskEither<AuthError.AuthError, TokenSet> = async () => {
    const got = await boundedGet()
    const valid = E.isLeft(got) && got.left._tag === 'TimedOut' ? cached(limits.minValid) : O.none
    return O.isSome(valid) ? valid.value : got
  }
  return {
    ...rest,
    get: limits.deadline === undefined ? boundedGet : servedInTime,
    invalidate: (used) => bound('the token store', invalidate(used)),
    login: login(limits),
    adopt: (token) => begun('the token store', adopt(token)),
    revoke: bound('a revocation', revoke),
    close: (options) => begun('the close', close(options)),
    inspect: bound('the token store', inspect),
    within: (of) => bounded(clock, unbounded, inherited(limits, of)),
  }
}
