/** Every way to a token, over real HTTP or the real capability. */
import { randomUUID, sign } from 'node:crypto'
import * as Box from '@tessera/box'
import {
  AuthError,
  memoryStore,
  plus,
  type Revoker,
  remoteCallback,
  Secret,
  Strategy,
  seconds,
  TokenSet,
} from '@tessera/core'
import { type NodeEnv, run } from '@tessera/node'
import { deviceCode, extensionGrant, refreshToken, type TokenEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { impatientClock } from '../../support/clock.js'
import { codeLogin, enterpriseJwt, KEY_PAIR, sourceOf, type World } from './world.js'

/** A way, and how a session of it begins. */
export interface Way {
  readonly strategy: Strategy<NodeEnv>
  /** Where a person begins the session. */
  readonly login?: () => Promise<Strategy<NodeEnv>>
  /** A pair at hand, where the session begins with one. */
  readonly initial?: () => TokenSet
  readonly revocation?: Revoker<TokenEnv>
  /** What its tokens open. Default: the current user. */
  readonly opens?: string
}

const deviceLogin = async ({ box, client, pass }: World): Promise<Strategy<NodeEnv>> => {
  let userCode = ''
  let polls = 0
  const { clock } = impatientClock(async () => {
    pass(seconds(5))
    if (++polls === 2) await box.approveDevice(userCode)
  })
  return pipe(
    deviceCode({
      client,
      onUserCode: (shown) => {
        userCode = shown.userCode
      },
    }),
    // Its deadlines are by the world's clock.
    Strategy.local((env: NodeEnv) => ({ ...env, clock: { ...env.clock, sleep: clock.sleep } })),
  )
}

const givenPair = ({ box, clock }: World): TokenSet => {
  const { accessToken, refreshToken: refresh, expiresIn } = box.issue()
  return TokenSet.make(Secret.make('AccessToken', accessToken), {
    refreshToken: O.some(Secret.make('RefreshToken', refresh)),
    issuedAt: O.some(clock.now()),
    expiresAt: O.some(plus(clock.now(), seconds(expiresIn))),
  })
}

/** An assertion of the application's own making. */
const ownAssertion = async ({ box, client, clock }: World): Promise<Strategy<TokenEnv>> => {
  const { appAuth } = (await box.settings()).boxAppSettings
  const make = (): string => {
    const claims = {
      iss: client.id,
      sub: box.enterprise,
      box_sub_type: 'enterprise',
      aud: box.endpoints.token,
      jti: randomUUID(),
      exp: Math.floor(clock.now() / 1_000) + 30,
    }
    const input = [{ alg: 'RS256', kid: appAuth.publicKeyID }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${input}.${sign('sha256', Buffer.from(input), KEY_PAIR.privateKey).toString('base64url')}`
  }
  return extensionGrant({
    client,
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    parameters: () => E.right({ assertion: Secret.make('Assertion', make()) }),
    singleUse: false,
  })
}

/** A downscoped token that is itself kept in a store. */
const exchanged = (world: World): Strategy<NodeEnv> => {
  const { box, client } = world
  const parent = sourceOf(world, Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }))
  const exchange = Box.tokenExchange({ server: client.server })
  const target = { scope: [Box.scope.itemRead], resource: Box.file('123', { api: box.url }) }
  return (attempt) =>
    pipe(
      RTE.fromTaskEither(parent.get),
      RTE.flatMap((subject) => exchange(subject, target)(attempt)),
    )
}

/** A service that has the credentials. */
const vault = ({ client, env }: World): Strategy<NodeEnv> => {
  const own = sourceOf({ env }, Box.clientCredentials({ client, subject: Box.user('7001') }), { store: memoryStore() })
  return remoteCallback(async () => {
    const before = own.peek()
    if (O.isSome(before)) await run(own.revoke)
    return run(own.get)
  })
}

const nothing: Strategy<unknown> = () => RTE.left(AuthError.notApplicable('there is nothing here'))

export const WAYS: Readonly<Record<string, (world: World) => Promise<Way>>> = {
  'authorization code, then refresh': async (world) => ({
    strategy: refreshToken({ client: world.client }),
    login: () => codeLogin(world),
    revocation: Box.revocation({ client: world.client }),
  }),
  'refresh token': async (world) => ({
    strategy: refreshToken({ client: world.client }),
    initial: () => givenPair(world),
    revocation: Box.revocation({ client: world.client }),
  }),
  'device code, then refresh': async (world) => ({
    strategy: refreshToken({ client: world.client }),
    login: () => deviceLogin(world),
    revocation: Box.revocation({ client: world.client }),
  }),
  'JWT, service account': async (world) => ({
    strategy: await enterpriseJwt(world),
    revocation: Box.revocation({ client: world.client }),
  }),
  'JWT, user': async (world) => ({
    strategy: await enterpriseJwt(world, { subject: Box.user('7002') }),
    revocation: Box.revocation({ client: world.client }),
  }),
  'client credentials, service account': async ({ box, client }) => ({
    strategy: Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }),
    revocation: Box.revocation({ client }),
  }),
  'client credentials, user': async ({ client }) => ({
    strategy: Box.clientCredentials({ client, subject: Box.user('7001') }),
    revocation: Box.revocation({ client }),
  }),
  'developer prompt': async () => ({ strategy: Box.developerToken() }),
  'remote callback': async (world) => ({ strategy: vault(world) }),
  'extension grant': async (world) => ({
    strategy: await ownAssertion(world),
    revocation: Box.revocation({ client: world.client }),
  }),
  'token exchange': async (world) => ({
    strategy: exchanged(world),
    revocation: Box.revocation({ client: world.client }),
    opens: '/files/123',
  }),
  'a chain': async (world) => ({
    strategy: pipe(nothing, Strategy.alt(await enterpriseJwt(world))),
    revocation: Box.revocation({ client: world.client }),
  }),
}
