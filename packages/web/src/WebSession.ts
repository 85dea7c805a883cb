/**
 * Sessions of people in their browsers.
 *
 * @packageDocumentation
 */
import type {
  AuthError,
  Cipher,
  ClockEnv,
  Duration,
  Instant,
  Key,
  RandomEnv,
  Strategy,
  TokenSet,
  TokenStore,
} from '@tessera/core'
import type { AuthorizationRequestOptions, Callback, DigestEnv, HttpEnv } from '@tessera/oauth2'
import type { Either } from 'fp-ts/lib/Either.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Paths } from './internal/place.js'

/** What a login needs of its environment: `nodeEnv()` has it. */
export type WebEnv = HttpEnv & ClockEnv & RandomEnv & DigestEnv

/** What logs out. */
export interface Revocable {
  readonly revoke: () => Promise<unknown>
}

/** The tokens of many people: what `connectUsers` of `@tessera/node` makes. */
export interface People<C extends Revocable> {
  readonly for: (user: Key) => C
  readonly login: (
    strategy: Strategy<WebEnv>,
    keyOf: (token: TokenSet) => TaskEither<AuthError, Key>,
  ) => Promise<{ readonly key: Key }>
}

/** Who logged in: the claims of an ID token, or what says the same. */
export interface Person {
  /** Names the person at the issuer. It is not empty. */
  readonly sub: string
  /** The provider's own name of the session, by which it may end it later. */
  readonly sid?: unknown
}

/** Of which sessions the provider says that they have ended: what `logoutToken` of `@tessera/oidc` gives. */
export interface Ended {
  readonly sub?: string
  readonly sid?: string
}

/** What happened, for a log. No secret is in it. */
export type WebEvent =
  | { readonly _tag: 'LoggedIn' | 'LoggedOut'; readonly user: Key }
  /** A login that did not succeed, a session that could not be read, or tokens that could not be revoked. */
  | { readonly _tag: 'Failed'; readonly error: AuthError }

/** The parameters of {@link webSessions}, and of what binds it to a framework. */
export interface WebSessionsOptions<C extends Revocable>
  extends Pick<AuthorizationRequestOptions, 'client' | 'scope' | 'offline' | 'extra'> {
  /**
   * Where the provider sends browsers back to, and so where the application is for them: its origin is the only one that a browser is sent
   * back to, and from which it may post. Over https the cookies are `__Host-` ones. Plain http is for this machine, and for what `allowHttp`
   * lists: its cookies have plain names, since browsers refuse the others there.
   */
  readonly redirectUri: string
  /** What `connectUsers` makes. Whose tokens they are is known by `who`; their key is what `keyOf` makes. */
  readonly users: People<C>
  /**
   * Seals the cookies. All replicas have its keys; a former key reads on for as long as sessions last (`maxAge`). Others may have them, too:
   * a cookie opens for the origin, the `name` and the issuer that it was sealed for.
   */
  readonly cipher: Cipher
  /** Which sessions there are. All replicas share it: what ends there has ended everywhere. That of the tokens will do. */
  readonly store: TokenStore
  readonly env: WebEnv
  /**
   * Who logged in. Default: the claims of the ID token, by TLS to the token endpoint; `({ nonce }) => idToken({ client, keys, nonce })` of
   * `@tessera/oidc` verifies the signature, too. Where there is no ID token: what `userinfo` says, as `{ sub }`.
   */
  readonly who?: ((callback: Callback) => (token: TokenSet) => ReaderTaskEither<WebEnv, AuthError, Person>) | undefined
  /** How long a session lasts, in ms. Default: 30 days. */
  readonly maxAge?: Duration | undefined
  /**
   * The name of the application, in its cookie and its keys in the store: of two on one host, or with one store, each has its own. Those of
   * one name and issuer share the people, their tokens and their sessions. Default: `session`.
   */
  readonly name?: string | undefined
  /** Default: `login`, `logout` and `backchannel-logout` beside the redirect URI. */
  readonly paths?: Partial<Omit<Paths, 'callback'>> | undefined
  /** Where people come to who did not ask for a page. Default: `/`. */
  readonly home?: string | undefined
  /** Origins that may be plain http, in a network that is trusted. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
  /** Whether a login without a refresh token, which cannot be renewed, is an error. Default: true. */
  readonly refreshTokenRequired?: boolean | undefined
  /** Whether tokens stay when the last session of a person logs out: for what works for people who are not there. Default: false. */
  readonly keepTokens?: boolean | undefined
  /** Where a person goes after the logout. The session has ended by then, and its tokens are there still: `logoutUrl` of `@tessera/oidc` leads to the provider's own. Default: `home`. */
  readonly afterLogout?: ((session: WebSession<C>) => string | Promise<string>) | undefined
  /** The page of a login that failed. Default: one that says so, with a link to another try. */
  readonly failed?: ((error: AuthError, request: Request) => Response | Promise<Response>) | undefined
  /** Reads what the provider posts when a session has ended there: `logoutToken({ client, keys })` of `@tessera/oidc`. */
  readonly logoutToken?: ((text: string) => ReaderTaskEither<WebEnv, AuthError, Ended>) | undefined
  readonly observe?: ((event: WebEvent) => void) | undefined
}

/** A session of a person in one browser. */
export interface WebSession<C> {
  /** The person in `users` and in the store, by application, issuer and `sub`: what `end` takes. No two issuers share one. */
  readonly user: Key
  /** The person at the provider. Another provider may have another person of that name. */
  readonly sub: string
  /** The person's tokens: `connection.fetch` calls an API for them. */
  readonly connection: C
  readonly beganAt: Instant
}

/** Answers a request. */
export type Handler = (request: Request) => Promise<Response>

/** Login, callback, logout, and who is there. */
export interface WebSessions<C extends Revocable> {
  readonly paths: Paths
  /** Answers at the paths, and nothing elsewhere. */
  readonly handle: (request: Request) => Promise<Response | undefined>
  /** GET: sends the browser to the provider. `?return_to=/a/page` is where it comes back to, a page of this application. */
  readonly login: Handler
  /** GET: where it comes back. */
  readonly callback: Handler
  /** POST: ends the session of this browser. GET is answered with a button, so that no link logs anybody out. */
  readonly logout: Handler
  /** POST, by the provider: ends the sessions that it says (OpenID Connect Back-Channel Logout 1.0). */
  readonly backchannelLogout: Handler
  /**
   * A handler for whom somebody is logged in. Others are sent to the login where they opened a page, and get a 401 with a problem (RFC 9457)
   * where a program asked; so they are where the handler throws that the person has to log in again. What is no GET, or opens a WebSocket,
   * and comes from another origin is a 403.
   */
  readonly requireSession: (
    handler: (request: Request, session: WebSession<C>) => Response | Promise<Response>,
  ) => Handler
  /** The same for what is no `Response`: left is the answer where nobody is logged in. */
  readonly withSession: <A>(
    request: Request,
    use: (session: WebSession<C>) => A | Promise<A>,
  ) => Promise<Either<Response, A>>
  /** Of whom a `sub` of the provider is, as `user` of their sessions: `users.for(keyOf(sub))` has their tokens. */
  readonly keyOf: (sub: string) => Key
  /** Logs a person out everywhere, and revokes their tokens unless those are kept. It throws at what is no key of this application. */
  readonly end: (user: Key) => Promise<void>
}
