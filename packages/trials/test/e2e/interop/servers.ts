/** Authorization servers that nobody here wrote, and what each of them does: seen, not read. */
import { nodeEnv } from '@tessera/node'
import { AuthorizationServer, discovery, type Provider } from '@tessera/oauth2'
import type { Tool } from '../../../../tools/jest/needs.js'
import { authlib, doorkeeper, oauthlib } from '../../../../tools/jest/tools.cjs'
import { right } from '../../support/either.js'
import { type Child, startServer } from '../support/child.js'

// With what is written in two ways into Basic. A colon is not there: @jmondi/oauth2-server takes it for the end of the secret.
const SECRET = 'p@ss w+rd/%20~'
export const REDIRECT = 'http://127.0.0.1:1/callback'
const SCOPES = ['read', 'write']

/** A server that runs. */
export interface Running {
  readonly child: Child
  readonly server: AuthorizationServer
  readonly client: { readonly id: string; readonly secret: string }
  /** An address of an API that takes access tokens. */
  readonly api: string
}

/** What a server does. An answer is `status error`. */
export interface Kind {
  readonly name: string
  /** What it needs besides Node.js. */
  readonly needs?: Tool
  readonly start: () => Promise<Running>
  /** How it reads Basic. */
  readonly basic: Provider['basic']
  /** What a login asks for, and gets. */
  readonly scope: ReadonlyArray<string>
  /** Further parameters of a login. */
  readonly extra?: Readonly<Record<string, string>>
  /** Its callbacks say who it is (RFC 9207). */
  readonly iss: boolean
  /** How a login ends that asks for a scope which there is not: what its callback says, or a page with nowhere to go. */
  readonly unknownScope: '302 invalid_scope' | 'a page' | 'is left out'
  /** The same of a code challenge of a method which there is not. `Malformed` is a callback without a state. */
  readonly unknownChallenge: '302 invalid_request' | 'a page' | 'Malformed'
  /** What it says of a refresh token that is dead. */
  readonly dead: '400 invalid_grant' | '400 invalid_request'
  /** What becomes of a refresh token that was used. Grace: it works until an API has seen the new access token. */
  readonly reuse: 'is refused' | 'has grace' | 'ends the session'
  /** Without it, it has no revocation endpoint. */
  readonly revocation?: {
    /** It finds a refresh token by `token_type_hint` alone, and answers 200 without it. */
    readonly needsHint: boolean
    /** What it says to a client whose secret is wrong. */
    readonly toStrangers: '401 invalid_client' | '403 unauthorized_client' | '200'
  }
  readonly device: boolean
  /** The path where it is told to let every access token expire. It ends no session whose access token has expired. */
  readonly expiring?: string
}

const endpoints = (url: string) => ({
  authorizationEndpoint: `${url}/authorize`,
  tokenEndpoint: `${url}/token`,
  revocationEndpoint: `${url}/revoke`,
  deviceAuthorizationEndpoint: `${url}/device`,
})

const starting =
  (
    script: string,
    command?: () => readonly [program: string, ...options: ReadonlyArray<string>],
    made: (url: string) => AuthorizationServer = (url) => AuthorizationServer.make(endpoints(url)),
  ): Kind['start'] =>
  async () => {
    const client = { id: 'app', secret: SECRET }
    const child = await startServer(script, { ...client, redirectUri: REDIRECT, scopes: SCOPES }, command?.())
    return { child, server: made(child.url), client, api: `${child.url}/me` }
  }

// No files beside the scripts.
const python = (find: () => string | undefined) => () => [find() ?? 'python3', '-B'] as const

const withoutRevocation = (url: string): AuthorizationServer =>
  AuthorizationServer.make({ ...endpoints(url), revocationEndpoint: undefined })

const oidcProvider = async (): Promise<Running> => {
  const child = await startServer('oidcProvider.mjs', { secret: SECRET, publicJwks: [] })
  const env = nodeEnv()
  const server = right(await discovery({ issuer: child.url })(env)())
  await env.close()
  return { child, server, client: { id: 'basic client: %+&=', secret: SECRET }, api: `${child.url}/me` }
}

/** All of them. */
export const KINDS: ReadonlyArray<Kind> = [
  {
    name: 'oidc-provider 9.13',
    start: oidcProvider,
    basic: 'form-encoded',
    scope: ['openid', 'offline_access', ...SCOPES],
    extra: { prompt: 'consent' },
    iss: true,
    unknownScope: 'is left out',
    unknownChallenge: '302 invalid_request',
    dead: '400 invalid_grant',
    reuse: 'ends the session',
    revocation: { needsHint: false, toStrangers: '401 invalid_client' },
    device: true,
  },
  {
    name: '@node-oauth/oauth2-server 5.3',
    start: starting('nodeOauth.mjs', undefined, withoutRevocation),
    basic: 'verbatim',
    scope: SCOPES,
    iss: false,
    unknownScope: '302 invalid_scope',
    unknownChallenge: '302 invalid_request',
    dead: '400 invalid_grant',
    reuse: 'is refused',
    device: false,
  },
  {
    name: '@jmondi/oauth2-server 4.3',
    start: starting('jmondi.mjs'),
    basic: 'verbatim',
    scope: SCOPES,
    iss: false,
    unknownScope: 'a page',
    unknownChallenge: 'a page',
    dead: '400 invalid_request',
    reuse: 'is refused',
    revocation: { needsHint: true, toStrangers: '200' },
    device: false,
  },
  {
    name: 'Authlib 1.2',
    needs: 'authlib',
    start: starting('authlibServer.py', python(authlib)),
    basic: 'verbatim',
    scope: SCOPES,
    iss: false,
    unknownScope: '302 invalid_scope',
    unknownChallenge: 'Malformed',
    dead: '400 invalid_grant',
    reuse: 'is refused',
    revocation: { needsHint: false, toStrangers: '401 invalid_client' },
    device: true,
  },
  {
    name: 'OAuthLib 3.2',
    needs: 'oauthlib',
    start: starting('oauthlibServer.py', python(oauthlib)),
    basic: 'form-encoded',
    scope: SCOPES,
    iss: false,
    unknownScope: '302 invalid_scope',
    unknownChallenge: '302 invalid_request',
    dead: '400 invalid_grant',
    reuse: 'is refused',
    revocation: { needsHint: false, toStrangers: '401 invalid_client' },
    device: false,
  },
  {
    name: 'Doorkeeper 5.5',
    needs: 'doorkeeper',
    start: starting('doorkeeper.rb', () => [doorkeeper() ?? 'ruby']),
    basic: 'verbatim',
    scope: SCOPES,
    iss: false,
    unknownScope: 'a page',
    unknownChallenge: 'a page',
    dead: '400 invalid_grant',
    reuse: 'has grace',
    revocation: { needsHint: false, toStrangers: '403 unauthorized_client' },
    device: false,
    expiring: '/test/expire',
  },
]
