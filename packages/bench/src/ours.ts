/**
 * Tessera, as its documentation says.
 */
import { setMaxListeners } from 'node:events'
import {
  type Attempt,
  AuthError,
  type Clock,
  instant,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  type Strategy,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, nodeEnv, openSource, run, signer, systemClock } from '@tessera/node'
import {
  Client,
  ClientAuthentication,
  clientCredentials,
  jwtAssertion,
  refreshToken,
  type Signer,
  type TokenEnv,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Ask, SigningKey } from './peers/Peer.js'
import { type Endpoints, FIRST_REFRESH_TOKEN } from './server/TokenServer.js'

const clientAt = (tokenEndpoint: string): Client =>
  Client.make({ id: 'app', authentication: ClientAuthentication.post('s3cret'), tokenEndpoint })

/** Row A. */
export const cached = async ({ tokenEndpoint }: Endpoints, env: NodeEnv): Promise<Ask> => {
  const service = pipe(
    clientCredentials({ client: clientAt(tokenEndpoint) }),
    TokenSource.make({ store: memoryStore() }),
  )
  const source = openSource(service, env)
  await run(source.get)
  await source.settled()
  return source.get
}

/** Rows B. */
export const expired = async ({ tokenEndpoint }: Endpoints, env: NodeEnv): Promise<Ask> => {
  const initial = TokenSet.make(Secret.make('AccessToken', 'old'), {
    refreshToken: O.some(Secret.make('RefreshToken', FIRST_REFRESH_TOKEN)),
    expiresAt: O.some(instant(Date.now() - 1_000)),
  })
  const user = pipe(
    refreshToken({ client: clientAt(tokenEndpoint) }),
    TokenSource.make({ store: memoryStore(), initial }),
  )
  return openSource(user, env).get
}

/** A clock that can be moved. */
export const movable = (): { readonly clock: Clock; readonly later: () => void } => {
  let offset = 0
  return {
    clock: { ...systemClock, now: () => plus(systemClock.now(), millis(offset)) },
    later: () => {
      offset += hours(2)
    },
  }
}

/** Rows D: an expired token is renewed, committed and handed out. */
export const renewing = async ({ tokenEndpoint }: Endpoints): Promise<Ask> => {
  const { clock, later } = movable()
  const env = nodeEnv({ clock })
  const service = pipe(
    clientCredentials({ client: clientAt(tokenEndpoint) }),
    TokenSource.make({ store: memoryStore() }),
  )
  const source = openSource(service, env)
  return () => {
    later()
    return run(source.get)
  }
}

const hours = (count: number) => minutes(60 * count)

const attempt = (signal: AbortSignal): Attempt => ({
  previous: O.none,
  deadline: plus(systemClock.now(), millis(15_000)),
  signal,
})

/** Nobody aborts, and many attempts share it. */
const never = (): AbortSignal => {
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  return signal
}

/** Rows D: the grant alone, which is what the peers do. */
export const granting = async ({ tokenEndpoint }: Endpoints, env: NodeEnv): Promise<Ask> => {
  const strategy = clientCredentials({ client: clientAt(tokenEndpoint) })
  const signal = never()
  return () => run(strategy(attempt(signal))(env))
}

/** Ends with the signature: what follows is the request, and rows D. */
const ending = (signs: Signer): Signer => ({
  ...signs,
  sign: (input) => async () => {
    const signed = await signs.sign(input)()
    return E.isLeft(signed) ? signed : E.left(AuthError.aborted)
  },
})

/** Rows C. */
export const signing = async (
  { encrypted, passphrase }: SigningKey,
  env: NodeEnv,
  onEventLoop: boolean,
): Promise<Ask> => {
  const strategy: Strategy<TokenEnv> = jwtAssertion({
    client: clientAt('https://as.example/token'),
    signer: ending(signer({ key: encrypted, passphrase, keyId: 'k1', onEventLoop })),
    subject: { sub: '42', claims: { box_sub_type: 'enterprise' } },
  })
  const patient = { ...attempt(never()), deadline: plus(systemClock.now(), hours(1)) }
  return async () => {
    const ended = await strategy(patient)(env)()
    if (E.isRight(ended) || ended.left._tag !== 'Aborted') throw new Error('it is not signed')
  }
}
