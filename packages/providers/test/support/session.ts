import {
  AuthError,
  type Clock,
  instant,
  memoryStore,
  minutes,
  Secret,
  type SourceConfig,
  Strategy,
  seconds,
  type TokenSet,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, systemClock } from '@tessera/node'
import {
  authorizationCode,
  authorizationRequest,
  type Client,
  callback,
  clientCredentials,
  deviceCode,
  refreshToken,
  type TokenEnv,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Providers from '../../src/index.js'
import type { Page } from './Page.js'
import { CLIENT, type PageServer } from './pageServer.js'

/** The success, or the test fails with the error's own words. */
export const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isRight(result)) return result.right
  throw new Error(AuthError.show.show(result.left))
}

/** The failure, or the test fails. */
export const left = <A>(result: E.Either<AuthError, A>): AuthError => {
  if (E.isLeft(result)) return result.left
  throw new Error('it succeeded')
}

export const presetOf = ({ preset: name }: Page): Providers.Preset => {
  const preset = Providers.all.find((each) => each.name === name)
  if (preset === undefined) throw new Error(`there is no preset ${name}`)
  return preset
}

export const clientOf = (page: Page): Client =>
  Providers.client({ preset: presetOf(page), variables: page.variables, ...CLIENT })

/** The system's clock, moved on at will. */
export const movableClock = () => {
  let shift = 0
  const clock: Clock = { now: () => instant(systemClock.now() + shift), sleep: systemClock.sleep }
  return {
    clock,
    /** In ms. */
    advance: (duration: number) => {
      shift += duration
    },
  }
}

export const REDIRECT = 'http://127.0.0.1:8400/callback'

/** A login in the browser, at the server of a page. */
export const codeLogin = async (
  client: Client,
  server: PageServer,
  env: NodeEnv,
  { scope = ['a', 'b'], offline = true } = {},
): Promise<Strategy<TokenEnv>> => {
  const login = right(authorizationRequest({ client, redirectUri: REDIRECT, scope, offline })(env)())
  const code = right(callback(login)(await server.visit(login.url))())
  return authorizationCode({ client, ...code, refreshTokenRequired: false })
}

/** A login by a code. Between polls nobody waits; what bounds a request is further away, and real. */
export const deviceLogin = (client: Client): Strategy<TokenEnv> =>
  pipe(
    deviceCode({ client, scope: ['a', 'b'], offline: true, onUserCode: () => undefined }),
    Strategy.local((live: TokenEnv) => ({
      ...live,
      clock: {
        now: live.clock.now,
        sleep: (duration, signal) =>
          duration < seconds(10) ? async () => undefined : live.clock.sleep(duration, signal),
      },
    })),
  )

export type Way = 'code' | 'device' | 'client'

/** The ways to a token that a page allows. */
export const waysOf = ({ device, machines }: Page): ReadonlyArray<Way> => [
  'code',
  ...(device === undefined ? [] : (['device'] as const)),
  ...(machines === true ? (['client'] as const) : []),
]

/** How a session of a way goes on. */
export const strategyOf = (way: Way, client: Client): Strategy<TokenEnv> =>
  way === 'client' ? clientCredentials({ client, scope: ['a', 'b'] }) : refreshToken({ client })

export const sourceOf = (
  strategy: Strategy<TokenEnv>,
  env: NodeEnv,
  config: Partial<SourceConfig<TokenEnv>> = {},
): TokenSource => pipe(strategy, TokenSource.make({ store: memoryStore(), key: 'ann', ...config }))(env)()

const hour = minutes(60)

/** Makes the token of a session one that has to be renewed: by time where it expires, by a refusal where it does not. */
export const outlive = async (
  source: TokenSource,
  token: TokenSet,
  advance: (duration: number) => void,
): Promise<void> => {
  const { expiresAt, issuedAt } = token
  if (O.isSome(expiresAt) && O.isSome(issuedAt)) return advance(expiresAt.value - issuedAt.value + 1_000)
  // A refusal of a token that is new is not believed at once.
  advance(hour)
  right(await source.invalidate(token.accessToken)())
}

export const open = (token: TokenSet): string => Secret.open(token.accessToken)
