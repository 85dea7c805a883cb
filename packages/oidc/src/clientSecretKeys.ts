/**
 * The client's secret as the key of a signature (OpenID Connect Core §10.1).
 *
 * @packageDocumentation
 */
import { AuthError, checking, Secret } from '@tessera/core'
import type { Client } from '@tessera/oauth2'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { CLIENT } from './internal/arguments.js'
import { verifyBy } from './internal/verify.js'
import type { Keys } from './Keys.js'

/** The parameters of {@link clientSecretKeys}. */
export interface ClientSecretKeysOptions {
  /** One with a secret. */
  readonly client: Client
}

const SECRET: Keys['algorithms'] = ['HS256', 'HS384', 'HS512']

/**
 * For the rare provider that signs by HMAC with the client's secret, as the client was registered. Who has the secret can make ID tokens
 * then: it is for clients that ask for it by this function alone, and a public key of `jwks` is never taken for a secret.
 *
 * Errors: `Misconfigured` where the client has no secret, or one that is shorter than the hash (RFC 7518 §3.2).
 *
 * @example
 * import { Client } from '@tessera/oauth2'
 * import { clientSecretKeys } from '@tessera/oidc'
 *
 * const client = Client.make({ id: 'app', secret: 's'.repeat(32), tokenEndpoint: 'https://as.example/token' })
 * assert.strictEqual(clientSecretKeys({ client }).algorithms[0], 'HS256')
 */
export const clientSecretKeys: (options: ClientSecretKeysOptions) => Keys = checking(
  'clientSecretKeys takes { client }',
  { client: CLIENT },
  (error): Keys => ({ algorithms: SECRET, verify: () => RTE.left(error) }),
  ({ client: { authentication } }) => ({
    algorithms: SECRET,
    verify: (signature) => {
      if (!('secret' in authentication)) {
        return RTE.left(AuthError.misconfigured('secret', 'the client has none, and HMAC takes one'))
      }
      const key = new TextEncoder().encode(Secret.open(authentication.secret))
      const { algorithm } = signature
      const least = Number(algorithm.slice(2)) / 8
      return key.length < least
        ? RTE.left(AuthError.misconfigured('secret', `it is shorter than the ${least} bytes that ${algorithm} takes`))
        : RTE.fromTaskEither(verifyBy(signature)(key))
    },
  }),
)
