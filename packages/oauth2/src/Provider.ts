/**
 * What a client must know of a provider beyond its endpoints, as a value.
 *
 * @packageDocumentation
 */

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An answer to a refresh that means `invalid_grant` without saying so. */
export interface DeadGrant {
  /** `error`, to the letter. */
  readonly error: string
  /** What `error_description` must say, where the same `error` has other causes too. */
  readonly description?: RegExp | undefined
}

/**
 * How a provider speaks OAuth 2.0. Data alone, so that a table can be made of it and a provider of one's own is written down in a
 * few lines: `{ ...Provider.rfc, tokenTypeRequired: false }`.
 *
 * What needs no quirk, since it can mean only one thing, is read of every provider: an error in an answer of success that has no
 * token, a scope as a list, an answer that says it is form-encoded and is.
 *
 * @example
 * import { AuthorizationServer, Client, Provider } from '@tessera/oauth2'
 *
 * // LinkedIn's page “Authorization Code Flow” shows answers without a token type.
 * const provider: Provider = { ...Provider.rfc, tokenTypeRequired: false }
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token', provider })
 * assert.strictEqual(client.server.provider.tokenTypeRequired, false)
 * assert.deepStrictEqual(AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token' }).provider, Provider.rfc)
 */
export interface Provider {
  /**
   * How the id and the secret are written into Basic: form-encoded first (RFC 6749 §2.3.1), or as they are (RFC 7617), for a
   * server that does not decode them. The two differ only where there are characters other than letters, digits, `*`, `.`, `_`
   * and `-`.
   */
  readonly basic: 'form-encoded' | 'verbatim'
  /** What is between the scopes of a request, and of an answer. A comma may be part of a scope (RFC 6749 §3.3). */
  readonly scopeSeparator: { readonly request: ' ' | ','; readonly answer: ' ' | ',' }
  /** Other names of a bearer token in `token_type`, in lower case: Slack's `bot` and `user`. */
  readonly tokenTypes: ReadonlyArray<string>
  /** An answer without `token_type` is `Malformed` (RFC 6749 §5.1); otherwise its token is a bearer token. */
  readonly tokenTypeRequired: boolean
  /** What this provider says of a refresh token that is dead, besides `invalid_grant`. The session then asks to log in again. */
  readonly deadGrants: ReadonlyArray<DeadGrant>
  /**
   * Errors in an answer of success that say that the server itself failed: whether the grant was consumed is unknown, as after a
   * status of 5xx.
   */
  readonly serverErrors: ReadonlyArray<string>
  /** A revocation says which token it is: `token_type_hint` (RFC 7009 §2.1). */
  readonly revocationHint: boolean
}

// -----------------------------------------------------------------------------
// providers
// -----------------------------------------------------------------------------

/**
 * The strict one: a server that keeps to the RFCs. Where others do not, safety decides. What can mean nothing else is believed; what
 * may mean a token that cannot be used, or a session that is alive, is not.
 *
 * - `token_type` is required. A token of another type, used as a bearer token, is a secret given away (RFC 6749 §7.1).
 * - `invalid_token`, `bad_refresh_token` and `invalid_refresh_token` end a session: a refresh has no other token than the one that
 *   they are about, and no client can be meant by them.
 * - `invalid_request` does so only where its description says that the token has expired, was revoked or is invalid. Without such
 *   words it may be about a parameter: to end every session of a fleet because of one wrong setting is worse than an error that
 *   stays until it is mended.
 */
export const rfc: Provider = {
  basic: 'form-encoded',
  scopeSeparator: { request: ' ', answer: ' ' },
  tokenTypes: [],
  tokenTypeRequired: true,
  deadGrants: [
    { error: 'invalid_token' },
    { error: 'bad_refresh_token' },
    { error: 'invalid_refresh_token' },
    {
      error: 'invalid_request',
      description:
        /\b(?:invalid|expired|revoked|unknown|verify|decrypt)(?: the)? refresh[ _]token\b|\btoken (?:is|has|was)(?: been)? (?:invalid|expired|revoked|unknown)\b/i,
    },
  ],
  serverErrors: ['server_error', 'temporarily_unavailable'],
  revocationHint: true,
}
