import { AuthError, type Key, nonce, type TokenSet } from '@tessera/core'
import { authorizationCode, type Callback, callback, idTokenClaims } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Handler, Person, Revocable, WebSessionsOptions } from '../WebSession.js'
import { adding, redirect } from './answers.js'
import { attempt } from './attempt.js'
import type { Context } from './context.js'
import { beside, endingOf, revokingOf } from './ending.js'
import type { Failing } from './failing.js'
import { keyOf } from './keys.js'
import { idOf, openPending } from './login.js'
import { makeOnce } from './once.js'
import { pathOf } from './place.js'

/** Callbacks whose answer is remembered, should the same come again. */
const REMEMBERED = 1_000

const byIdToken =
  <C extends Revocable>({ client }: WebSessionsOptions<C>): NonNullable<WebSessionsOptions<C>['who']> =>
  ({ nonce: sent }) =>
  (token) =>
  (env) =>
    TE.fromIOEither(idTokenClaims({ client, nonce: sent })(token)(env))

/** All who have no name would be one person. */
const somebody = (person: Person): E.Either<AuthError, Person> =>
  typeof person.sub === 'string' && person.sub !== ''
    ? E.right(person)
    : E.left(AuthError.misconfigured('who', 'it gave no sub: a text that is not empty'))

export const callbackOf = <C extends Revocable>(context: Context<C>, failing: Failing): Handler => {
  const { options, application, cookies, sealing, records, place, maxAge, tell, find } = context
  const { env, client, users, refreshTokenRequired } = options
  const who = options.who ?? byIdToken(options)
  const open = openPending(context)
  const [end, revoke] = [endingOf(context), revokingOf(context)]
  const once = makeOnce<string>(REMEMBERED)

  /** The code for tokens, and the tokens for who they are of. */
  const login = (code: Callback): TE.TaskEither<AuthError, Person & { readonly user: Key }> => {
    let person: Person = { sub: '' }
    const keyOfToken = (token: TokenSet): TE.TaskEither<AuthError, Key> =>
      pipe(
        who(code)(token)(env),
        TE.flatMapEither(somebody),
        TE.map((found) => {
          person = found
          return keyOf(application, found.sub)
        }),
      )
    return pipe(
      attempt('users.login', () =>
        users.login(authorizationCode({ client, refreshTokenRequired, ...code }), keyOfToken),
      ),
      TE.map(({ key }) => ({ ...person, user: key })),
    )
  }

  /** The session that this browser had: nobody has its cookie any more, and so it is a logout of who had it. */
  const endFormer = (request: Request): TE.TaskEither<never, unknown> =>
    beside(
      context,
      pipe(
        find(request),
        TE.flatMap(
          O.match(
            () => TE.right<AuthError, unknown>(undefined),
            ({ session: { user }, id }) =>
              pipe(
                end(user, (kept) => kept.id === id),
                TE.flatMap(() => revoke(user)),
              ),
          ),
        ),
      ),
      undefined,
    )

  /** The cookie of a new session. Its id is drawn here and now: nobody can have known it before. */
  const begin = (request: Request, code: Callback): TE.TaskEither<AuthError, string> =>
    pipe(
      TE.Do,
      TE.bind('of', () => login(code)),
      TE.bind('id', () => TE.fromIO(nonce(env.random))),
      TE.tap(({ of: { user, sid }, id }) =>
        records.begin(user, { id, beganAt: env.clock.now(), ...(typeof sid === 'string' && { sid }) }),
      ),
      TE.tap(() => endFormer(request)),
      TE.map(({ of: { user, sub }, id }) => {
        tell({ _tag: 'LoggedIn', user })
        return sealing.sealSession({ sub, id })()
      }),
    )

  /** Where there is no such login any more, a person who is logged in already is where they wanted to be: they went back, say. */
  const unexpected = async (error: AuthError, request: Request): Promise<Response> => {
    const there = await context.find(request)()
    return E.isRight(there) && O.isSome(there.right) ? redirect(place.home) : failing(error, request)
  }

  return async (request) => {
    const at = pathOf(request)
    const id = idOf(new URL(request.url).searchParams.get('state'))
    const name = cookies.login(id)
    const cookie = id === '' ? undefined : cookies.read(request).get(name)
    const pending = open(id, cookie)
    if (E.isLeft(pending)) return unexpected(pending.left, request)
    const { transaction, to } = pending.right
    const session = await pipe(
      TE.fromIOEither(callback(transaction)(at)),
      TE.flatMap((code) => begin(request, code)),
      (effect) => once(`${cookie} ${at}`, effect),
    )()
    if (E.isRight(session))
      return redirect(to, [cookies.set(cookies.session, session.right, maxAge), cookies.clear(name)])
    const answer = await failing(session.left, request)
    // What may go better the next time is tried again when the page is loaded again.
    return AuthError.isRetryable(session.left) ? answer : adding(answer, [cookies.clear(name)])
  }
}
