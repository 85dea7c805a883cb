import { AuthError, between, type Limits, millis, seconds } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import { type AuthorizationServer, type Challenge, discovery, protectedResource } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import { legacyServer } from './legacy.js'
import type { Place } from './place.js'
import { probe } from './probe.js'

/** What an MCP server's metadata leads to. */
export interface Located {
  readonly resource: string
  readonly server: AuthorizationServer
  readonly scopesSupported: O.Option<ReadonlyArray<string>>
}

const PATIENCE = seconds(30)

/** The server has no such document: a refusal, or a page for people. */
export const isAbsent = (error: AuthError): boolean =>
  error._tag === 'Rejected'
    ? error.answer.status >= 400 && error.answer.status < 500
    : error._tag === 'Malformed' && error.path === 'body'

const issuerOf = (issuers: ReadonlyArray<string>, wanted: string | undefined): E.Either<AuthError, string> => {
  const [first] = issuers
  if (wanted !== undefined && !issuers.includes(wanted)) {
    const named = issuers.length === 0 ? 'none' : issuers.join(', ')
    return E.left(
      AuthError.misconfigured(
        'client.issuer',
        `the MCP server does not name it: its authorization servers are ${named}`,
      ),
    )
  }
  const issuer = wanted ?? first
  return issuer === undefined
    ? E.left(
        AuthError.malformed({
          what: 'protected resource metadata',
          path: 'authorization_servers',
          expected: 'a list of at least one',
        }),
      )
    : E.right(issuer)
}

/**
 * Finds the authorization server of an MCP server: by the metadata that its challenge names, else at the well-known addresses (RFC 9728
 * §3, §5), and from there by RFC 8414 or OpenID discovery. A server of MCP's first revision, without such metadata, is its own
 * authorization server.
 */
export const locate =
  (
    { url, allowHttp, issuer: wanted }: Place,
    challenged: O.Option<Challenge>,
    limits: Required<Limits>,
  ): ReaderTaskEither<NodeEnv, AuthError, Located & { readonly challenge: O.Option<Challenge> }> =>
  (env) =>
  async () => {
    const { signal, deadline } = limits
    const challenge = O.isSome(challenged) ? challenged : await probe(url, limits)(env)()
    const bounds = () => ({
      signal,
      allowHttp,
      timeout: millis(Math.min(PATIENCE, between(env.clock.now(), deadline))),
    })
    const resourceMetadata = O.toUndefined(O.flatMap(({ resourceMetadata }: Challenge) => resourceMetadata)(challenge))
    const found = await protectedResource({ url, resourceMetadata, ...bounds() })(env)()
    if (E.isLeft(found)) {
      if (!isAbsent(found.left)) return found
      const server = await legacyServer({ url, allowHttp }, limits)(env)()
      if (E.isLeft(server)) return server
      const named = issuerOf([O.getOrElse(() => new URL(url).origin)(server.right.issuer)], wanted)
      if (E.isLeft(named)) return named
      return E.right({ resource: url, server: server.right, scopesSupported: O.none, challenge })
    }
    const { resource, authorizationServers, scopesSupported } = found.right
    const issuer = issuerOf(authorizationServers, wanted)
    if (E.isLeft(issuer)) return issuer
    const server = await discovery({ issuer: issuer.right, ...bounds() })(env)()
    return E.isLeft(server) ? server : E.right({ resource, server: server.right, scopesSupported, challenge })
  }
