import {
  AuthError,
  type CloseOptions,
  type Key,
  type Limits,
  memoryStore,
  millis,
  minutes,
  nonce,
  plus,
  type Revocation,
  Secret,
  type SourceEvent,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type NodeEnv, openSource } from '@tessera/node'
import type { Challenge } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Login } from '../Login.js'
import { bind, boundClient } from './bound.js'
import { type Chosen, type ClientChoice, clientFor } from './clientFor.js'
import { failedLogin, isDeclined, isLoggedOut } from './failedLogin.js'
import { locate } from './locate.js'
import type { Place } from './place.js'
import { renewing, revoking } from './renewing.js'
import { hasAll, scopeOf, union } from './scopes.js'

/** What a session with an MCP server is made of. */
export interface SessionConfig {
  readonly place: Place
  readonly choice: ClientChoice
  readonly login: Login | undefined
  readonly scope: ReadonlyArray<string>
  readonly store: TokenStore
  readonly key: Key
  readonly observe: ((event: SourceEvent) => void) | undefined
  readonly env: NodeEnv
}

/** One session, and what its MCP server has asked for. */
export interface Session {
  readonly source: TokenSource
  /** A login at once, for more scopes perhaps. */
  readonly login: (scope: ReadonlyArray<string>, limits: Limits) => TE.TaskEither<AuthError, TokenSet>
  /**
   * Answers a challenge to a token, or to a request without one, by a login: one for all callers, and all processes that share the store.
   * False where a login would change nothing, or nobody can log in.
   */
  readonly answer: (
    challenge: O.Option<Challenge>,
    used: O.Option<TokenSet>,
    limits: Limits,
  ) => TE.TaskEither<AuthError, boolean>
  /** Says that the MCP server took the token of a login, for what it had refused before. */
  readonly accepted: IO<void>
  /** Ends the session: at the server too, where that has a way. */
  readonly revoke: TE.TaskEither<AuthError, Revocation>
  readonly close: (options?: CloseOptions) => TE.TaskEither<AuthError, void>
}

const TURN = minutes(5)
const SERVED = seconds(10)

/** What tells that somebody has logged in: a token of nobody's. */
const turnOver =
  ({ clock, random }: NodeEnv): (() => TokenSet) =>
  () => {
    const now = clock.now()
    return TokenSet.make(Secret.make('AccessToken', nonce(random)()), {
      issuedAt: O.some(now),
      expiresAt: O.some(plus(now, SERVED)),
    })
  }

// -----------------------------------------------------------------------------
// session
// -----------------------------------------------------------------------------

const isOther = (one: TokenSet, another: TokenSet): boolean => !Secret.eq.equals(one.accessToken, another.accessToken)

