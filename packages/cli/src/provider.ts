/**
 * Whom tokens come from, and as which client.
 */
import * as Box from '@tessera/box'
import type { Secret } from '@tessera/core'
import { type AuthorizationServer, Client, ClientAuthentication } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { contramap, type Ord } from 'fp-ts/lib/Ord.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as S from 'fp-ts/lib/string.js'
import { BOX, type Chosen } from './preset.js'
import { type Principal, showPrincipal } from './principal.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** An application of Box's, or of a server that speaks like it. */
export interface BoxProvider {
  readonly _tag: 'Box'
  readonly settings: Box.Settings
  /** Another server than Box. */
  readonly baseUrl: O.Option<string>
  /** Where its tokens may go, besides Box's own API. */
  readonly origins: ReadonlyArray<string>
  readonly allowHttp: ReadonlyArray<string>
}

/** How a client with a secret sends it (RFC 6749 §2.3.1). */
export type SecretMethod = 'basic' | 'post'

/** A client of any other authorization server. */
export interface OAuthProvider {
  readonly _tag: 'OAuth'
  readonly server: AuthorizationServer
  /** The preset that the server is of. */
  readonly chosen: O.Option<Chosen>
  /** Its metadata is looked up anew at each login. */
  readonly discovered: boolean
  readonly clientId: string
  /** None for a public client. */
  readonly clientSecret: O.Option<Secret<'ClientSecret'>>
  /** None: as the server takes it. */
  readonly authentication: O.Option<SecretMethod>
  readonly scope: ReadonlyArray<string>
  /** Further ones of a request for a token: `audience`, say. */
  readonly parameters: Readonly<Record<string, string>>
  /** Where its tokens may go, besides the server itself. */
  readonly origins: ReadonlyArray<string>
  readonly allowHttp: ReadonlyArray<string>
}

export type Provider = BoxProvider | OAuthProvider

// -----------------------------------------------------------------------------
// the client and its server
// -----------------------------------------------------------------------------

const boxServer = ({ baseUrl, allowHttp }: BoxProvider): AuthorizationServer =>
  pipe(
    baseUrl,
    O.match(
      () => Box.server({ allowHttp }),
      // An `iss` in a callback, where there is one, has to be the server's own.
      (base) => Box.serverAt(base, { issuer: O.some(base), allowHttp }),
    ),
  )

const oauthClient = ({ server, clientId: id, clientSecret, authentication }: OAuthProvider): Client => {
  if (O.isNone(clientSecret)) return Client.make({ id, server })
  const secret = clientSecret.value
  return O.isNone(authentication)
    ? Client.make({ id, secret, server })
    : Client.make({ id, authentication: ClientAuthentication[authentication.value](secret), server })
}

/** The client, at its server. */
export const clientOf = (provider: Provider): Client =>
  provider._tag === 'Box'
    ? Box.client({
        id: provider.settings.clientId,
        secret: provider.settings.clientSecret,
        server: boxServer(provider),
      })
    : oauthClient(provider)

/** The issuer, or what stands for it where it is not known. */
export const issuerOf = ({ issuer, tokenEndpoint }: AuthorizationServer): string =>
  O.getOrElse(() => tokenEndpoint)(issuer)

/** The name of a provider that has one. */
export const nameOf = (provider: Provider): O.Option<string> =>
  provider._tag === 'Box'
    ? O.some(BOX)
    : pipe(
        provider.chosen,
        O.map(({ preset }) => preset.name),
      )

/** What people call the server: `Box`, or its host. */
export const hostOf = (provider: Provider): string => {
  const url = provider._tag === 'Box' ? provider.baseUrl : O.some(issuerOf(provider.server))
  return pipe(
    url,
    O.filter(URL.canParse),
    O.match(
      () => 'Box',
      (text) => new URL(text).host,
    ),
  )
}

