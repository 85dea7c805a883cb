import { Secret, type TokenSet } from '@tessera/core'
import { AuthorizationServer, Client, ClientAuthentication, type Dpop } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import type { McpClient } from './clientFor.js'

/**
 * Whose client a session is of is kept beside its tokens, in the same record: so a refresh token never goes to another authorization
 * server than the one it came from, whatever the MCP server's metadata says by then, and every process renews as the same client.
 */
const MEMBER = 'tessera_mcp'

const Bound = t.intersection([
  t.type({
    client_id: t.string,
    token_endpoint: t.string,
    resource: t.readonlyArray(t.string),
    authentication: t.keyof({ none: null, basic: null, post: null, given: null }),
  }),
  t.partial({ issuer: t.string, revocation_endpoint: t.string, client_secret: t.string }),
])
type Bound = t.TypeOf<typeof Bound>

const authenticationOf = (
  authentication: ClientAuthentication,
): Pick<Bound, 'authentication'> & { readonly client_secret?: string } => {
  if (authentication._tag === 'None') return { authentication: 'none' }
  if (authentication._tag === 'Basic') {
    return { authentication: 'basic', client_secret: Secret.open(authentication.secret) }
  }
  if (authentication._tag === 'Post') {
    return { authentication: 'post', client_secret: Secret.open(authentication.secret) }
  }
  // A key is the application's, and is given at each start.
  return { authentication: 'given' }
}

const encode = ({ id, authentication, server, resource }: Client): Secret<'Member'> => {
  const bound: Bound = {
    client_id: id,
    token_endpoint: server.tokenEndpoint,
    resource,
    ...authenticationOf(authentication),
    ...(O.isSome(server.issuer) && { issuer: server.issuer.value }),
    ...(O.isSome(server.revocationEndpoint) && { revocation_endpoint: server.revocationEndpoint.value }),
  }
  return Secret.make('Member', JSON.stringify(bound))
}

/** A token with its client. Where the server did not say what it granted, that is what was asked for (RFC 6749 §5.1). */
export const bind =
  (client: Client, scope: ReadonlyArray<string>) =>
  (token: TokenSet): TokenSet => ({
    ...token,
    scope: token.scope.length > 0 ? token.scope : scope,
    members: new Map([...token.members, [MEMBER, encode(client)]]),
  })

/** The client of a token. `given` is the one that was registered by hand, if any: a key of it is no other client's. */
export const boundClient =
  (allowHttp: ReadonlyArray<string>, given: O.Option<McpClient>, dpop: Dpop | undefined) =>
  (token: TokenSet): O.Option<Client> =>
    pipe(
      O.fromNullable(token.members.get(MEMBER)),
      O.flatMap((member) => O.tryCatch((): unknown => JSON.parse(Secret.open(member)))),
      O.filter(Bound.is),
      O.flatMap((bound) =>
        pipe(
          authenticationIn(bound, given),
          O.map((authentication) =>
            Client.make({
              id: bound.client_id,
              authentication,
              resource: bound.resource,
              dpop,
              server: AuthorizationServer.make({
                tokenEndpoint: bound.token_endpoint,
                issuer: bound.issuer,
                revocationEndpoint: bound.revocation_endpoint,
                allowHttp,
              }),
            }),
          ),
        ),
      ),
    )

const authenticationIn = (
  { authentication, client_secret: secret, client_id: id, issuer }: Bound,
  given: O.Option<McpClient>,
): O.Option<ClientAuthentication> => {
  if (authentication === 'none') return O.some(ClientAuthentication.none)
  if (authentication === 'given') {
    return pipe(
      given,
      O.filter((client) => client.id === id && client.issuer === issuer),
      O.chainNullableK((client) => client.authentication),
    )
  }
  return pipe(
    O.fromNullable(secret),
    O.map((text) => (authentication === 'basic' ? ClientAuthentication.basic(text) : ClientAuthentication.post(text))),
  )
}
