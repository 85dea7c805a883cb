/**
 * A client of an authorization server, as a value.
 *
 * @packageDocumentation
 */
import { checking, raised, type Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthorizationServer from './AuthorizationServer.js'
import * as ClientAuthentication from './ClientAuthentication.js'
import type { Dpop } from './Dpop.js'
import { DPOP } from './internal/arguments.js'
import { isRecord } from './internal/isRecord.js'
import { listed } from './internal/resource.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A registered client. */
export interface Client {
  readonly id: string
  readonly authentication: ClientAuthentication.ClientAuthentication
  readonly server: AuthorizationServer.AuthorizationServer
  /** Sent with every token request that acquires or renews, after the grant's own parameters: Box's device pinning, say. */
  readonly parameters: Readonly<Record<string, string>>
  /**
   * What its tokens are for: absolute URIs without a fragment (RFC 8707 §2). Sent with every request that acquires or renews, and with the
   * authorization request.
   */
  readonly resource: ReadonlyArray<string>
  /** What it proves its possession of tokens by (RFC 9449). */
  readonly dpop?: Dpop | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The parameters of {@link make}: the server as a value, or its endpoints beside the rest; a secret, or an authentication. What
 * belongs to the server, `allowHttp` say, is given to `AuthorizationServer.make` or `discovery` where the server is a value.
 */
export type Options = {
  readonly id: string
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /**
   * The API that the tokens are for, or several. One that is not absolute, or has a fragment, is `Misconfigured` where it is sent. To ask
   * for a token for fewer of them, make another client: `Client.make({ ...client, resource })`. Default: none is named.
   */
  readonly resource?: string | ReadonlyArray<string> | undefined
  /** Binds the tokens of this client to a key (RFC 9449): `dpop({ key })`. Default: bearer tokens. */
  readonly dpop?: Dpop | undefined
} & (
  | {
      /**
       * Short for `authentication: ClientAuthentication.basic(secret)`, which every server has to take (RFC 6749 §2.3.1) and which
       * is meant where its metadata says nothing (RFC 8414 §2). Where the metadata has `client_secret_post` and not
       * `client_secret_basic`, it is `ClientAuthentication.post(secret)`.
       */
      readonly secret?: Secret<'ClientSecret'> | string
      readonly authentication?: undefined
    }
  | {
      readonly secret?: never
      /** Default: by the secret where there is one, none otherwise. */
      readonly authentication?: ClientAuthentication.ClientAuthentication | undefined
    }
) &
  (
    | ({ readonly server: AuthorizationServer.AuthorizationServer } & {
        readonly [Name in keyof AuthorizationServer.Options]?: undefined
      })
    | ({ readonly server?: undefined } & AuthorizationServer.Options)
  )

const isTagged = (value: unknown): boolean => isRecord(value) && typeof value['_tag'] === 'string'

const wantsPost = (methods: ReadonlyArray<string>): boolean =>
  methods.includes('client_secret_post') && !methods.includes('client_secret_basic')

const bySecret = (
  secret: Secret<'ClientSecret'> | string,
  { tokenEndpointAuthMethods }: AuthorizationServer.AuthorizationServer,
): ClientAuthentication.ClientAuthentication =>
  O.exists(wantsPost)(tokenEndpointAuthMethods) ? ClientAuthentication.post(secret) : ClientAuthentication.basic(secret)

/**
 * A client.
 *
 * @throws A {@link AuthError.toError | typed error} where an option is no value of its type: a text for a server, say; where two
 * contradict each other; and where a secret is given that is undefined, as a setting that is missing is.
 *
 * @example
 * import { Client } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * assert.strictEqual(client.authentication._tag, 'Basic')
 */
export const make: (options: Options) => Client = checking(
  'Client.make takes { id, secret?, server | tokenEndpoint, dpop? }',
  {
    id: { is: (_, options) => 'id' in options, expected: 'a text' },
    secret: {
      is: (value, options) => value !== undefined || !('secret' in options),
      expected: 'a text, but it is undefined: is a setting missing? Leave it out for a public client',
    },
    authentication: {
      is: (value, { secret }) => value === undefined || (isTagged(value) && secret === undefined),
      expected: 'what ClientAuthentication makes, its basic(secret) say, and given in the place of a secret',
    },
    resource: {
      is: (value) => value === undefined || typeof value === 'string' || Array.isArray(value),
      expected: 'a URI or a list of URIs',
    },
    dpop: DPOP,
    server: {
      is: (value, options) =>
        value === undefined
          ? 'tokenEndpoint' in options
          : AuthorizationServer.is(value) && Object.keys(value).every((name) => options[name] === undefined),
      expected:
        'what AuthorizationServer.make or discovery makes, to which allowHttp and the like are given; in its place its endpoints may be',
    },
  },
  raised,
  (options) => {
    const { id, secret, authentication, parameters = {}, resource, dpop } = options
    const given = options.server ?? AuthorizationServer.make(options)
    const server = authentication?._tag === 'Tls' ? AuthorizationServer.mutualTls(given) : given
    return {
      id,
      authentication: authentication ?? (secret === undefined ? ClientAuthentication.none : bySecret(secret, server)),
      server,
      parameters,
      resource: listed(resource),
      dpop,
    }
  },
)

// -----------------------------------------------------------------------------
// questions
// -----------------------------------------------------------------------------

/** Whether a value is a client, as {@link make} makes one. */
export const is = (value: unknown): value is Client =>
  isRecord(value) && isTagged(value['authentication']) && AuthorizationServer.is(value['server'])
