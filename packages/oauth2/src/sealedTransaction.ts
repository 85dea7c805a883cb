/**
 * A login under way, as a text: for a cookie, or for the application's own session.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  between,
  type Cipher,
  type ClockEnv,
  checking,
  type Duration,
  instant,
  minutes,
  raised,
  Secret,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import * as t from 'io-ts'
import * as AuthorizationServer from './AuthorizationServer.js'
import type { Transaction } from './authorizationRequest.js'
import { CIPHER } from './internal/arguments.js'
import { decodeJson, texts } from './internal/json.js'
import { once } from './internal/once.js'

/** The parameters of {@link sealTransaction}. */
export interface SealTransactionOptions {
  /** Shared by all processes that may get the callback: `aesGcm` of `@tessera/node`. */
  readonly cipher: Cipher
}

/** The parameters of {@link openTransaction}. */
export interface OpenTransactionOptions extends SealTransactionOptions {
  /** How long after its beginning a login may come back, in ms. Default: 10 minutes. */
  readonly maxAge?: Duration | undefined
}

const WHAT = 'sealed transaction'
const AGAIN = 'begin the login again'
// What the cipher sealed for a store does not open as a login, nor the other way round.
const PURPOSE = 'tessera transaction v1'

const Server = t.intersection([
  t.type({ tokenEndpoint: t.string, issParameterSupported: t.boolean, allowHttp: texts }),
  t.partial({
    issuer: t.string,
    authorizationEndpoint: t.string,
    revocationEndpoint: t.string,
    deviceAuthorizationEndpoint: t.string,
    refreshEndpoint: t.string,
    userinfoEndpoint: t.string,
    tokenEndpointAuthMethods: texts,
  }),
])
const Sealed = t.intersection([
  t.type({ v: t.literal(1), beganAt: t.number, url: t.string, state: t.string, server: Server }),
  t.partial({ verifier: t.string, nonce: t.string, redirectUri: t.string, expiresAt: t.number }),
])
const decode = decodeJson(WHAT, Sealed)

/**
 * What of a server is not kept: a login under way has asked already, lists may be too long for a cookie, and how the server speaks
 * and signs is the client's to say at the exchange.
 */
type Unkept =
  | 'scopesSupported'
  | 'registrationEndpoint'
  | 'codeChallengeMethods'
  | 'pushedAuthorizationRequestEndpoint'
  | 'requirePushedAuthorizationRequests'
  | 'introspectionEndpoint'
  | 'mtlsEndpointAliases'
  | 'clientIdMetadataDocumentSupported'
  | 'dpopSigningAlgorithms'
  | 'jwksUri'
  | 'endSessionEndpoint'
  | 'provider'

/** No endpoint of a server is forgotten: the compiler asks for each. */
type ServerRecord = {
  readonly [Name in Exclude<keyof AuthorizationServer.AuthorizationServer, Unkept>]: t.TypeOf<typeof Server>[Name]
}

const fromServer = (server: AuthorizationServer.AuthorizationServer): ServerRecord => ({
  issuer: O.toUndefined(server.issuer),
  tokenEndpoint: server.tokenEndpoint,
  authorizationEndpoint: O.toUndefined(server.authorizationEndpoint),
  revocationEndpoint: O.toUndefined(server.revocationEndpoint),
  deviceAuthorizationEndpoint: O.toUndefined(server.deviceAuthorizationEndpoint),
  refreshEndpoint: O.toUndefined(server.refreshEndpoint),
  userinfoEndpoint: O.toUndefined(server.userinfoEndpoint),
  issParameterSupported: server.issParameterSupported,
  tokenEndpointAuthMethods: O.toUndefined(server.tokenEndpointAuthMethods),
  allowHttp: server.allowHttp,
})

const wrong = (expected: string): AuthError => AuthError.malformed({ what: WHAT, path: 'text', expected })

// A cipher's own words name the key, and nothing of what is inside.
const unopened = (error: AuthError): AuthError =>
  error._tag === 'StoreFailed' ? wrong(`one of this cipher's: ${error.reason}; ${AGAIN}`) : error

