import { AuthError, type Duration } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Revocable, WebEvent, WebSession, WebSessionsOptions } from '../WebSession.js'
import { type Cookies, cookiesOf } from './cookies.js'
import { type Application, applicationOf, keyOf } from './keys.js'
import { type Place, placeOf } from './place.js'
import { type Records, recordsIn } from './records.js'
import { type Sealing, sealingOf } from './sealed.js'

/** A session that is there, and its id among those of the person. */
export interface Found<C> {
  readonly session: WebSession<C>
  readonly id: string
}

/** What all handlers share. */
export interface Context<C extends Revocable> {
  readonly options: WebSessionsOptions<C>
  readonly maxAge: Duration
  readonly place: Place
  readonly application: Application
  readonly cookies: Cookies
  readonly sealing: Sealing
  readonly records: Records
  readonly tell: (event: WebEvent) => void
  readonly find: (request: Request) => TE.TaskEither<AuthError, O.Option<Found<C>>>
}

/** For a name that may stand in a cookie's (RFC 6265 §4.1.1). */
const NAME = /^[\w-]{1,64}$/

export const contextOf = <C extends Revocable>(
  options: WebSessionsOptions<C>,
  maxAge: Duration,
): E.Either<AuthError, Context<C>> => {
  const { client, cipher, store, users, env, name = 'session', observe } = options
  if (!NAME.test(name)) return E.left(AuthError.misconfigured('name', 'it is not 1 to 64 of A-Z, a-z, 0-9, _ and -'))
  return pipe(
    placeOf(options),
    E.map((place) => {
      const application = applicationOf(name, client)
      const cookies = cookiesOf(place, name)
      const sealing = sealingOf(cipher, place.origin, application)
      const records = recordsIn({ store, maxAge, clock: env.clock, random: env.random })
      return {
        options,
        maxAge,
        place,
        application,
        cookies,
        sealing,
        records,
        tell: (event) => {
          try {
            observe?.(event)
          } catch {
            // Who only looks on changes nothing.
          }
        },
        find: (request) =>
          pipe(
            sealing.openSession(cookies.read(request).get(cookies.session)),
            O.match(
              () => TE.right(O.none),
              ({ sub, id }) => {
                const user = keyOf(application, sub)
                return pipe(
                  records.find(user, id),
                  TE.map(
                    O.map(({ beganAt }) => ({ session: { user, sub, connection: users.for(user), beganAt }, id })),
                  ),
                )
              },
            ),
          ),
      }
    }),
  )
}
