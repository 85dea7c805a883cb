/**
 * A client that registers itself once, for all processes that share a store.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  checking,
  type Duration,
  type Instant,
  instant,
  type Key,
  type Limits,
  minutes,
  nonce,
  plus,
  Secret,
  type Stamped,
  seconds,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { AuthorizationServer } from './AuthorizationServer.js'
import type { Client } from './Client.js'
import { STORE } from './internal/arguments.js'
import { SERVER } from './internal/clientArguments.js'
import { decodeJson, texts } from './internal/json.js'
import {
  type ClientOfOptions,
  clientOf,
  deleteRegistration,
  type RegisteredClient,
  type RegistrationOptions,
  readRegistration,
  registration,
} from './registration.js'
import type { TokenEnv } from './TokenEnv.js'

// -----------------------------------------------------------------------------
// record
// -----------------------------------------------------------------------------

const Kept = t.intersection([
  t.type({ v: t.literal(1), kind: t.literal('client'), id: t.string }),
  t.partial({
    secret: t.string,
    secretExpiresAt: t.number,
    authenticationMethod: t.string,
    redirectUris: texts,
    management: t.type({ url: t.string, token: t.string }),
  }),
])
const decode = decodeJson('registered client', Kept)

const encode = ({ id, secret, secretExpiresAt, authenticationMethod, redirectUris, management }: RegisteredClient) => {
  const kept: t.TypeOf<typeof Kept> = {
    v: 1,
    kind: 'client',
    id,
    ...(O.isSome(secret) && { secret: Secret.open(secret.value) }),
    ...(O.isSome(secretExpiresAt) && { secretExpiresAt: secretExpiresAt.value }),
    ...(O.isSome(authenticationMethod) && { authenticationMethod: authenticationMethod.value }),
    ...(O.isSome(redirectUris) && { redirectUris: redirectUris.value }),
    ...(O.isSome(management) && {
      management: { url: management.value.url, token: Secret.open(management.value.token) },
    }),
  }
  return Secret.make('Record', JSON.stringify(kept))
}

// It stays as it is: it may be a session's, or of a process that is newer than this one.
const foreign = AuthError.storeFailed('decode', 'the record is no registered client of this version: give another key')

const read = ({ record }: Stamped): E.Either<AuthError, O.Option<RegisteredClient>> =>
  O.isNone(record)
    ? E.right(O.none)
    : pipe(
        decode(Secret.make('Body', Secret.open(record.value))),
        E.bimap(
          () => foreign,
          (kept) =>
            O.some({
              id: kept.id,
              secret: O.map((secret: string) => Secret.make('ClientSecret', secret))(O.fromNullable(kept.secret)),
              secretExpiresAt: O.map(instant)(O.fromNullable(kept.secretExpiresAt)),
              authenticationMethod: O.fromNullable(kept.authenticationMethod),
              redirectUris: O.fromNullable(kept.redirectUris),
              management: pipe(
                O.fromNullable(kept.management),
                O.map(({ url, token }) => ({ url, token: Secret.make('RegistrationAccessToken', token) })),
              ),
            }),
        ),
      )

/** Where the client of a server is kept: what one server has registered says nothing to another. */
const slotOf = (key: Key, { issuer, tokenEndpoint }: AuthorizationServer): Key =>
  `${key} ${O.getOrElse(() => tokenEndpoint)(issuer)}`

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/** The parameters of {@link registeredClient}. */
export interface RegisteredClientOptions extends RegistrationOptions, ClientOfOptions {
  readonly server: AuthorizationServer
  /** As for sessions: `encrypted` seals what it keeps. */
  readonly store: TokenStore
  /** Names the client there, together with the server's issuer. No session has the same. */
  readonly key: Key
  /**
   * The id of a client that the server does not know any more: another one registers in its place, unless another process has done that
   * already. Default: none.
   */
  readonly replacing?: string | undefined
  /** How long it may take, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
  readonly signal?: AbortSignal | undefined
}

/** A secret that ends this soon is no longer used. */
const SOON = minutes(1)

/**
 * The client of a store, which registers where there is none: of several processes that do so at once, one client is kept, which all of them
 * use, and those of the others are deleted at the server where it lets them.
 *
 * Its secret may end. Then the server is asked for the one that it has by now (RFC 7592 §2.1); where it has none, another client registers
 * in its place, and who has logged in logs in again: a grant belongs to the client that it was given to. Call it anew when a program
 * begins. Other metadata register no other client: give another `key` for that.
 *
 * Errors: those of {@link registration}, and `StoreFailed`, also where there is something else under the key.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { AuthorizationServer, registeredClient } from '@tessera/oauth2'
 *
 * const server = AuthorizationServer.make({
 *   issuer: 'https://as.example',
 *   tokenEndpoint: 'https://as.example/token',
 *   registrationEndpoint: 'https://as.example/register',
 * })
 * const client = registeredClient({
 *   store: memoryStore(),
 *   key: 'invoices',
 *   server,
 *   name: 'Invoices',
 *   redirectUris: ['http://127.0.0.1/callback'],
 * })
 * assert.strictEqual(typeof client, 'function')
 */
export const registeredClient: (options: RegisteredClientOptions) => RTE.ReaderTaskEither<TokenEnv, AuthError, Client> =
  checking(
    'registeredClient takes { store, key, server, … }',
    {
      store: STORE,
      key: { is: (value) => typeof value === 'string' && value !== '', expected: 'a text' },
      server: SERVER,
    },
    (error) => RTE.left(error),
    ({
      store,
      key,
      timeout = seconds(30),
      signal = new AbortController().signal,
      parameters,
      resource,
      dpop,
      authentication,
      replacing,
      ...asked
    }) => {
      const { server } = asked
      const slot = slotOf(key, server)
      const register = registration(asked)
      const toClient = clientOf({ server, parameters, resource, dpop, authentication })

      return (env) => {
        const { clock, random } = env
        /** The end of a secret that the client does not authenticate by is nothing to it. */
        const hasEnded = ({ secret, secretExpiresAt, authenticationMethod }: RegisteredClient): boolean =>
          authentication === undefined &&
          O.isSome(secret) &&
          O.toUndefined(authenticationMethod) !== 'none' &&
          O.exists((end: Instant) => end <= plus(clock.now(), SOON))(secretExpiresAt)
        const isAlive = (of: RegisteredClient): boolean => of.id !== replacing && !hasEnded(of)

        /**
         * Deletes a client that another one was faster than, unless the server has given both the same id. Where it does not delete it, it
         * stays registered and nobody uses it.
         */
        const withdraw = (mine: RegisteredClient, found: Stamped, limits: Required<Limits>) => {
          const isSame = O.exists(({ id }: RegisteredClient) => id === mine.id)
          return pipe(
            read(found),
            E.exists(isSame),
            (isKept): TE.TaskEither<AuthError, unknown> =>
              isKept ? TE.right(undefined) : TE.fromTask(deleteRegistration({ registered: mine })(limits)(env)),
          )
        }

        /** Writes a client over what was there. Where another process was faster, its client counts; `mine` was never used then. */
        const keep = (there: Stamped, mine: RegisteredClient, isNew: boolean, limits: Required<Limits>) =>
          pipe(
            TE.fromIO(nonce(random)),
            TE.flatMap((version) => store.compareAndSet(slot, there.version, { version, record: encode(mine) })),
            TE.flatMap((answer) => {
              if (answer._tag === 'Committed') return TE.right(mine)
              return pipe(
                isNew ? withdraw(mine, answer.found, limits) : TE.right(undefined),
                TE.flatMap(() => settle(answer.found, limits)),
              )
            }),
          )

        /** What the server has by now in the place of a secret that has ended; none where it does not say. */
        const renewed = (held: RegisteredClient, limits: Required<Limits>) =>
          pipe(
            readRegistration({ server, registered: held })(limits)(env),
            TE.map(O.fromPredicate((now) => now.id === held.id && isAlive(now))),
            // What says nothing of the registration is no reason to make another one, which would end all sessions of this one.
            TE.orElse((error) => (isOver(error) ? TE.right(O.none) : TE.left(error))),
          )

        const settle = (there: Stamped, limits: Required<Limits>): TE.TaskEither<AuthError, RegisteredClient> =>
          pipe(
            TE.fromEither(read(there)),
            TE.flatMap((held) => {
              if (O.isSome(held) && isAlive(held.value)) return TE.right(held.value)
              return pipe(
                O.isSome(held) ? renewed(held.value, limits) : TE.right(O.none),
                TE.flatMap(
                  O.match(
                    () =>
                      pipe(
                        register(limits)(env),
                        TE.flatMap((mine) => keep(there, mine, true, limits)),
                      ),
                    (now) => keep(there, now, false, limits),
                  ),
                ),
              )
            }),
          )

        return pipe(
          TE.fromIO(() => ({ deadline: plus(clock.now(), timeout), signal })),
          TE.flatMap((limits) =>
            pipe(
              store.get(slot),
              TE.flatMap((there) => settle(there, limits)),
            ),
          ),
          TE.flatMapEither(toClient),
        )
      }
    },
  )

/** The server says that it has no such registration any more, or that nobody may read it. */
const isOver = (error: AuthError): boolean =>
  error._tag === 'NotApplicable' || (error._tag === 'Rejected' && !AuthError.isRetryable(error))