/**
 * Seals a login under way, so that its callback can be checked by another request or another process: in a cookie (`HttpOnly`,
 * `Secure`, `SameSite=Lax`, for the callback's path), or in the application's own session. It has all that the check needs, and
 * fits a cookie (4,096 bytes) unless the URLs are unusually long.
 *
 * **Single use.** A kept transaction is spent by its callback. A sealed one is a text, and whoever has the text can open it again
 * until it is too old: each opening is a transaction of its own, spent once for itself. What holds all the same: the code is of
 * single use at the server (RFC 6749 §4.1.2), and the callback only fits the browser that brings the cookie. Take the cookie away
 * with the answer to the callback. To have it once and no more, keep the text in a session on the server, and take it out there in
 * one step before {@link openTransaction}.
 *
 * @example
 * import { authorizationRequest, callback, Client, openTransaction, sealTransaction } from '@tessera/oauth2'
 * import { aesGcm, generateKey, nodeEnv, systemRandom } from '@tessera/node'
 * import { Secret } from '@tessera/core'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const env = nodeEnv()
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 * })
 * const cipher = aesGcm({ write: generateKey(systemRandom)() })
 * const begun = authorizationRequest({ client, redirectUri: 'https://app.example/callback' })(env)()
 * assert.ok(E.isRight(cipher) && E.isRight(begun))
 *
 * // The answer that redirects to `begun.right.url` sets the cookie; the callback's request brings it back.
 * const cookie = sealTransaction({ cipher: cipher.right })(begun.right)()
 * const opened = openTransaction({ cipher: cipher.right })(cookie)(env)()
 * assert.ok(E.isRight(opened))
 * const checked = callback(opened.right)(`/callback?code=SplxlOBeZQ&state=${Secret.open(begun.right.state)}`)()
 * assert.ok(E.isRight(checked))
 */
export const sealTransaction: (options: SealTransactionOptions) => (transaction: Transaction) => IO<string> = checking(
  'sealTransaction takes { cipher }',
  { cipher: CIPHER },
  raised,
  ({ cipher }) =>
    ({ beganAt, expiresAt, url, state, verifier, nonce, redirectUri, server }: Transaction): IO<string> => {
      const record = {
        v: 1,
        beganAt,
        url,
        state: Secret.open(state),
        ...(verifier !== undefined && { verifier: Secret.open(verifier) }),
        ...(nonce !== undefined && { nonce: Secret.open(nonce) }),
        ...(redirectUri !== undefined && { redirectUri }),
        ...(expiresAt !== undefined && { expiresAt }),
        server: fromServer(server),
      }
      return cipher.seal(Secret.make('Record', JSON.stringify(record)), PURPOSE)
    },
)

// Of a process that is newer than this one.
const unread = (): AuthError => wrong(`of this version; ${AGAIN}`)

const restored = ({
  beganAt,
  expiresAt,
  url,
  state,
  verifier,
  nonce,
  redirectUri,
  server,
}: t.TypeOf<typeof Sealed>): Transaction => ({
  url,
  state: Secret.make('State', state),
  verifier: verifier === undefined ? undefined : Secret.make('CodeVerifier', verifier),
  nonce: nonce === undefined ? undefined : Secret.make('Nonce', nonce),
  redirectUri,
  server: AuthorizationServer.make(server),
  beganAt: instant(beganAt),
  expiresAt: expiresAt === undefined ? undefined : instant(expiresAt),
  spend: once(),
})

/**
 * Opens what {@link sealTransaction} sealed: `callback` checks the same of it as of the one that was kept. See there what is of
 * single use and what is not.
 *
 * Errors: `Malformed` where there is no text (the cookie is missing, or a parser of cookies made an object of it), where it does not open
 * (changed, of another key, sealed for something else), or where the login began longer than `maxAge` ago. Each says to begin the login
 * again.
 */
export const openTransaction: (
  options: OpenTransactionOptions,
) => (text: string | undefined) => ReaderIO<ClockEnv, E.Either<AuthError, Transaction>> = checking(
  'openTransaction takes { cipher, maxAge? }',
  { cipher: CIPHER },
  (error) => () => () => () => E.left(error),
  ({ cipher, maxAge = minutes(10) }) =>
    (text: string | undefined): ReaderIO<ClockEnv, E.Either<AuthError, Transaction>> =>
    ({ clock }) =>
    () =>
      pipe(
        // A parser of cookies may have made an object of one.
        typeof text !== 'string' || text === ''
          ? E.left(wrong(`there: the browser brought no cookie, or the session has none; ${AGAIN}`))
          : pipe(cipher.open(text, PURPOSE), E.mapLeft(unopened)),
        E.flatMap((record) => pipe(decode(Secret.make('Body', Secret.open(record))), E.mapLeft(unread))),
        E.map(restored),
        E.filterOrElse(
          ({ beganAt }) => between(beganAt, clock.now()) <= maxAge,
          () => wrong(`of a login that began at most ${maxAge / 1_000} s ago; ${AGAIN}`),
        ),
      ),
)
