/**
 * The adapter.
 *
 * @packageDocumentation
 */
import { type DownscopeOptions, sharedLink as sharedLinkParameter, tokenExchange } from '@tessera/box'
import {
  AuthError,
  between,
  type ClockEnv,
  type Downscoping,
  type Exchange,
  type Instant,
  instant,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type Tokens,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Authentication, SdkToken } from './Authentication.js'
import { makeUsage } from './usage.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A token source, or a source derived from one, which has nothing to revoke. */
export type Source = Tokens & Partial<Pick<TokenSource, 'revoke'>>

/** What downscoping needs of its environment: `nodeEnv()` of `@tessera/node` has it. */
export type ExchangeEnv = ReturnType<typeof tokenExchange> extends Exchange<infer R> ? R & ClockEnv : never

/** What {@link boxAuthentication} may be told. */
export interface BoxAuthenticationOptions extends Pick<DownscopeOptions, 'client' | 'server' | 'actor' | 'timeout'> {
  /** The environment of the source. `downscopeToken` needs it; without it the clock is the system's. */
  readonly env?: ExchangeEnv
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

/**
 * A source as the `auth` of a `BoxClient`, for box-node-sdk 10. The SDK asks for a token before each request and tells of a 401
 * after it, not which token that was for. It is taken for the one that was handed out last: never for one that no request can
 * have used, and not while requests with the one before may still be answered (for 5 s; for 30 s after a 401). Any number of
 * calls that fail with one token thus cost one renewal. A call that meets a second 401 is known by its async context, and so is the
 * token that this one is for.
 *
 * Failures reject with an `Error` that carries the typed error, see {@link AuthError.toError}; the SDK passes it on as it is and
 * does not try again: retries of token requests are the strategy's (`Strategy.retrying`).
 *
 * @example
 * import { boxAuthentication } from '@tessera/box-node-sdk'
 * import type { TokenSource } from '@tessera/core'
 * import { BoxClient } from 'box-node-sdk'
 *
 * const clientOf = (source: TokenSource) => new BoxClient({ auth: boxAuthentication(source) })
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const boxAuthentication = (
  source: Source,
  { env, client, server, actor, timeout }: BoxAuthenticationOptions = {},
): Authentication => {
  const now = (): Instant => env?.clock.now() ?? instant(Date.now())
  const downscoping: Downscoping | undefined =
    env &&
    TokenSource.downscoping({
      exchange: tokenExchange({ client, server, actor }),
      ...(timeout !== undefined && { timeout }),
    })(source)(env)
  const usage = makeUsage(now)

  const handOut = async (): Promise<TokenSet> => {
    const token = await run(source.get)
    usage.handOut(token.accessToken)
    return token
  }

  const refuseBlamed = async (): Promise<void> => {
    const blamed = usage.blame()
    if (O.isNone(blamed)) return
    const { token, wasGood } = blamed.value
    if (wasGood) source.accept?.(token)
    await run(source.invalidate(token))
  }

  const toSdkToken = ({ accessToken, expiresAt, tokenType, issuedTokenType }: TokenSet): SdkToken => ({
    accessToken: Secret.open(accessToken),
    tokenType,
    ...(O.isSome(expiresAt) && {
      expiresIn: Math.max(0, Math.floor(between(now(), expiresAt.value) / seconds(1))),
    }),
    ...(O.isSome(issuedTokenType) && { issuedTokenType: issuedTokenType.value }),
  })

  return {
    retrieveToken: async () => toSdkToken(await handOut()),

    retrieveAuthorizationHeader: async () => {
      const text = Secret.open((await handOut()).accessToken)
      // The SDK's HTTP client shows a header that it refuses in its error.
      if (!/^[\x21-\x7e]+$/.test(text)) throw AuthError.toError(unprintable)
      return `Bearer ${text}`
    },

    refreshToken: async () => {
      // What is acquired here is not in use before a request asks for it.
      await refuseBlamed()
      return toSdkToken(await run(source.get))
    },

    revokeToken: async () => {
      if (source.revoke === undefined) throw AuthError.toError(nothingToRevoke)
      await run(source.revoke)
      return undefined
    },

    downscopeToken: async (scopes, resource, sharedLink) => {
      if (downscoping === undefined) throw AuthError.toError(noEnvironment)
      const target = {
        scope: scopes,
        ...(resource !== undefined && { resource }),
        ...(sharedLink !== undefined && { parameters: sharedLinkParameter(sharedLink) }),
      }
      return toSdkToken(await run(downscoping.for(target).get))
    },
  }
}

const run = async <A>(task: TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isRight(result)) return result.right
  throw AuthError.toError(result.left)
}

const unprintable = AuthError.malformed({
  what: 'access token',
  path: '',
  expected: 'printable ASCII (RFC 6750 §2.1)',
})
const noEnvironment = AuthError.misconfigured('env', 'downscopeToken needs the environment of the source')
const nothingToRevoke = AuthError.misconfigured('source', 'a derived source has nothing to revoke: revoke its parent')
