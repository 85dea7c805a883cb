/**
 * Tokens that may do less, derived from a source's.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Reader } from 'fp-ts/lib/Reader.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import type { ClockEnv } from './Clock.js'
import { acquiring } from './internal/acquiring.js'
import { backOffAfter, holds } from './internal/backOff.js'
import type { Child } from './internal/child.js'
import { lastWord } from './internal/lastWord.js'
import { makeLatest } from './internal/latest.js'
import { processClock, timed } from './internal/processClock.js'
import { secretsOf } from './internal/secrets.js'
import { afterAcceptance, afterNaturalEnd, afterRefusal, type Refusals } from './lifecycle/refusals.js'
import { suffices } from './lifecycle/usable.js'
import { race } from './race.js'
import * as Secret from './Secret.js'
import type { Strategy } from './Strategy.js'
import { inherited } from './session/bounded.js'
import { ALWAYS, type Duration, earliest, type Instant, millis, plus, seconds } from './Time.js'
import type { TokenSet } from './TokenSet.js'
import type { Terms, Tokens } from './TokenSource.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a derived token may do. */
export interface Target {
  readonly scope: ReadonlyArray<string>
  /** An absolute URI (RFC 8707 §2). */
  readonly resource?: string
  /** Further parameters of the exchange. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Exchanges a subject's token for a derived one (RFC 8693). */
export type Exchange<R> = (subject: TokenSet, target: Target) => Strategy<R>

/** How derived tokens are acquired and kept. */
export interface DownscopeConfig<R> {
  readonly exchange: Exchange<R>
  /** How long an exchange may take, in ms. Default: 15 s. */
  readonly timeout?: Duration
  /** How many targets are kept in memory. Default: 1,000. */
  readonly capacity?: number
}

/** One derived source a target. */
export interface Downscoping {
  readonly for: (target: Target) => Tokens
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Derives tokens from a source's, cached by scope, resource and parameters. A derived token is bound to the token that it came from: it
 * ends when that one is renewed, revoked or expires. When it is refused it is exchanged again; when the exchange says that
 * the subject is refused, the subject's source renews, once.
 */
export const downscoping =
  <R>({ exchange, timeout = seconds(15), capacity = 1_000 }: DownscopeConfig<R>) =>
  (parent: Tokens): Reader<R & ClockEnv, Downscoping> =>
  (env) => {
    const children = makeLatest<Child>(capacity)
    /** The subject that was refused, if no exchange has succeeded since. */
    let suspect: Secret.Secret | undefined
    const clock = processClock(env.clock)
    const isValid = ({ usableUntil }: Child): boolean => clock.now() < usableUntil

    const acquire = async (target: Target, subject: TokenSet): Promise<E.Either<AuthError.AuthError, TokenSet>> => {
      const late = AuthError.outcomeUnknown({
        url: 'token exchange',
        reason: 'it did not settle by its deadline',
        answer: O.none,
        repeatable: true,
      })
      const attempt = {
        previous: O.none,
        deadline: plus(env.clock.now(), timeout),
        signal: new AbortController().signal,
      }
      const exchanged = await lastWord(
        env.clock,
        attempt,
        late,
        acquiring(() => exchange(subject, target), attempt, env, {
          as: 'token exchange',
          repeatable: true,
          secrets: () => secretsOf(subject),
        })(),
      )
      return pipe(
        exchanged,
        E.map((token) => ({ ...token, expiresAt: earlier(token.expiresAt, subject.expiresAt) })),
      )
    }

    /** Whether a different subject token was refused before, with no success since. Renewing again would not help. */
    const isSecond = ({ accessToken }: TokenSet): boolean =>
      suspect !== undefined && !Secret.eq.equals(suspect, accessToken)

    const mayServe = (child: Child): boolean =>
      !child.isRefused && (child.backOff === undefined ? isValid(child) : holds(child.backOff, clock.now()))

    const rowAfter = ({ isRefused, refusals, token }: Child): O.Option<Refusals> =>
      isRefused || O.isNone(token) ? refusals : afterNaturalEnd(refusals, clock.now(), MINIMUM_AGE)

    /** Whether the token lives long enough. Assumed as long as the entry has none: its expiry is not known yet. */
    const lasts = ({ token }: Child, minValid: Duration): boolean =>
      O.isNone(token) || suffices(timed(clock, token.value), minValid, clock.now())

    /** The entry to serve. While a new token is being exchanged, or if that failed, it is the previous entry, if that is still good. */
    const served = (child: Child): Child => {
      const { former, token } = child
      return former !== undefined && O.isNone(token) && mayServe(former) ? former : child
    }

    const childOf = (name: string, target: Target, subject: TokenSet, minValid: Duration): Child => {
      const there = children.get(name)
      const isOfSubject = (child: Child): boolean => Secret.eq.equals(child.subject, subject.accessToken)
      const may = (child: Child): boolean => isOfSubject(child) && mayServe(child) && lasts(child, minValid)
      const found = there === undefined ? undefined : [served(there), there].find(may)
      if (found !== undefined) return found
      const child: Child = {
        subject: subject.accessToken,
        result: acquire(target, subject).then((result) => {
          if (E.isRight(result)) {
            child.token = O.some(result.right)
            child.usableUntil = O.getOrElse(() => ALWAYS)(timed(clock, result.right).expiresAt)
            suspect = undefined
          } else {
            const asked = pipe(
              AuthError.answer(result.left),
              O.flatMap(({ retryAfter }) => retryAfter),
              O.toUndefined,
            )
            child.backOff = backOffAfter(there?.backOff, result.left, clock.now(), asked)
          }
          return result
        }),
        token: O.none,
        usableUntil: ALWAYS,
        backOff: undefined,
        isRefused: false,
        refusals: there === undefined ? O.none : rowAfter(there),
        former:
          there === undefined || O.isNone(served(there).token) ? undefined : { ...served(there), former: undefined },
      }
      children.set(name, child)
      return child
    }

    const tokensFor = (target: Target): Tokens => {
      const name = JSON.stringify([
        [...target.scope].sort(),
        target.resource,
        Object.entries(target.parameters ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
      ])

      const get = async (minValid: Terms['minValid']): Promise<E.Either<AuthError.AuthError, TokenSet>> => {
        const subjects = minValid === undefined ? parent : parent.within({ minValid })
        const derive = (subject: TokenSet) => childOf(name, target, subject, minValid ?? millis(0)).result
        const subject = await subjects.get()
        if (E.isLeft(subject)) return subject
        const derived = await derive(subject.right)
        // A server that refuses every subject must not burn one renewal after the other.
        if (E.isRight(derived) || !isSubjectRefused(derived.left) || isSecond(subject.right)) return derived
        suspect = subject.right.accessToken
        const refused = await parent.invalidate(subject.right.accessToken)()
        if (E.isLeft(refused)) return refused
        const renewed = await subjects.get()
        return E.isLeft(renewed) ? renewed : derive(renewed.right)
      }

      /** The cached entry, if `used` is its token. */
      const current = (used: Secret.Secret): { readonly child: Child; readonly token: TokenSet } | undefined => {
        const latest = children.get(name)
        if (latest === undefined) return undefined
        const child = served(latest)
        if (O.isNone(child.token)) return undefined
        const token = child.token.value
        return Secret.eq.equals(token.accessToken, used) ? { child, token } : undefined
      }

      const invalidate: Tokens['invalidate'] = (used) => async () => {
        const there = current(used)
        if (there === undefined || there.child.isRefused) return E.right(undefined)
        const { child, token } = there
        const { issuedAt } = timed(clock, token)
        const refusal = { issuedAt, now: clock.now(), accepted: false, minimumAge: MINIMUM_AGE }
        const refusals = afterRefusal(refusal, child.refusals)
        if (O.isSome(refusals)) {
          child.isRefused = true
          child.refusals = refusals
        }
        return E.right(undefined)
      }

      const peek: Tokens['peek'] = () =>
        pipe(
          parent.peek(),
          O.flatMap((subject) =>
            pipe(
              O.fromNullable(children.get(name)),
              O.map(served),
              O.filter((child) => !child.isRefused && isValid(child)),
              O.filter((child) => Secret.eq.equals(child.subject, subject.accessToken)),
            ),
          ),
          O.flatMap(({ token }) => token),
        )

      const limited = (terms: Terms): Tokens => {
        const { signal, deadline, minValid } = terms
        const derived: TaskEither<AuthError.AuthError, TokenSet> = () => get(minValid)
        return {
          get:
            signal === undefined && deadline === undefined
              ? derived
              : race(
                  env.clock,
                  { deadline: deadline ?? ALWAYS, signal },
                  AuthError.timedOut('a token exchange'),
                  AuthError.aborted,
                  derived,
                ),
          peek,
          invalidate,
          accept: (used) => {
            const there = current(used)
            if (there !== undefined) there.child.refusals = afterAcceptance(there.child.refusals)
          },
          within: (of) => limited(inherited(terms, of)),
        }
      }
      return limited({})
    }

    return { for: tokensFor }
  }

/**
 * One derived source, piped after a source.
 *
 * @example
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const preview = openSource(
 *   pipe(
 *     remoteCallback(() => 'subject'),
 *     TokenSource.make({ store: memoryStore() }),
 *     TokenSource.downscoped({
 *       exchange: (_subject, target) => remoteCallback(() => `may ${target.scope.join(' ')}`),
 *       scope: ['item_preview'],
 *     }),
 *   ),
 * )
 * void preview.get().then((token) => assert.strictEqual(token._tag, 'Right'))
 */
export const downscoped =
  <R>({ scope, resource, parameters, ...config }: DownscopeConfig<R> & Target) =>
  <S>(parent: ReaderIO<S, Tokens>): ReaderIO<R & S & ClockEnv, Tokens> =>
  (env) =>
  () =>
    downscoping(config)(parent(env)())(env).for({
      scope,
      ...(resource !== undefined && { resource }),
      ...(parameters !== undefined && { parameters }),
    })

/** How far apart the refusals of one target's tokens are, at least. */
const MINIMUM_AGE = seconds(1)

const earlier = (a: O.Option<Instant>, b: O.Option<Instant>): O.Option<Instant> =>
  O.isSome(a) && O.isSome(b) ? O.some(earliest(a.value, b.value)) : O.isSome(a) ? a : b

/** The server does not take the subject's token any more: 401, or RFC 6749's and RFC 6750's words for it. Not when it throttles. */
const isSubjectRefused = (error: AuthError.AuthError): boolean =>
  AuthError.causes(error).some(
    (cause) =>
      cause._tag === 'Rejected' &&
      !AuthError.isRetryable(cause) &&
      ((cause.answer.status === 401 && !O.elem(eqString)('invalid_client')(cause.answer.error)) ||
        AuthError.isInvalidGrant(cause) ||
        O.elem(eqString)('invalid_token')(cause.answer.error)),
  )

const eqString = { equals: (a: string, b: string): boolean => a === b }
