/**
 * Sending a person to Box to log in.
 *
 * @packageDocumentation
 */
import { type AuthError, type ClockEnv, checking, type RandomEnv } from '@tessera/core'
import {
  type DigestEnv,
  type AuthorizationRequestOptions as OAuth2Options,
  authorizationRequest as oauth2Request,
  type Transaction,
} from '@tessera/oauth2'
import { type Either, left } from 'fp-ts/lib/Either.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import { CLIENT, optional, SCOPES } from './internal/arguments.js'
import type { Scope } from './scope.js'

/** The parameters of {@link authorizationRequest}: those of OAuth 2.0's, with scopes of Box's. */
export interface AuthorizationRequestOptions extends Omit<OAuth2Options, 'scope' | 'statePrefix'> {
  /** Default: those that the application is configured with. */
  readonly scope?: ReadonlyArray<Scope> | undefined
}

/**
 * Begins a login (RFC 6749 §4.1.1). The state is `box_csrf_token_` and 22 characters of `[A-Za-z0-9]`, 131 bits. Box's Python
 * package has the same prefix and 16 characters, 95 bits: fewer than the 128 that RFC 6749 §10.10 asks for, so this one is
 * longer.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { nodeEnv } from '@tessera/node'
 *
 * const login = Box.authorizationRequest({ client: Box.client({ id: 'app', secret: 's3cret' }) })(nodeEnv())()
 * assert.ok(E.isRight(login))
 * assert.match(login.right.url, /^https:\/\/account\.box\.com\/api\/oauth2\/authorize\?state=box_csrf_token_\w{22}&/)
 */
export const authorizationRequest: (
  options: AuthorizationRequestOptions,
) => ReaderIO<RandomEnv & DigestEnv & ClockEnv, Either<AuthError, Transaction>> = checking(
  'Box.authorizationRequest takes { client, redirectUri?, scope?, … }',
  { client: CLIENT, scope: optional(SCOPES) },
  (error) => () => () => left(error),
  (options) => oauth2Request({ ...options, statePrefix: 'box_csrf_token_' }),
)
