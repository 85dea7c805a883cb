import { AuthError, type Duration } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Revocable, WebEvent, WebSession, WebSessionsOptions } from '../WebSession.js'
import { type Cookies, cookiesOf } from './cookies.js'
import { type Place, placeOf } from './place.js'
import { type Records, recordsIn } from './records.js'
import { type Sealing, type SessionName, sealingOf } from './sealed.js'

/** What all handlers share. */
export interface Context<C extends Revocable> {
  readonly options: WebSessionsOptions<C>
  readonly maxAge: Duration
  readonly place: Place
  readonly cookies: Cookies
  readonly sealing: Sealing
  readonly records: Records
  readonly tell: (event: WebEvent) => void
  /** What the browser's cookie says, whether that session is still there or not. */
  readonly named: (request: Request) => O.Option<SessionName>
  readonly find: (request: Request) => TE.TaskEither<AuthError, O.Option<WebSession<C>>>
}

/** For a name that may stand in a cookie's (RFC 6265 §4.1.1). */
const NAME = /^[\w-]{1,64}$/

export const contextOf = <C extends Revocable>(
  options: WebSessionsOptions<C>,
  maxAge: Duration,
): E.Either<AuthError, Context<C>> => {
  const { cipher, store, users, env, name = 'session', observe } = options
  if (!NAME.test(name)) return E.left(AuthError.misconfigured('name', 'it is not 1 to 64 of A-Z, a-z, 0-9, _ and -'))
  return pipe(
    placeOf(options),
    E.map((place) => {
      const cookies = cookiesOf(place, name)
      const sealing = sealingOf(cipher, place.origin)
      const records = recordsIn({ store, maxAge, clock: env.clock, random: env.random })
      const named = (request: Request): O.Option<SessionName> =>
        sealing.openSession(cookies.read(request).get(cookies.session))
      return {
        options,
        maxAge,
        place,
        cookies,
        sealing,
        records,
        named,
        tell: (event) => {
          try {
            observe?.(event)
          } catch {
            // Who only looks on changes nothing.
          }
        },
        find: (request) =>
          pipe(
            named(request),
            O.match(
              () => TE.right(O.none),
              ({ user, id }) =>
                pipe(
                  records.find(user, id),
                  TE.map(O.map(({ beganAt }) => ({ user, connection: users.for(user), beganAt }))),
                ),
            ),
          ),
      }
    }),
  )
}
