import { AuthError, type Key } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Handler, Revocable } from '../WebSession.js'
import { page, problem, redirect } from './answers.js'
import { attempt } from './attempt.js'
import { MOST, textOf } from './body.js'
import type { Context, Found } from './context.js'
import { beside, endingOf, revokingOf } from './ending.js'
import { isOwn, keyOf } from './keys.js'
import { isForged } from './requests.js'

/** Logs a person out everywhere. */
export const endOf = <C extends Revocable>(context: Context<C>): ((user: Key) => TE.TaskEither<AuthError, unknown>) => {
  const [end, revoke] = [endingOf(context), revokingOf(context)]
  return (user) =>
    isOwn(context.application, user)
      ? pipe(
          end(user, () => true),
          TE.flatMap(() => revoke(user)),
        )
      : TE.left(AuthError.misconfigured('user', 'it is no key of this application, as keyOf(sub) makes it'))
}

const WHERE = 'afterLogout'

export const logoutOf = <C extends Revocable>(context: Context<C>): Handler => {
  const { options, place, cookies, find, tell } = context
  const { afterLogout = () => place.home } = options
  const [end, revoke] = [endingOf(context), revokingOf(context)]
  const button = (status: number, title: string, name: string): Response =>
    page(status, title, { name, path: place.paths.logout, posts: true })

  /** The tokens go last: the provider's own logout may ask for the ID token among them. */
  const leave = ({ session, id }: Found<C>): TE.TaskEither<AuthError, string> =>
    pipe(
      end(session.user, (kept) => kept.id === id),
      TE.flatMap(() =>
        beside(
          context,
          attempt(WHERE, async () => afterLogout(session)),
          place.home,
        ),
      ),
      TE.tap(() => beside(context, revoke(session.user), undefined)),
    )

  return async (request) => {
    if (request.method !== 'POST') return button(200, 'Log out?', 'Log out')
    if (isForged(place, request)) return problem(403, 'Forbidden', 'The request comes from another origin')
    const left = await pipe(find(request), TE.flatMap(O.match(() => TE.right(place.home), leave)))()
    if (E.isRight(left)) return redirect(left.right, [cookies.clear(cookies.session)])
    tell({ _tag: 'Failed', error: left.left })
    return button(503, 'The logout does not work at the moment', 'Try again')
  }
}

/** As its name in the form (OpenID Connect Back-Channel Logout 1.0 §2.5). */
const FIELD = 'logout_token'

export const backchannelLogoutOf = <C extends Revocable>(context: Context<C>): Handler => {
  const { options, application, records, tell } = context
  const { logoutToken, env } = options
  const refused = (error: AuthError): Response => {
    tell({ _tag: 'Failed', error })
    return AuthError.isRetryable(error) || error._tag === 'StoreFailed'
      ? problem(503, 'Service Unavailable', 'The sessions could not be ended')
      : problem(400, 'Bad Request', 'No logout token of this client, with a sub')
  }
  return async (request) => {
    if (logoutToken === undefined || request.method !== 'POST') return problem(404, 'Not Found', 'There is nothing')
    const form = await attempt(FIELD, () => textOf(request))()
    if (E.isLeft(form)) return refused(form.left)
    if (O.isNone(form.right)) return problem(413, 'Content Too Large', `At most ${MOST} bytes are read here`)
    const ended = await pipe(
      logoutToken(new URLSearchParams(form.right.value).get(FIELD) ?? '')(env),
      TE.flatMap(({ sub, sid }) => {
        if (sub === undefined)
          return TE.left(
            AuthError.malformed({ what: 'logout token', path: 'sub', expected: 'there: sessions are kept by it' }),
          )
        const user = keyOf(application, sub)
        return pipe(
          // Refresh tokens stay: those of offline access outlive the provider's session (§2.7).
          records.end(user, (kept) => sid === undefined || kept.sid === sid),
          TE.map(() => user),
        )
      }),
    )()
    if (E.isLeft(ended)) return refused(ended.left)
    tell({ _tag: 'LoggedOut', user: ended.right })
    return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
  }
}
