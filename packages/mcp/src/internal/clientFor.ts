import { AuthError, type Key, type Limits, type Secret, seconds, type TokenStore } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import {
  type AuthorizationServer,
  Client,
  type ClientAuthentication,
  clientIdUrl,
  type Dpop,
  type RegisteredClientOptions,
  registeredClient,
} from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Located } from './locate.js'

/** A client that was registered by hand. */
export interface McpClient {
  readonly id: string
  readonly secret?: Secret<'ClientSecret'> | string | undefined
  /** In the place of a secret: a key, say. */
  readonly authentication?: ClientAuthentication | undefined
  /**
   * Where it was registered: needed where it has a secret or a key. Where the MCP server does not name that authorization server, the login
   * fails, and nothing is sent.
   */
  readonly issuer?: string | undefined
}

/** Who the client may be. */
export interface ClientChoice {
  readonly client: McpClient | undefined
  /** The URL of a document about the client, which is its id. */
  readonly clientMetadataUrl: string | undefined
  /** What a client that registers itself is called. */
  readonly clientName: string
  /** Where one that has registered itself is kept. */
  readonly store: TokenStore
  /** What its tokens are bound by. */
  readonly dpop: Dpop | undefined
}

/** What a client is needed for. */
export interface Use {
  readonly redirectUris: ReadonlyArray<string>
  readonly scope: ReadonlyArray<string>
  readonly interactive: boolean
}

/** A client, and how another one takes its place where it registered itself and the server does not take it any more. */
export interface Chosen {
  readonly client: Client
  readonly replace: O.Option<RTE.ReaderTaskEither<NodeEnv, AuthError, Client>>
}

const byHand = (
  { id, secret, authentication }: McpClient,
  of: Pick<Client, 'server' | 'dpop'> & Pick<Located, 'resource'>,
): Client => (secret === undefined ? Client.make({ id, authentication, ...of }) : Client.make({ id, secret, ...of }))

const BY_SECRET = ['client_secret_basic', 'client_secret_post']

/** A program on a person's machine keeps no secret of its maker's, so it asks for none where the server allows that. */
const methodAt = ({ tokenEndpointAuthMethods }: AuthorizationServer): string => {
  const methods = O.getOrElse((): ReadonlyArray<string> => [])(tokenEndpointAuthMethods)
  const bySecret = methods.find((method) => BY_SECRET.includes(method))
  return methods.includes('none') ? 'none' : (bySecret ?? 'none')
}

const grantTypesOf = ({ redirectUris, interactive }: Use): ReadonlyArray<string> => {
  if (!interactive) return ['client_credentials']
  return [
    redirectUris.length > 0 ? 'authorization_code' : 'urn:ietf:params:oauth:grant-type:device_code',
    'refresh_token',
  ]
}

const CLIENT = 'mcp client'

/**
 * Whether what a store has under a key is a client that registered itself, and no session: for whoever lists a store.
 *
 * @example
 * import { isClientKey } from '@tessera/mcp'
 *
 * assert.strictEqual(isClientKey('mcp https://mcp.example/mcp'), false)
 */
export const isClientKey = (key: Key): boolean => key.startsWith(`${CLIENT} `)

/** A registration that is not waited for by anybody. */
const AFTERWARDS = seconds(5)

const bySelf = (
  { clientName, store, dpop }: ClientChoice,
  { server, resource }: Located,
  use: Use,
  { signal }: Required<Limits>,
) => {
  const { redirectUris, scope } = use
  const options: RegisteredClientOptions = {
    store,
    // A client that comes back elsewhere is another one: not every server takes any port of this machine (RFC 8252 §7.3).
    key: [CLIENT, ...redirectUris].join(' '),
    server,
    resource,
    dpop,
    redirectUris,
    scope,
    name: clientName,
    grantTypes: grantTypesOf(use),
    applicationType: 'native',
    authenticationMethod: methodAt(server),
  }
  return pipe(
    registeredClient({ ...options, signal }),
    RTE.map((client): Chosen => {
      const replace = registeredClient({ ...options, replacing: client.id, timeout: AFTERWARDS })
      return { client, replace: O.some(replace) }
    }),
  )
}

/**
 * The client at an authorization server, by MCP's order: one that was registered there by hand, else one whose id is the URL of a document
 * (where the server takes those), else one that registers itself.
 */
export const clientFor = (
  choice: ClientChoice,
  located: Located,
  use: Use,
  limits: Required<Limits>,
): RTE.ReaderTaskEither<NodeEnv, AuthError, Chosen> => {
  const { client, clientMetadataUrl, dpop } = choice
  const { server, resource } = located
  if (client !== undefined) return RTE.right({ client: byHand(client, { server, resource, dpop }), replace: O.none })
  if (clientMetadataUrl !== undefined && server.clientIdMetadataDocumentSupported) {
    return pipe(
      RTE.fromEither(clientIdUrl(clientMetadataUrl)),
      RTE.map((id) => ({ client: Client.make({ id, server, resource, dpop }), replace: O.none })),
    )
  }
  if (O.isSome(server.registrationEndpoint)) return bySelf(choice, located, use, limits)
  const who = O.getOrElse(() => server.tokenEndpoint)(server.issuer)
  return RTE.left(
    AuthError.misconfigured(
      'client',
      `${who} lets no client register itself: register one there, and give client: { id }`,
    ),
  )
}
