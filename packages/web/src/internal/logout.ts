import { AuthError, type Key } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Handler, Revocable, WebSession } from '../WebSession.js'
import { page, problem, redirect } from './answers.js'
import { attempt } from './attempt.js'
import type { Context } from './context.js'
import type { Kept } from './records.js'
import { isForged } from './requests.js'

/** Ends sessions of a person, and says how many are left. */
const endingOf =
  <C extends Revocable>({ records, tell }: Context<C>) =>
  (user: Key, which: (kept: Kept) => boolean): TE.TaskEither<AuthError, number> =>
    pipe(
      records.end(user, which),
      TE.tapIO(() => () => tell({ _tag: 'LoggedOut', user })),
    )

/** With the last session the tokens go, unless they are kept. */
const revokingOf =
  <C extends Revocable>({ options: { users, keepTokens = false } }: Context<C>) =>
  (user: Key, left: number): TE.TaskEither<AuthError, unknown> =>
    left > 0 || keepTokens ? TE.right(undefined) : attempt('users.for', () => users.for(user).revoke())

/** Logs a person out everywhere. */
export const endOf = <C extends Revocable>(context: Context<C>): ((user: Key) => TE.TaskEither<AuthError, unknown>) => {
  const [end, revoke] = [endingOf(context), revokingOf(context)]
  return (user) =>
    pipe(
      end(user, () => true),
      TE.flatMap((left) => revoke(user, left)),
    )
}

/** What comes beside the end of a session: that it fails changes nothing of that. */
const beside = <C extends Revocable, A>(
  { tell }: Context<C>,
  effect: TE.TaskEither<AuthError, A>,
  otherwise: A,
): TE.TaskEither<never, A> =>
  pipe(
    effect,
    TE.orElse((error) => {
      tell({ _tag: 'Failed', error })
      return TE.right(otherwise)
    }),
  )

const WHERE = 'afterLogout'

export const logoutOf = <C extends Revocable>(context: Context<C>): Handler => {
  const { options, place, cookies, named, find, tell } = context
  const { afterLogout = () => place.home } = options
  const [end, revoke] = [endingOf(context), revokingOf(context)]
  const button = (status: number, title: string, name: string): Response =>
    page(status, title, { name, path: place.paths.logout, posts: true })

  /** The tokens are there still: the provider's own logout may ask for the ID token among them. */
  const leave = (session: WebSession<C>, id: string): TE.TaskEither<AuthError, string> =>
    pipe(
      beside(
        context,
        attempt(WHERE, async () => afterLogout(session)),
        place.home,
      ),
      TE.bindTo('to'),
      TE.bind('left', () => end(session.user, (kept) => kept.id === id)),
      TE.tap(({ left }) => beside(context, revoke(session.user, left), undefined)),
      TE.map(({ to }) => to),
    )

  return async (request) => {
    if (request.method !== 'POST') return button(200, 'Log out?', 'Log out')
    if (isForged(place, request)) return problem(403, 'Forbidden', 'The request comes from another origin')
    const left = await pipe(
      find(request),
      TE.flatMap((session) => {
        const name = named(request)
        return O.isSome(session) && O.isSome(name) ? leave(session.value, name.value.id) : TE.right(place.home)
      }),
    )()
    if (E.isRight(left)) return redirect(left.right, [cookies.clear(cookies.session)])
    tell({ _tag: 'Failed', error: left.left })
    return button(503, 'The logout does not work at the moment', 'Try again')
  }
}

/** As its name in the form (OpenID Connect Back-Channel Logout 1.0 §2.5). */
const FIELD = 'logout_token'

export const backchannelLogoutOf = <C extends Revocable>(context: Context<C>): Handler => {
  const { options, records, tell } = context
  const { logoutToken, env } = options
  const refused = (error: AuthError): Response => {
    tell({ _tag: 'Failed', error })
    return AuthError.isRetryable(error) || error._tag === 'StoreFailed'
      ? problem(503, 'Service Unavailable', 'The sessions could not be ended')
      : problem(400, 'Bad Request', 'No logout token of this client, with a sub')
  }
  return async (request) => {
    if (logoutToken === undefined || request.method !== 'POST') return problem(404, 'Not Found', 'There is nothing')
    const ended = await pipe(
      attempt(FIELD, async () => new URLSearchParams(await request.text()).get(FIELD) ?? ''),
      TE.flatMap((text) => logoutToken(text)(env)),
      TE.flatMap(({ sub, sid }) =>
        sub === undefined
          ? TE.left(
              AuthError.malformed({ what: 'logout token', path: 'sub', expected: 'there: sessions are kept by it' }),
            )
          : pipe(
              // Refresh tokens stay: those of offline access outlive the provider's session (§2.7).
              records.end(sub, (kept) => sid === undefined || kept.sid === sid),
              TE.map(() => sub),
            ),
      ),
    )()
    if (E.isLeft(ended)) return refused(ended.left)
    tell({ _tag: 'LoggedOut', user: ended.right })
    return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
  }
}
