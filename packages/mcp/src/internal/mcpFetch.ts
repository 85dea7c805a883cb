import { AuthError, type AuthException, Secret, type TokenSet } from '@tessera/core'
import { authenticatedFetch } from '@tessera/node'
import { type Challenge, challenge, type Dpop } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { isLoggedOut } from './failedLogin.js'
import type { Session } from './session.js'

type Fetch = typeof fetch
type Input = Parameters<Fetch>[0]

// A login, and one for more scopes; the rest is for servers that ask for one scope after the other.
const MOST_LOGINS = 3

const urlOf = (input: Input): string => (typeof input === 'object' && 'url' in input ? input.url : String(input))

/** What a body can be read more than once. */
const isReplayable = (input: Input, init: RequestInit | undefined): boolean => {
  const body = init?.body ?? (typeof input === 'object' && 'body' in input ? input.body : undefined)
  return body === null || body === undefined || typeof body === 'string' || body instanceof URLSearchParams
}

/** What a response asks for: none where it asks for nothing that a login could give. */
export const challengeOf = ({ status, headers }: Response): O.Option<Challenge> =>
  pipe(
    O.fromNullable(headers.get('www-authenticate')),
    O.flatMap(challenge),
    O.filter(
      ({ error }) => status === 401 || (status === 403 && O.exists((text) => text === 'insufficient_scope')(error)),
    ),
  )

/** The origin that a response is of, as far as it says so. */
const originOf = ({ url }: Response, asked: string): string => (URL.canParse(url) ? new URL(url).origin : asked)

/** Whether a caller is told so because nobody is logged in. */
export const saysLoggedOut = (error: unknown): error is AuthException =>
  AuthError.isException(error) && isLoggedOut(error.error)

/** Whether there is a token, and the other one is the same. */
export const isSame = (one: O.Option<TokenSet>, another: O.Option<TokenSet>): boolean =>
  O.isSome(one) && O.isSome(another) && Secret.eq.equals(one.value.accessToken, another.value.accessToken)

/**
 * `fetch` for an MCP server: with the token, renewed once at a 401; where nobody is logged in, without. What the answer asks for is
 * answered by a login, and the request is sent again.
 */
export const mcpFetch = (
  { source, answer, accepted }: Session,
  {
    origin,
    allowHttp,
    dpop,
    send,
  }: {
    readonly origin: string
    readonly allowHttp: ReadonlyArray<string>
    readonly dpop: Dpop | undefined
    readonly send: Fetch
  },
): Fetch => {
  const authenticated = authenticatedFetch({ tokens: source, origins: [origin], allowHttp, dpop, fetch: send })
  return async (input, init) => {
    const url = urlOf(input)
    if (!URL.canParse(url) || new URL(url).origin !== origin) return send(input, init)
    const signal = init?.signal ?? (typeof input === 'object' && 'signal' in input ? input.signal : undefined)
    const limits = signal === undefined || signal === null ? {} : { signal }

    let before: O.Option<TokenSet> = O.none
    let used: O.Option<TokenSet> = O.none
    let loggedOut: AuthException | undefined
    const attempt = async (): Promise<Response> => {
      before = source.peek()
      try {
        const response = await authenticated(input, init)
        used = source.peek()
        return response
      } catch (error) {
        if (!saysLoggedOut(error)) throw error
        loggedOut = error
        used = O.none
        return send(input, init)
      }
    }

    let response = await attempt()
    for (let logins = 0; logins < MOST_LOGINS && isReplayable(input, init); logins++) {
      // Where a redirect has led elsewhere, that server asks for nothing here: it would name an authorization server of its own.
      if (originOf(response, origin) !== origin) break
      const isUnauthorized = response.status === 401
      const asked = challengeOf(response)
      if (!isUnauthorized && O.isNone(asked)) break
      // The session stands by its token, which is young or was refused a moment ago: that is no reason to ask a person.
      if (isUnauthorized && isSame(before, used)) break
      const answered = await answer(asked, used, limits)()
      // Without a token, that nobody is logged in says more than the server's answer.
      const isNobody = E.isRight(answered) && !answered.right && isUnauthorized && O.isNone(used)
      if (E.isRight(answered) && !answered.right && !isNobody) break
      await response.body?.cancel()
      if (E.isLeft(answered)) throw AuthError.toError(answered.left)
      if (isNobody && loggedOut !== undefined) throw loggedOut
      response = await attempt()
      // What was refused is taken now. Other answers say nothing: a server may look at no token in some of its methods.
      if (response.ok) accepted()
    }
    return response
  }
}