/** Opens a session. Nothing is sent before it is asked for something. */
export const openSession = ({ place, choice, login, scope: own, store, key, observe, env }: SessionConfig): Session => {
  /** What the MCP server has asked for last. */
  let challenge: O.Option<Challenge> = O.none
  /** The scopes of a token that it asks for. */
  let wanted: ReadonlyArray<string> = []
  /** A token that it has refused although it had just been renewed. */
  let refused: O.Option<TokenSet> = O.none
  /** Scopes that it asks for and the authorization server does not grant: to ask again would not end. */
  const ungranted = new Set<string>()
  /** A login because of a refusal is answered by none: to a server that refuses all tokens nobody logs in again and again. */
  let mayRefuse = true
  /** Logins of this process, and what the last one asked for. */
  let logins = 0
  let lastScope: ReadonlyArray<string> = []
  let askedServer = false
  const closing = new AbortController()

  const clientOf = boundClient(place.allowHttp, O.fromNullable(choice.client), choice.dpop)

  const acquiring = (by: Login, further: ReadonlyArray<string> = []): Strategy<NodeEnv> =>
    Strategy.make({ interactive: by.interactive }, (attempt) =>
      pipe(
        locate(place, challenge, attempt),
        RTE.flatMap((located) => {
          challenge = located.challenge
          const challenged = O.isSome(challenge) ? challenge.value.scope : []
          const granted = O.getOrElse((): ReadonlyArray<string> => [])(
            O.map(({ scope }: TokenSet) => scope)(source.peek()),
          )
          const scope = scopeOf(
            {
              challenged: union(challenged, wanted),
              own: union(own, further),
              granted,
              supported: located.scopesSupported,
            },
            located.server,
          )
          lastScope = scope
          let chosen: O.Option<Chosen> = O.none
          const request = {
            resource: located.resource,
            server: located.server,
            scope,
            clientFor: (redirectUris: ReadonlyArray<string>) =>
              pipe(
                clientFor(choice, located, { redirectUris, scope, interactive: by.interactive }, attempt),
                RTE.map((made) => {
                  chosen = O.some(made)
                  return made.client
                }),
              ),
          }
          return pipe(
            by.strategy(request)(attempt),
            RTE.map((token) => (O.isSome(chosen) ? bind(chosen.value.client, scope)(token) : token)),
            RTE.orElse((error) => failedLogin(chosen, error)),
          )
        }),
      ),
    )

  const source: TokenSource = openSource(
    TokenSource.make<NodeEnv>({
      store,
      key,
      revocation: revoking(clientOf, () => {
        askedServer = true
      }),
      ...(observe !== undefined && { observe }),
    })(login === undefined || login.interactive ? renewing(clientOf) : acquiring(login)),
    env,
  )

  /** The token of the record as it is, and not as this process remembers it: another one may have logged in since. */
  const present = (limits: Limits): TE.TaskEither<AuthError, TokenSet> => {
    const { inspect, get } = source.within(limits)
    return pipe(
      inspect,
      TE.flatMap(() => get),
    )
  }

  const isEnough = (token: TokenSet): boolean =>
    hasAll(wanted)(token) && (O.isNone(refused) || isOther(refused.value, token))

  const loginNow = (by: Login, scope: ReadonlyArray<string>, limits: Limits): TE.TaskEither<AuthError, TokenSet> => {
    const { signal = closing.signal } = limits
    const bounds = { ...limits, signal: AbortSignal.any([signal, closing.signal]) }
    return pipe(
      source.within(bounds).login(acquiring(by, scope))(env),
      TE.tapIO(() => () => {
        logins += 1
      }),
    )
  }

  /** A login as a token that lasts for a moment: so a lease of the store's keeps processes from asking one person at the same time. */
  const turns = (by: Login): TokenSource =>
    openSource(
      TokenSource.make<NodeEnv>({
        // Not every store of one process keeps more than one record.
        store: store.guarantee === 'shared' ? store : memoryStore(),
        key: `${key} login`,
        timeout: TURN,
        minimumAge: millis(0),
        renewal: 'blocking',
      })(
        Strategy.make({ interactive: true }, ({ deadline, signal }) => (given: NodeEnv) => async () => {
          const there = await present({ deadline, signal })()
          if (E.isRight(there) && isEnough(there.right)) return E.right(turnOver(given)())
          if (E.isLeft(there) && !isLoggedOut(there.left)) return there
          return pipe(await loginNow(by, [], { deadline, signal })(), E.map(turnOver(given)))
        }),
      ),
      env,
    )
  const turn = login?.interactive === true ? turns(login) : undefined

  /** Waits for a login, of this process or of another one. */
  const afterLogin =
    (of: TokenSource, limits: Limits): TE.TaskEither<AuthError, TokenSet> =>
    async () => {
      const before = logins
      const taken = await of.within(limits).get()
      if (E.isLeft(taken)) return taken
      const there = await present(limits)()
      const isOurs = logins !== before && wanted.every((each) => lastScope.includes(each))
      // It was one before, or for less than is wanted now.
      if (!isOurs && !(E.isRight(there) && isEnough(there.right))) {
        await of.invalidate(taken.right.accessToken)()
        const again = await of.within(limits).get()
        return E.isLeft(again) ? again : source.within(limits).get()
      }
      return there
    }

  /** A login for more scopes than a token has: once, where they are not granted. */
  const forScope = async (
    of: TokenSource,
    scope: ReadonlyArray<string>,
    used: TokenSet,
    limits: Limits,
  ): Promise<E.Either<AuthError, boolean>> => {
    const all = union(used.scope, scope).join(' ')
    if (hasAll(scope)(used) || ungranted.has(all)) return E.right(false)
    wanted = union(wanted, scope)
    const got = await afterLogin(of, limits)()
    const has = (each: string): boolean => E.isRight(got) && got.right.scope.includes(each)
    wanted = wanted.filter((each) => !scope.includes(each) || has(each))
    if (E.isLeft(got) ? isDeclined(got.left) : !hasAll(scope)(got.right)) ungranted.add(all)
    return E.isLeft(got) ? got : E.right(isOther(used, got.right))
  }

  return {
    source,
    login: (scope, limits) =>
      login === undefined
        ? TE.left(AuthError.misconfigured('login', 'it is needed to log in: byBrowser(…), say'))
        : loginNow(login, scope, limits),
    answer: (asked, used, limits) => async () => {
      if (O.isSome(asked)) challenge = asked
      if (turn === undefined) return E.right(false)
      if (isInsufficient(asked) && O.isSome(used)) return forScope(turn, asked.value.scope, used.value, limits)
      if (O.isSome(used)) {
        // Of a login that is under way because of the same token, all who were refused have the outcome.
        if (!mayRefuse && (O.isNone(refused) || isOther(refused.value, used.value))) return E.right(false)
        refused = used
        mayRefuse = false
      }
      const got = await afterLogin(turn, limits)()
      return E.isLeft(got) ? got : E.right(O.isNone(used) || isOther(used.value, got.right))
    },
    accepted: () => {
      mayRefuse = true
    },
    revoke: pipe(
      TE.fromIO(() => {
        askedServer = false
      }),
      TE.flatMap(() => source.revoke),
      TE.map((outcome): Revocation => (askedServer ? outcome : 'local')),
    ),
    close: (options) =>
      pipe(
        // A login under way ends: nobody waits for it any more.
        TE.fromIO(() => closing.abort()),
        TE.flatMap(() => (turn === undefined ? TE.right(undefined) : turn.close({ revoke: false }))),
        TE.flatMap(() => source.close(options)),
      ),
  }
}

const isInsufficient = (asked: O.Option<Challenge>): asked is O.Some<Challenge> =>
  O.isSome(asked) && O.exists((error) => error === 'insufficient_scope')(asked.value.error)
