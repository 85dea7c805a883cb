import { AuthError, Secret, type TokenSet } from '@tessera/core'
import { run } from '@tessera/node'
import { type Challenge, isDpopToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { AuthProvider, OAuthClientProvider } from '../Hosts.js'
import { challengeOf, isSame, saysLoggedOut } from './mcpFetch.js'
import type { Session } from './session.js'

/** A token for hosts that ask for one, and say that it was refused without naming it. */
interface Asked {
  readonly token: () => Promise<TokenSet | undefined>
  /** Makes that the next token is another one than that which was given last. */
  readonly refused: (asked: O.Option<Challenge>) => Promise<void>
}

const UNPROVED = AuthError.misconfigured(
  'dpop',
  'the token is bound to a key, and a host that asks for it sends no proof: give it fetch in the place of this',
)

const asking = ({ source, answer }: Session): Asked => {
  let last: O.Option<TokenSet> = O.none
  /** What a refused token was renewed to. */
  let renewed: O.Option<TokenSet> = O.none
  const get = async (): Promise<O.Option<TokenSet>> => {
    try {
      const token = await run(source.get)
      if (isDpopToken(token)) throw AuthError.toError(UNPROVED)
      return O.some(token)
    } catch (error) {
      if (saysLoggedOut(error)) return O.none
      throw error
    }
  }
  /** Whether to try again: a token that was renewed because of a refusal, and is refused too, is worth nothing. */
  const mayTryAgain = async (used: TokenSet): Promise<boolean> => {
    await run(source.invalidate(used.accessToken))
    const next = await get()
    if (O.isNone(next)) return false
    if (isSame(next, O.some(used))) return !isSame(renewed, next)
    renewed = next
    return true
  }
  return {
    token: async () => {
      last = await get()
      return O.toUndefined(last)
    },
    refused: async (asked) => {
      const used = last
      if (O.isSome(used) && (await mayTryAgain(used.value))) return
      const answered = await answer(asked, used, {})()
      if (E.isLeft(answered)) throw AuthError.toError(answered.left)
      // Nobody can log in here: the error says that it is needed.
      if (!answered.right && O.isNone(await get())) await run(source.get)
    },
  }
}

/** For version 2 of the SDK. */
export const authProviderOf = (session: Session): AuthProvider => {
  const { token, refused } = asking(session)
  return {
    token: async () => {
      const got = await token()
      return got === undefined ? undefined : Secret.open(got.accessToken)
    },
    onUnauthorized: ({ response }) => refused(challengeOf(response)),
  }
}

const NOT_OURS = 'the session is logged in by Tessera'

// What the SDK insists on reading from a token endpoint after a 401. The token is the session's: this one is not used.
const TOKEN_ENDPOINT = 'data:application/json,{"access_token":"-","token_type":"bearer"}'

/**
 * For version 1 of the SDK, as a client without a person: that asks `prepareTokenRequest` before it goes on after a 401, which renews, and
 * then reads a token from an endpoint that is a constant.
 */
export const oauthClientProviderOf = (session: Session, url: string): OAuthClientProvider => {
  const { token, refused } = asking(session)
  const { origin } = new URL(url)
  return {
    redirectUrl: undefined,
    clientMetadata: { redirect_uris: [] },
    clientInformation: () => ({ client_id: 'tessera' }),
    tokens: async () => {
      const got = await token()
      return got === undefined ? undefined : { access_token: Secret.open(got.accessToken), token_type: 'Bearer' }
    },
    saveTokens: () => undefined,
    redirectToAuthorization: () => {
      throw new Error(NOT_OURS)
    },
    saveCodeVerifier: () => undefined,
    codeVerifier: () => {
      throw new Error(NOT_OURS)
    },
    prepareTokenRequest: async () => {
      await refused(O.none)
      return new URLSearchParams()
    },
    discoveryState: () => ({
      authorizationServerUrl: origin,
      authorizationServerMetadata: {
        issuer: origin,
        authorization_endpoint: `${origin}/`,
        token_endpoint: TOKEN_ENDPOINT,
        response_types_supported: ['code'],
      },
      resourceMetadata: { resource: url },
    }),
  }
}
