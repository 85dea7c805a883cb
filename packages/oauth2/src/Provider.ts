/**
 * What a client must know of a provider beyond its endpoints, as a value.
 *
 * @packageDocumentation
 */
import type { Ends } from '@tessera/core'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An error of a token request, by its words. */
export interface GrantError {
  /** `error`, to the letter. */
  readonly error: string
  /** What `error_description` must say, where the same `error` has other causes too. */
  readonly description?: RegExp | undefined
}

/** How a revocation is asked for: RFC 7009, or what a provider has in its place. */
export interface RevocationRequest {
  readonly method: 'POST' | 'DELETE'
  /**
   * How the token is sent: in a form (RFC 7009 §2.1), as a member of a JSON object, or as `Authorization: Bearer` of a request that
   * has nothing else.
   */
  readonly as: 'form' | 'json' | 'bearer'
  /** The name of the token in a form or a JSON object: `token` (RFC 7009 §2.1), or by its kind `access_token` and `refresh_token`. */
  readonly parameter: 'token' | 'by kind'
  /** Whether the request says which token it is: `token_type_hint` (RFC 7009 §2.1). */
  readonly hint: boolean
  /** Who asks: the client, as everywhere, or by Basic although it sends its secret in the form elsewhere; or nobody in particular. */
  readonly authentication: 'client' | 'basic' | 'none'
  /** Which token ends the most. */
  readonly token: 'refresh' | 'access'
  /** What ends: the `grant` of the token, or `all` that the person has granted to the client. */
  readonly ends: Ends
}

/** Where an answer about a person says who it is: the name of a member, with dots to one inside: `data.id`. */
export interface PersonMembers {
  /** Unique and never given again. */
  readonly id: string
  /** What people call the person. */
  readonly name?: string
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
  /** How a token request is written: as a form (RFC 6749 §4.1.3), or as a JSON object with the same members. */
  readonly requests: 'form' | 'json'
  /** What is between the scopes of a request, and of an answer. A comma may be part of a scope (RFC 6749 §3.3). */
  readonly scopeSeparator: { readonly request: ' ' | ','; readonly answer: ' ' | ',' }
  /** The member of an answer that has the scopes. */
  readonly scopeMember: 'scope' | 'scopes'
  /** Other names of a bearer token in `token_type`, in lower case: Slack's `bot` and `user`. */
  readonly tokenTypes: ReadonlyArray<string>
  /** An answer without `token_type` is `Malformed` (RFC 6749 §5.1); otherwise its token is a bearer token. */
  readonly tokenTypeRequired: boolean
  /**
   * What this provider says of a refresh token that is dead, besides `invalid_grant`. The session then asks to log in again. Of
   * `invalid_token`, and where words are asked for, a description that names an assertion does not count; where the client authenticates
   * by one, it must name the refresh token besides.
   */
  readonly deadGrants: ReadonlyArray<GrantError>
  /**
   * What this provider says of a refresh token that is alive, `invalid_grant` though it be: another request with it is under way, say.
   * The session goes on.
   */
  readonly busyGrants: ReadonlyArray<GrantError>
  /**
   * Errors in an answer of success that say that the server itself failed: whether the grant was consumed is unknown, as after a
   * status of 5xx.
   */
  readonly serverErrors: ReadonlyArray<string>
  /**
   * Whose authorization requests have a code challenge (RFC 7636): those of all clients, or those of `public` ones alone, for a
   * provider that refuses a challenge of a client that has a secret.
   */
  readonly pkce: 'all' | 'public'
  /** What every authorization request has beside the RFC's parameters. */
  readonly authorizationParameters: Readonly<Record<string, string>>
  /** What an authorization request has in addition that asks for a refresh token. */
  readonly offline: {
    readonly scope: ReadonlyArray<string>
    readonly parameters: Readonly<Record<string, string>>
  }
  readonly revocation: RevocationRequest
  /** Where the answer of the userinfo endpoint says who it is about. */
  readonly person: PersonMembers
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
  requests: 'form',
  scopeSeparator: { request: ' ', answer: ' ' },
  scopeMember: 'scope',
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
  busyGrants: [],
  serverErrors: ['server_error', 'temporarily_unavailable'],
  pkce: 'all',
  authorizationParameters: {},
  offline: { scope: [], parameters: {} },
  revocation: {
    method: 'POST',
    as: 'form',
    parameter: 'token',
    hint: true,
    authentication: 'client',
    token: 'refresh',
    ends: 'all',
  },
  person: { id: 'sub', name: 'name' },
}
