/**
 * What the scenes play in: a server of their own, and a client of it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Box from '@tessera/box'
import {
  AuthError,
  memoryStore,
  millis,
  Secret,
  type SourceConfig,
  type SourceEvent,
  TokenSource,
  type Tokens,
} from '@tessera/core'
import { authenticatedFetch, type NodeEnv, nodeEnv, run } from '@tessera/node'
import {
  authorizationCode,
  type Client,
  callback,
  refreshToken,
  type TokenEnv,
  type Transaction,
} from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Canaries, makeCanaries, pemLines, watched } from './canaries.js'
import { makeTravel, type Travel } from './travel.js'

export interface World {
  readonly box: Sandbox
  readonly settings: Box.Settings
  readonly client: Client
  readonly env: NodeEnv
  readonly travel: Travel['travel']
  readonly moved: Travel['moved']
  readonly along: Travel['along']
  /** The environment with {@link Travel.hurried}. */
  readonly hurried: NodeEnv
  readonly canaries: Canaries
  /** A folder of the tour's own. */
  readonly folder: string
  /** A Redis that is to be used instead of one of the tour's own. */
  readonly redis: O.Option<Secret<'StoreUrl'>>
  /** A database that is to be used instead of a file of the tour's own. */
  readonly database: O.Option<Secret>
  /** Token requests that the server got so far. */
  readonly requests: () => number
  /** How often a source said that somebody has to log in again. */
  readonly lost: () => number
  readonly observe: (event: SourceEvent) => void
  readonly transaction: () => Transaction
  /** A person's login: code, PKCE, consent. */
  readonly login: (config?: Partial<SourceConfig<TokenEnv>>, env?: NodeEnv) => Promise<TokenSource>
  /** A call to the API with a source's token. */
  readonly call: (tokens: Tokens, path: string) => Promise<Response>
  /** The user whom a source's token stands for. */
  readonly whoami: (tokens: Tokens) => Promise<string>
  readonly close: () => Promise<void>
}

/** The result of a step that is pure. */
export const must = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isRight(result)) return result.right
  throw AuthError.toError(result.left)
}

export const openWorld = async ({ redis, database }: Pick<World, 'redis' | 'database'>): Promise<World> => {
  const box = await startSandbox()
  const file = await box.settings()
  const settings = must(Box.settings(file))
  const client = Box.client({
    id: settings.clientId,
    secret: settings.clientSecret,
    server: Box.serverAt(box.url, { issuer: O.some(box.url), issParameterSupported: true }),
  })

  const canaries = makeCanaries()
  const { clientSecret, appAuth } = file.boxAppSettings
  canaries.remember(clientSecret, appAuth.passphrase, ...pemLines(appAuth.privateKey))

  const folder = await mkdtemp(join(tmpdir(), 'tessera-demo-'))
  const { clock, travel, moved, along, hurried } = makeTravel(box.clock.advance)
  const live = nodeEnv({ userAgent: 'tessera-demo', clock })
  const env: NodeEnv = { ...live, http: watched(live.http, canaries, box.endpoints.token).http }

  let lost = 0
  const observe = (event: SourceEvent): void => {
    if (event._tag === 'LoginRequired') lost += 1
  }

  const transaction = (): Transaction => {
    const redirectUri = 'http://127.0.0.1:8400/callback'
    const begun = must(Box.authorizationRequest({ client, redirectUri })(env)())
    const { state, verifier } = begun
    canaries.remember(...[state, verifier].flatMap((secret) => (secret === undefined ? [] : [Secret.open(secret)])))
    return begun
  }

  const call: World['call'] = (tokens, path) =>
    authenticatedFetch({ tokens, origins: [box.url] })(`${box.endpoints.api}${path}`)

  return {
    box,
    settings,
    client,
    env,
    travel,
    moved,
    along,
    hurried: { ...env, clock: hurried },
    canaries,
    folder,
    redis,
    database,
    requests: () => box.counts().byEndpoint.token,
    lost: () => lost,
    observe,
    transaction,
    login: async (config = {}, at = env) => {
      const source = pipe(
        refreshToken({ client }),
        TokenSource.make({
          store: memoryStore(),
          revocation: Box.revocation({ client }),
          minimumAge: millis(0),
          observe,
          ...config,
        }),
      )(at)()
      const begun = transaction()
      const checked = must(callback(begun)(await box.grant(begun.url))())
      await run(source.login(authorizationCode({ client, ...checked }))(env))
      return source
    },
    call,
    whoami: async (tokens) => {
      const answer = await call(tokens, '/users/me')
      const user: unknown = await answer.json()
      return typeof user === 'object' && user !== null && 'name' in user ? String(user.name) : `status ${answer.status}`
    },
    close: async () => {
      await live.close()
      await box.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
