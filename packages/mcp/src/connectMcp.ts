/**
 * One session with an MCP server.
 *
 * @packageDocumentation
 */
import {
  type Argument,
  AuthError,
  type CloseOptions,
  checking,
  type Key,
  type Limits,
  memoryStore,
  type Revocation,
  raised,
  type SourceEvent,
  type TokenSet,
  type TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type AccessTokenOptions, accessToken, type NodeEnv, nodeEnv, run } from '@tessera/node'
import type { Dpop } from '@tessera/oauth2'
import * as t from 'io-ts'
import type { AuthProvider, OAuthClientProvider } from './Hosts.js'
import type { McpClient } from './internal/clientFor.js'
import { mcpFetch } from './internal/mcpFetch.js'
import { authProviderOf, oauthClientProviderOf } from './internal/providers.js'
import { openSession } from './internal/session.js'
import type { Login } from './Login.js'

/** The parameters of {@link connectMcp}. */
export interface McpOptions {
  /** Of the MCP server: `https://mcp.example/mcp`. */
  readonly url: string
  /**
   * Where the session is kept: one for all processes that share the store. It must keep its records whole, as `fileStore` and `redisStore`
   * do. Default: the process's memory.
   */
  readonly store?: TokenStore | undefined
  /**
   * Names the session in the store, by words of which the URL is one: no other server's session has the same. Default: `mcp` and the URL, for
   * a store of one person's. Where a store has sessions of many people, it contains the person: `mcp https://mcp.example/mcp ann`.
   */
  readonly key?: Key | undefined
  /**
   * How the first token is acquired: `byBrowser`, `byDevice`, or `byGrant` for a service. Without it the session is used as it is, and who
   * has none is told to log in.
   */
  readonly login?: Login | undefined
  /** A client that was registered at an authorization server by hand. It goes before all others. */
  readonly client?: McpClient | undefined
  /** The https URL of a document about this client, which is its id where the authorization server takes those. */
  readonly clientMetadataUrl?: string | undefined
  /** What a client that registers itself is called. Default: `Tessera`. */
  readonly clientName?: string | undefined
  /** What to ask for besides what the server asks for. Default: what it asks for, or lists. */
  readonly scope?: ReadonlyArray<string> | undefined
  /**
   * Binds the tokens to a key (RFC 9449), one for all processes that share the store: `dpop({ key })`. Each request of `fetch` carries a proof;
   * a host that takes a provider sends none, and is told so. Default: bearer tokens.
   */
  readonly dpop?: Dpop | undefined
  /** http origins of a network of your own: `['http://mcp:8080']`. Default: none but this machine's. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
  /** By which requests go to the MCP server. Default: the platform's. */
  readonly fetch?: typeof fetch | undefined
  readonly observe?: ((event: SourceEvent) => void) | undefined
  /** One that is shared, or a test's own, which the connection does not close. Default: one of its own, which it does. */
  readonly env?: NodeEnv | undefined
}

/** What a login may be told. */
export interface McpLoginOptions extends Limits {
  /** What to ask for besides the rest. */
  readonly scope?: ReadonlyArray<string> | undefined
}

