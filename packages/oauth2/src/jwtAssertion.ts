/**
 * The JWT bearer grant (RFC 7523 §2.1).
 *
 * @packageDocumentation
 */
import {
  type Attempt,
  type AuthError,
  checking,
  type Duration,
  type Instant,
  type Secret,
  type ServerAnswer,
  type Strategy,
  seconds,
  type TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Options } from './AuthorizationServer.js'
import type { Client } from './Client.js'
import type { Grant } from './Grant.js'
import { SCOPE, SIGNER, SUBJECT } from './internal/arguments.js'
import { expiry, jti, assertion as signedBy } from './internal/assertion.js'
import { CLIENT } from './internal/clientArguments.js'
import { failing } from './internal/failing.js'
import { plain } from './internal/plain.js'
import { isNonceWanted } from './internal/proving.js'
import { scopeParameter } from './internal/scope.js'
import { rfc } from './Provider.js'
import type { Signer } from './Signer.js'
import type { TokenEnv } from './TokenEnv.js'
import { tokenRequest } from './tokenRequest.js'

/** Whom an assertion stands for. */
export interface Subject {
  readonly sub: string
  /** Claims that say what `sub` is: Box's `box_sub_type`, say. */
  readonly claims?: Readonly<Record<string, string>> | undefined
  /** What the token set remembers, in its `subject`, and the next attempt is given. Default: nothing. */
  readonly remember?: string | undefined
}

/** The parameters of {@link jwtAssertion}. */
export interface JwtAssertionOptions {
  readonly client: Client
  readonly signer: Signer
  /** A subject, or the one to choose given what the previous token set remembers. */
  readonly subject: Subject | ((remembered: O.Option<string>) => E.Either<AuthError, Subject>)
  /** What the token is for (RFC 7521 §4.1). Default: what the server grants where nothing is asked for. */
  readonly scope?: ReadonlyArray<string> | undefined
  /** `aud`. Default: the token endpoint. */
  readonly audience?: string | undefined
  /** How long an assertion lives, in ms. Default: 30 s. */
  readonly lifetime?: Duration | undefined
  /** Further claims. The grant's own cannot be changed by them. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /**
   * The server's time, where its rejection proves that our clock, which says `now`, is skewed. There is then one more try, with
   * that time and a new `jti`. Nothing is learned beyond the attempt.
   */
  readonly clockSkew?: ((answer: ServerAnswer, now: Instant) => O.Option<Instant>) | undefined
}

/** The request's pure half. An assertion is made anew for each request, so that a lost answer may be asked for again. */
export const jwtAssertionGrant = ({
  assertion,
  scope = [],
  provider = rfc,
}: { readonly assertion: Secret } & Pick<JwtAssertionOptions, 'scope'> & Pick<Options, 'provider'>): Grant => ({
  type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  parameters: [['assertion', assertion]],
  further: scopeParameter(provider, scope),
  repeatable: true,
  signedAnew: true,
})

/**
 * Signs an assertion with a fresh `jti` (43 characters, 256 bits) for every request and exchanges it. No refresh token is
 * expected: a renewal signs anew. There is no `iat`.
 *
 * @example
 * import { Client, jwtAssertion, type Signer } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * const signer: Signer = { algorithm: 'RS256', keyId: O.some('k1'), sign: () => TE.right('c2lnbmF0dXJl') }
 * const strategy = jwtAssertion({ client, signer, subject: { sub: '42', claims: { box_sub_type: 'enterprise' } } })
 * assert.strictEqual(typeof strategy, 'function')
 */
export const jwtAssertion: (options: JwtAssertionOptions) => Strategy<TokenEnv> = checking(
  'jwtAssertion takes { client, signer, subject, scope?, … }',
  { client: CLIENT, signer: SIGNER, subject: SUBJECT, scope: SCOPE },
  failing,
  ({
    client,
    signer,
    subject,
    scope,
    audience = client.server.tokenEndpoint,
    lifetime = seconds(30),
    claims = {},
    clockSkew = () => O.none,
  }) => {
    const request = tokenRequest({ client })
    const sign = signedBy(signer)
    const choose = typeof subject === 'function' ? subject : () => E.right(subject)

    const once = async (
      subject: Subject,
      now: Instant,
      attempt: Attempt,
      env: TokenEnv,
      again = false,
    ): Promise<E.Either<AuthError, TokenSet>> => {
      const { sub, claims: own, remember } = subject
      const registered = { iss: client.id, sub, aud: audience, jti: jti(env.random)(), exp: expiry(now, lifetime) }
      const signed = await sign({ ...claims, ...own, ...registered }, attempt, env.clock)()
      if (E.isLeft(signed)) return signed
      const grant = jwtAssertionGrant({ assertion: signed.right, scope, provider: client.server.provider })
      const token = await request(grant)(attempt)(env)()
      // With an assertion of its own, since the server may have seen this one before it looked at the proof.
      if (!again && E.isLeft(token) && isNonceWanted(token.left)) return once(subject, now, attempt, env, true)
      return E.isLeft(token) ? token : E.right({ ...token.right, subject: O.fromNullable(remember) })
    }

    return plain<TokenEnv>((attempt) => (env) => async () => {
      const whom = choose(O.isSome(attempt.previous) ? attempt.previous.value.subject : O.none)
      if (E.isLeft(whom)) return whom
      const first = await once(whom.right, env.clock.now(), attempt, env)
      if (E.isRight(first) || first.left._tag !== 'Rejected') return first
      const serversTime = clockSkew(first.left.answer, env.clock.now())
      return O.isNone(serversTime) ? first : once(whom.right, serversTime.value, attempt, env)
    })
  },
)