/** The address that says which provider it is. */
export const addressOf = (provider: Provider): string =>
  provider._tag === 'Box' ? O.getOrElse(() => 'https://api.box.com')(provider.baseUrl) : issuerOf(provider.server)

const BOX_ORIGINS: ReadonlyArray<string> = ['https://api.box.com', 'https://upload.box.com']

const ownOrigins = (provider: Provider): ReadonlyArray<string> => {
  if (provider._tag === 'OAuth') {
    const { tokenEndpoint, userinfoEndpoint } = provider.server
    // Who logged in is asked there with the token, so that it is the provider's own API.
    const api = O.isSome(provider.chosen) && O.isSome(userinfoEndpoint) ? [userinfoEndpoint.value] : []
    return [tokenEndpoint, ...api].map((url) => new URL(url).origin)
  }
  return pipe(
    provider.baseUrl,
    O.match(
      () => BOX_ORIGINS,
      (base) => [new URL(base).origin],
    ),
  )
}

/** The only origins that get a token of this provider's: those that were named, and the server that issued it. */
export const originsOf = (provider: Provider): ReadonlyArray<string> =>
  RA.uniq(S.Eq)([...ownOrigins(provider), ...provider.origins])

// -----------------------------------------------------------------------------
// scopes and sessions
// -----------------------------------------------------------------------------

const OFFLINE = 'offline_access'
const OPENID = 'openid'
/** What a login says of the person (OpenID Connect Core §5.4). */
const IDENTITY = [OPENID, 'profile', 'email']

/**
 * What a person's login asks for: that of the profile, or where it names none the person's identity; and the right to renew
 * without that person (OpenID Connect Core §11), where the server's metadata lists these.
 */
export const loginScope = ({ scope, server: { scopesSupported } }: OAuthProvider): ReadonlyArray<string> => {
  const isListed = (name: string): boolean =>
    O.exists((all: ReadonlyArray<string>) => all.includes(name))(scopesSupported)
  return RA.uniq(S.Eq)([
    ...scope,
    ...(scope.length === 0 && isListed(OPENID) ? IDENTITY.filter(isListed) : []),
    ...(isListed(OFFLINE) ? [OFFLINE] : []),
  ])
}

/** Parameters of the authorization request. A server of OpenID Connect gives `offline_access` only with `prompt=consent`. */
export const loginParameters = (
  { parameters }: OAuthProvider,
  scope: ReadonlyArray<string>,
): Readonly<Record<string, string>> => ({
  ...(scope.includes(OPENID) && scope.includes(OFFLINE) && { prompt: 'consent' }),
  ...parameters,
})

const byName: Ord<readonly [string, string]> = contramap(([name]: readonly [string, string]) => name)(S.Ord)

const grantOf = (provider: Provider, principal: Principal): string => {
  const who = showPrincipal(principal)
  if (provider._tag === 'Box') return `${who}:${O.getOrElse(() => '')(provider.settings.enterpriseId)}`
  const parameters = RA.sort(byName)(Object.entries(provider.parameters))
  return [
    who,
    ...RA.sort(S.Ord)(RA.uniq(S.Eq)(provider.scope)),
    // No scope has a quotation mark (RFC 6749 §3.3).
    ...(parameters.length === 0 ? [] : [JSON.stringify(parameters)]),
  ].join(' ')
}

/**
 * The key of a session. It contains the server, the client, the principal and what tokens are asked for, so that nobody's token
 * serves anybody else. A person's login also belongs to the profile that it was made for, by `owner`: two profiles may be of two
 * accounts. With Box, they share it.
 */
export const keyOf = (provider: Provider, principal: Principal, owner: string): string =>
  JSON.stringify([
    provider._tag === 'Box' ? boxServer(provider).tokenEndpoint : issuerOf(provider.server),
    provider._tag === 'Box' ? provider.settings.clientId : provider.clientId,
    grantOf(provider, principal),
    ...(provider._tag === 'OAuth' && principal._tag === 'Login' ? [owner] : []),
  ])
