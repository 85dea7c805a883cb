/**
 * Tokens by a signed assertion.
 *
 * @packageDocumentation
 */
import { checking, Strategy } from '@tessera/core'
import { type JwtAssertionOptions, jwtAssertion, type TokenEnv } from '@tessera/oauth2'
import { CLIENT, optional, SCOPES, SIGNER, SUBJECT } from './internal/arguments.js'
import { clockSkew } from './skew.js'
import type { SubjectChoice } from './subject.js'

/** The parameters of {@link jwt}: those of `jwtAssertion`, with a subject of Box's. */
export interface JwtOptions extends Omit<JwtAssertionOptions, 'clockSkew' | 'subject'> {
  readonly subject: SubjectChoice
}

/**
 * A token for an enterprise or a user by a JWT assertion (RFC 7523 §2.1): `iss` is the client, `sub` and `box_sub_type` are
 * the subject, `aud` is the token endpoint, `exp` is 30 s ahead (Box takes at most 60). Where Box's answer says that our
 * clock is skewed, there is one more try with the server's time and a new `jti`.
 *
 * Source: Box's guide “JWT without SDKs”.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import type { Signer } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const signer: Signer = { algorithm: 'RS256', keyId: O.some('k1'), sign: () => TE.right('c2lnbmF0dXJl') }
 * const client = Box.client({ id: 'app', secret: 's3cret' })
 * const strategy = Box.jwt({ client, signer, subject: Box.enterprise('42') })
 * assert.strictEqual(typeof strategy, 'function')
 */
export const jwt: (options: JwtOptions) => Strategy<TokenEnv> = checking(
  'Box.jwt takes { client, signer, subject, scope?, … }',
  { client: CLIENT, signer: SIGNER, subject: SUBJECT, scope: optional(SCOPES) },
  Strategy.left,
  (options) => jwtAssertion({ ...options, clockSkew }),
)
