import { AuthError, type Limits, type Revoker, Strategy, type TokenSet } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import { type Client, refreshToken, revocation } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { bind } from './bound.js'

/** Renews as the client, and at the server, that the session is of. */
export const renewing = (clientOf: (token: TokenSet) => O.Option<Client>): Strategy<NodeEnv> =>
  Strategy.make({ needsRefreshToken: true }, (attempt) =>
    pipe(
      attempt.previous,
      O.bindTo('token'),
      O.bind('client', ({ token }) => clientOf(token)),
      O.match(
        // A session that does not say whose client it is of is none.
        () => RTE.left(AuthError.reauthenticationRequired('nothing to redeem')),
        ({ token, client }) => pipe(refreshToken({ client })(attempt), RTE.map(bind(client, token.scope))),
      ),
    ),
  )

/** Revokes as that client, and calls `onRequest` where there is an endpoint for it. */
export const revoking = (clientOf: (token: TokenSet) => O.Option<Client>, onRequest: () => void): Revoker<NodeEnv> =>
  Object.assign(
    (token: TokenSet) =>
      (limits: Required<Limits>): RTE.ReaderTaskEither<NodeEnv, AuthError, void> => {
        const client = clientOf(token)
        // Not every server has such an endpoint: its tokens end by themselves.
        if (O.isNone(client) || O.isNone(client.value.server.revocationEndpoint)) return RTE.right(undefined)
        onRequest()
        return revocation({ client: client.value })(token)(limits)
      },
    { ends: 'grant' as const },
  )
