/** What a provider's page says of its servers, for a server that behaves like that. */

/** A member of an answer, or none. */
export type Answer = readonly [status: number, body: unknown]

export interface DevicePage {
  /** Host and path. */
  readonly at: string
  /** The answer beside `device_code` and `user_code`. */
  readonly answer: Readonly<Record<string, unknown>>
  readonly pending: Answer
}

export interface RevocationPage {
  readonly at: string
  readonly method: 'POST' | 'DELETE'
  readonly written: 'form' | 'json' | 'bearer'
  /** The name of the token, or one for each kind. */
  readonly named: 'token' | { readonly access?: string; readonly refresh?: string }
  /** Which tokens it takes. */
  readonly takes: ReadonlyArray<'access' | 'refresh'>
  /** How the client authenticates; `none` where the page shows no client. */
  readonly client: 'basic' | 'post' | 'none'
  readonly answer: Answer
  /** Of a token that is unknown. */
  readonly unknown?: Answer
  /** What ends: that token, its pair, or all of the person. */
  readonly ends: 'token' | 'pair' | 'all'
}

export interface Page {
  /** The preset that is tried. */
  readonly preset: string
  readonly variables?: Readonly<Record<string, string>>
  readonly authorize: string
  readonly token: string
  /** Where a refresh goes, if elsewhere. */
  readonly refresh?: string
  readonly client: 'basic' | 'post'
  /** Whether Basic is decoded after base64. Unknown where it is not said. */
  readonly decodes?: boolean
  /** How the token endpoint reads; a form where it is not said. */
  readonly json?: true
  /** What is between scopes in a request, and in an answer. */
  readonly scopes?: ' ' | ','
  readonly answered: { readonly member: 'scope' | 'scopes'; readonly as: ' ' | ',' | 'list' } | 'none'
  /** What an authorization request must have. */
  readonly required?: Readonly<Record<string, string>>
  /** What it must have for a refresh token. */
  readonly offline?: { readonly scope?: string; readonly parameters?: Readonly<Record<string, string>> }
  /** `refused` of a client with a secret. */
  readonly pkce?: 'required' | 'refused'
  /** `iss` of its callbacks. */
  readonly iss?: string
  /** Its `token_type`, or none. */
  readonly type?: string
  /** In seconds, or none. */
  readonly expiresIn?: number | string
  /** Further members of an answer. */
  readonly more?: Readonly<Record<string, unknown>>
  /** What a refresh answers: no other refresh token; another one; or another one, and the old one dies. */
  readonly rotation: 'none' | 'reusable' | 'single use'
  /** A refresh ends the old access token. */
  readonly endsOldAccess?: true
  /** Of a dead refresh token; none where nobody knows. */
  readonly dead?: Answer
  /** Of a refresh that is refused although the token is alive. */
  readonly busy?: Answer
  readonly machines?: true
  readonly device?: DevicePage
  readonly revocation?: RevocationPage
  readonly person?: { readonly at: string; readonly body: unknown; readonly id: string; readonly name?: string }
}
