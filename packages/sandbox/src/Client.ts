/**
 * Registered applications.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { randomToken } from './Random.js'

/** The `grant_type` values of this server. */
export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  | 'urn:ietf:params:oauth:grant-type:token-exchange'
  | 'urn:ietf:params:oauth:grant-type:device_code'

export const grantTypes: ReadonlyArray<GrantType> = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:device_code',
]

const publicGrants: ReadonlyArray<GrantType> = [
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:device_code',
]

/** A registered application. `secret` is `null` for a public client (RFC 6749 §2.1). */
export interface Client {
  readonly id: string
  readonly secret: string | null
  readonly name: string
  /** Where callbacks may go. Loopback literals match with any port (RFC 8252 §7.3), everything else exactly. */
  readonly redirectUris: ReadonlyArray<string>
  readonly grants: ReadonlyArray<GrantType>
  /** The widest scope it can get; also what it gets when it asks for none. */
  readonly scope: ReadonlyArray<string>
}

/** A client that has a secret. */
export interface ConfidentialClient extends Client {
  readonly secret: string
}

/** What `registerClient` takes; whatever is left out gets a default. `secret: null` makes a public client. */
export interface ClientInput {
  readonly id?: string
  readonly secret?: string | null
  readonly name?: string
  readonly redirectUris?: ReadonlyArray<string>
  readonly grants?: ReadonlyArray<GrantType>
  readonly scope?: ReadonlyArray<string>
  /** RSA public keys (PEM) for assertions, by `kid`. */
  readonly keys?: Readonly<Record<string, string>>
}

/** A client with its public keys. */
export interface Registration {
  readonly client: Client
  readonly keys: Map<string, KeyObject>
}

/** Makes a client of its input. Throws a `TypeError` for a redirect URI that is relative or has a fragment. */
export const makeClient = (input: ClientInput): Client => {
  const redirectUris = input.redirectUris ?? ['http://127.0.0.1/callback']
  for (const uri of redirectUris) {
    // RFC 6749 §3.1.2: absolute, and without a fragment; and fit for a Location header as it stands
    if (!URL.canParse(uri) || !/^[\x21-\x7e]+$/.test(uri) || uri.includes('#'))
      throw new TypeError(`Not a redirect URI: ${JSON.stringify(uri)}`)
  }
  const secret = input.secret === undefined ? randomToken('secret') : input.secret
  return {
    id: input.id ?? randomToken('client'),
    secret,
    name: input.name ?? 'An application',
    redirectUris,
    grants: input.grants ?? (secret === null ? publicGrants : grantTypes),
    scope: input.scope ?? ['root_readwrite', 'manage_app_users'],
  }
}

export const register = (input: ClientInput): Registration => ({
  client: makeClient(input),
  keys: new Map(Object.entries(input.keys ?? {}).map(([kid, pem]) => [kid, createPublicKey(pem)])),
})

const loopback = (uri: string): URL | undefined => {
  if (!URL.canParse(uri)) return undefined
  const url = new URL(uri)
  return url.protocol === 'http:' && (url.hostname === '127.0.0.1' || url.hostname === '[::1]') ? url : undefined
}

// Ports are compared away; the rest of the text must be equal as it was written, not as a parser would normalise it.
const withoutPort = (uri: string): string => uri.replace(/^(http:\/\/(?:127\.0\.0\.1|\[::1\])):\d{1,5}(?=[/?]|$)/, '$1')

/** Is `uri` one of the client's redirect URIs? Exact, but for the port of a loopback literal (RFC 8252 §7.3). */
export const acceptsRedirect = (client: Client, uri: string): boolean =>
  client.redirectUris.some(
    (registered) =>
      registered === uri ||
      (loopback(registered) !== undefined &&
        loopback(uri) !== undefined &&
        withoutPort(registered) === withoutPort(uri)),
  )