/** One session with an MCP server, in promises. They reject with {@link AuthError.toError | the typed error}. */
export interface McpConnection {
  /**
   * For a transport of either version of the SDK, in the place of an `authProvider`: sends the token to the origin of the MCP server,
   * renews it, logs in where nobody is, and logs in for more scopes where the server asks for them (403 `insufficient_scope`).
   */
  readonly fetch: typeof fetch
  /** For a host that takes an `AuthProvider` (version 2 of the SDK). It asks for no more scopes, as the SDK does not tell it of that. */
  readonly authProvider: AuthProvider
  /** For a host that takes an `OAuthClientProvider` (version 1 of the SDK). It asks for no more scopes either. */
  readonly oauthClientProvider: OAuthClientProvider
  /** The access token, valid now. Rejects where nobody is logged in. */
  readonly token: (options?: AccessTokenOptions) => Promise<string>
  /** Logs in at once, whoever is logged in. */
  readonly login: (options?: McpLoginOptions) => Promise<TokenSet>
  /** Ends the session for all who share the store, then at the server, where that has a way: otherwise `local`. */
  readonly revoke: () => Promise<Revocation>
  /** Lets a renewal under way end. What is in a store that is shared stays there. */
  readonly close: (options?: CloseOptions) => Promise<void>
  readonly source: TokenSource
  /** `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const isUrl = (value: unknown): boolean =>
  typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)

/** Whether a client has nothing to prove itself by, or says who alone may get that. */
const saysWhere: Argument['is'] = (_, { client }) => {
  if (!t.UnknownRecord.is(client)) return true
  const { secret, authentication, issuer } = client
  const isPublic = secret === undefined && (!t.UnknownRecord.is(authentication) || authentication['_tag'] === 'None')
  return isPublic || (typeof issuer === 'string' && issuer !== '')
}

/**
 * Opens a session with an MCP server: finds its authorization server, is a client there, logs a person in where that is needed, and keeps
 * one session for all processes that share the store: at an expired token one of them asks, and the others get the same answer. Nothing
 * is sent before it is used.
 *
 * By MCP's authorization (2025-11-25, 2026-07-28): protected resource metadata (RFC 9728), server metadata (RFC 8414, OpenID), a client
 * registered by hand, or with a metadata document, or by itself (RFC 7591), PKCE, `resource` (RFC 8707), `iss` (RFC 9207). A refresh
 * token goes to the authorization server that it came from and to no other.
 *
 * @throws A {@link AuthError.toError | typed error} where `url` is no URL, or neither https, nor of this machine, nor in `allowHttp`; where
 * `key` does not name it; and where a `client` has a secret, or a key, and no `issuer`.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { byBrowser, connectMcp } from '@tessera/mcp'
 *
 * const mcp = connectMcp({
 *   url: 'https://mcp.example/mcp',
 *   store: memoryStore(),
 *   login: byBrowser({ visit: (url) => console.error(`Open ${url}`) }),
 * })
 * assert.strictEqual(typeof mcp.fetch, 'function')
 * void mcp.close()
 */
export const connectMcp: (options: McpOptions) => McpConnection = checking(
  'connectMcp takes { url, store?, login?, … }',
  {
    url: { is: isUrl, expected: 'the URL of an MCP server, https mostly' },
    client: {
      is: (value) => value === undefined || (typeof value === 'object' && value !== null && 'id' in value),
      expected: 'a client that was registered by hand: { id }',
    },
    dpop: {
      is: (value) => value === undefined || (t.UnknownRecord.is(value) && typeof value['prove'] === 'function'),
      expected: 'what dpop({ key }) of @tessera/oauth2 makes',
    },
    'client.issuer': {
      is: saysWhere,
      expected:
        'the issuer of the authorization server where the client is registered: without it, whatever server the MCP server names would get its secret',
    },
    key: {
      is: (value, { url }) =>
        value === undefined || (typeof value === 'string' && value.split(' ').includes(String(url))),
      expected: 'words of which the url is one, lest another server get its tokens: mcp https://mcp.example/mcp ann',
    },
  },
  raised,
  ({
    url,
    store = memoryStore(),
    key = `mcp ${url}`,
    login,
    client,
    clientMetadataUrl,
    clientName = 'Tessera',
    scope = [],
    dpop,
    allowHttp = [],
    fetch: send = fetch,
    observe,
    env: given,
  }: McpOptions) => {
    const env = given ?? nodeEnv()
    const session = openSession({
      place: { url, allowHttp, issuer: client?.issuer },
      choice: { client, clientMetadataUrl, clientName, store, dpop },
      login,
      scope,
      store,
      key,
      observe,
      env,
    })
    const close = async (options?: CloseOptions): Promise<void> => {
      try {
        await run(session.close(options))
      } finally {
        if (given === undefined) await env.close()
      }
    }
    return {
      fetch: mcpFetch(session, { origin: new URL(url).origin, allowHttp, dpop, send }),
      authProvider: authProviderOf(session),
      oauthClientProvider: oauthClientProviderOf(session, url),
      token: (options) => accessToken(session.source, options),
      login: ({ scope: further = [], ...limits } = {}) => run(session.login(further, limits)),
      revoke: () => run(session.revoke),
      close,
      source: session.source,
      [Symbol.asyncDispose]: () => close(),
    }
  },
)
