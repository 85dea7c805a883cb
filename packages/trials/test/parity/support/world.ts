/** A server, an application of it and a live environment, over real HTTP. What is sent is seen here by name and value. */
import { generateKeyPairSync } from 'node:crypto'
import * as Box from '@tessera/box'
import {
  type Duration,
  instant,
  memoryStore,
  Secret,
  type SourceConfig,
  type Strategy,
  seconds,
  type TokenPair,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type NodeEnv, type NodeOptions, nodeEnv, signer } from '@tessera/node'
import {
  authorizationCode,
  type Client,
  callback,
  type HttpRequest,
  refreshToken,
  type TokenEnv,
} from '@tessera/oauth2'
import { type Sandbox, type SandboxOptions, startSandbox } from '@tessera/sandbox'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { stamping } from '../../../src/stamping.js'
import { type MovableClock, movableClock } from '../../support/clock.js'
import { right } from '../../support/either.js'

export const KEY_PAIR = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const KEY = KEY_PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
export const REDIRECT = 'http://127.0.0.1:1/callback'

export type Form = ReadonlyArray<readonly [name: string, value: string]>

/** One request of ours. */
export interface Sent {
  readonly url: string
  readonly form: Form
  readonly headers: Readonly<Record<string, string>>
}

export interface World {
  readonly box: Sandbox
  readonly client: Client
  readonly env: NodeEnv
  readonly clock: MovableClock
  /** Time passes, here and at the server. */
  readonly pass: (duration: Duration) => void
  /** What was sent, to the token endpoint by one grant type or all there is. */
  readonly sent: (grantType?: string) => ReadonlyArray<Sent>
  /** How many requests the token endpoint has seen. */
  readonly requests: () => number
  readonly close: () => Promise<void>
}

const open = (value: string | Secret): string => (Secret.is(value) ? Secret.open(value) : value)

const toSent = ({ url, body, headers }: HttpRequest): Sent => ({
  url,
  form: O.isSome(body) ? [...new URLSearchParams(Secret.open(body.value)).entries()] : [],
  headers: Object.fromEntries(headers.map(([name, value]) => [name, open(value)])),
})

export const parameter = ({ form }: { readonly form: Form }, name: string): string | undefined =>
  form.find(([each]) => each === name)?.[1]

export const openWorld = async (options: SandboxOptions = {}, node: NodeOptions = {}): Promise<World> => {
  const box = await startSandbox({ key: KEY, ...options })
  const clock = movableClock()
  const live = nodeEnv({ clock, ...node })
  const sent: Array<Sent> = []
  const env: NodeEnv = {
    ...live,
    http: {
      send: (request) => {
        sent.push(toSent(request))
        return live.http.send(request)
      },
    },
  }
  return {
    box,
    client: Box.client({ ...box.client, server: Box.serverAt(box.url) }),
    env,
    clock,
    pass: (duration) => {
      clock.advance(duration)
      box.clock.advance(duration)
    },
    sent: (grantType) =>
      grantType === undefined ? [...sent] : sent.filter((request) => parameter(request, 'grant_type') === grantType),
    requests: () => box.counts().byEndpoint.token,
    close: async () => {
      // First, since a request that the server holds would be waited for.
      await box.close()
      await live.close()
    },
  }
}

/** A world for each test. */
export const eachInWorld = (options: SandboxOptions = {}): (() => World) => {
  let world: World | undefined
  beforeEach(async () => {
    world = await openWorld(options)
  })
  afterEach(async () => {
    await world?.close()
    world = undefined
  })
  return () => {
    if (world === undefined) throw new Error('no world outside a test')
    return world
  }
}

// -----------------------------------------------------------------------------
// sources
// -----------------------------------------------------------------------------

/** A strategy's source, in the environment of the world. */
export const sourceOf = (
  { env }: Pick<World, 'env'>,
  strategy: Strategy<NodeEnv>,
  config: Partial<SourceConfig<NodeEnv>> = {},
): TokenSource => pipe(strategy, TokenSource.make({ store: memoryStore(), ...config }))(env)()

/** Sends a person to the server, and comes back with a login. */
export const codeLogin = async (
  { box, client, env }: World,
  options: Partial<Box.AuthorizationRequestOptions> = {},
): Promise<Strategy<TokenEnv>> => {
  const transaction = right(Box.authorizationRequest({ client, redirectUri: REDIRECT, ...options })(env)())
  const answer = right(callback(transaction)(await box.grant(transaction.url))())
  return authorizationCode({ client: options.client ?? client, ...answer })
}

/** The source of a person who logged in. */
export const loggedIn = async (world: World, config: Partial<SourceConfig<NodeEnv>> = {}): Promise<TokenSource> => {
  const source = sourceOf(world, refreshToken({ client: world.client }), {
    revocation: Box.revocation({ client: world.client }),
    ...config,
  })
  right(await source.login(await codeLogin(world))(world.env)())
  // Old enough to be refused.
  world.pass(seconds(2))
  return source
}

export const enterpriseJwt = async (
  { box, client }: World,
  options: Partial<Box.JwtOptions> = {},
): Promise<Strategy<TokenEnv>> => {
  const key = right(Box.keyOf(right(Box.settings(await box.settings()))))
  return Box.jwt({ client, signer: signer(key), subject: Box.enterprise(box.enterprise), ...options })
}

/** Refuses what the source serves, and gets the next. */
export const renewed = async (source: TokenSource): Promise<string> => {
  right(await source.invalidate(right(await source.get()).accessToken)())
  return Secret.open(right(await source.get()).accessToken)
}

// -----------------------------------------------------------------------------
// an application's own table of pairs
// -----------------------------------------------------------------------------

/** A table with one row, and what was written into it. */
export interface Row {
  readonly read: () => TokenPair | null
  readonly write: (pair: TokenPair | null) => void
  readonly written: ReadonlyArray<TokenPair | null>
}

export const row = (first: TokenPair | null = null): Row => {
  let pair = first
  const written: Array<TokenPair | null> = []
  return {
    read: () => pair,
    write: (next) => {
      pair = next
      written.push(next)
    },
    written,
  }
}

/** A store whose clock, where it has one of its own, goes with the world's. */
export const moving = (store: TokenStore, { shift }: MovableClock): TokenStore =>
  stamping(
    store,
    O.map((now) => instant(now + shift())),
  )
