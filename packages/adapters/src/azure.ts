/**
 * A source as the credential of Azure's clients.
 *
 * @packageDocumentation
 */
import { type ClockEnv, instant, minutes, plus, type Tokens } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { handOut, refuse } from './internal/handed.js'

/** `GetTokenOptions` of @azure/core-auth, as far as they are read here. */
export interface AzureTokenOptions {
  readonly claims?: string
}

/** `AccessToken` of @azure/core-auth. */
export interface AzureToken {
  readonly token: string
  /** In ms since the epoch. */
  readonly expiresOnTimestamp: number
  readonly tokenType: 'Bearer'
}

/** `TokenCredential` of @azure/core-auth. */
export interface AzureCredential {
  readonly getToken: (scopes: string | string[], options?: AzureTokenOptions) => Promise<AzureToken>
}

/** The parameters of {@link azureCredential}. */
export interface AzureCredentialOptions {
  readonly tokens: Tokens
  /** The environment of the source. It is for tokens without an expiry; without it the clock is the system's. */
  readonly env?: ClockEnv | undefined
}

/** After how long Azure's clients ask again where the server did not say how long a token lives. */
const ASK_AGAIN = minutes(5)

/**
 * A source as a `TokenCredential`, for `new BlobServiceClient(url, credential)` and all others. Azure's clients keep a token until shortly
 * before its end, and ask again then. `scopes` are those of the source: make one source for each resource.
 *
 * A claims challenge (continuous access evaluation) says that the token which was handed out last is refused: it is renewed, and the
 * client sends again. The claims go nowhere, as the source has its own way of asking; so the token that answered them is not renewed for the
 * same ones again. Azure's clients tell of no other 401.
 *
 * @example
 * import { azureCredential } from '@tessera/adapters/azure'
 * import type { TokenCredential } from '@azure/core-auth'
 * import type { TokenSource } from '@tessera/core'
 *
 * const credentialOf = (tokens: TokenSource): TokenCredential => azureCredential({ tokens })
 * assert.strictEqual(typeof credentialOf, 'function')
 */
export const azureCredential = ({ tokens, env }: AzureCredentialOptions): AzureCredential => {
  const now = () => env?.clock.now() ?? instant(Date.now())
  let last: string | undefined
  /** The token that came after claims, by its text: whoever is late with them was refused the one before it. */
  let answered: { readonly claims: string; readonly text: string } | undefined
  return {
    getToken: async (_scopes, { claims } = {}) => {
      const isAnswered = answered?.claims === claims && answered?.text === last
      const refused = claims === undefined || isAnswered ? undefined : last
      if (refused !== undefined) await refuse(tokens, refused)
      const { token, text } = await handOut(tokens)
      // The source stands by a token that has just come.
      if (claims !== undefined && refused !== undefined && text !== refused) answered = { claims, text }
      last = text
      return {
        token: text,
        expiresOnTimestamp: O.isSome(token.expiresAt) ? token.expiresAt.value : plus(now(), ASK_AGAIN),
        tokenType: 'Bearer',
      }
    },
  }
}
