/**
 * `fetch` with a token that renews itself.
 *
 * @packageDocumentation
 */
import { AuthError, type Tokens } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import {
  asksForNonce,
  type Bearer,
  type BearerConfig,
  bearer,
  carrying,
  isAccepting,
  originsOf,
  renewed,
} from './internal/bearer.js'
import { carried as carriedBy } from './internal/carried.js'
import { cleanResponse } from './internal/cleanResponse.js'
import { isReplayable } from './internal/replayable.js'
import { withoutRaw } from './internal/withoutRaw.js'

/** The parameters of {@link authenticatedFetch}. */
export interface AuthenticatedFetchConfig extends BearerConfig {
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch
}

const MOST_REDIRECTS = 5

/** One request, as far as it can be sent again: to another place, or with another token. */
interface Outgoing {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  /** Kept as it was given: what `Request` makes of a body can be read once. */
  readonly body: RequestInit['body']
  readonly replayable: boolean
}

/** What came of a request with a token. */
interface Sent {
  readonly response: Response
  /** It is a 401 about the nonce of the proof, for a request that cannot be sent again. */
  readonly isNonce: boolean
  /** Whether another one may yet be sent again for a nonce. */
  readonly nonceLeft: boolean
}

const redirectOf = ({ status, headers }: Response): string | undefined =>
  [301, 302, 303, 307, 308].includes(status) ? (headers.get('location') ?? undefined) : undefined

type Input = Parameters<typeof fetch>[0]

const isRequest = (input: Input): input is Request => typeof input === 'object' && 'headers' in input && 'url' in input

// Not by `new Request`, which would make a stream of the body and use up the one it is given.
const outgoing = (input: Input, init: RequestInit | undefined): Outgoing => {
  const request = isRequest(input) ? input : undefined
  const body = init?.body ?? request?.body
  return {
    url: new URL(isRequest(input) ? input.url : input),
    method: (init?.method ?? request?.method ?? 'GET').toUpperCase(),
    headers: new Headers(init?.headers ?? request?.headers),
    body,
    replayable: isReplayable(body),
  }
}

/** A response, of which the source was told if it accepts the token. */
const noted = (tokens: Tokens, used: Bearer, response: Response): Response => {
  if (isAccepting(response.status)) tokens.accept?.(used.token)
  return response
}

/** The request that a redirect asks for (Fetch §4.4, HTTP-redirect fetch). */
const redirected = (from: Outgoing, status: number, location: string): Outgoing => {
  if (!URL.canParse(location, from.url.href)) throw new TypeError('a redirect leads nowhere')
  const url = new URL(location, from.url)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('a redirect leaves http')
  const headers = new Headers(from.headers)
  if (url.origin !== from.url.origin) {
    for (const name of ['authorization', 'proxy-authorization', 'cookie', 'host']) headers.delete(name)
  }
  const toGet =
    (status === 303 && from.method !== 'GET' && from.method !== 'HEAD') ||
    ((status === 301 || status === 302) && from.method === 'POST')
  if (!toGet) {
    if (!from.replayable) throw new TypeError('a redirect asks for a body that was read already')
    return { ...from, url, headers }
  }
  for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']) {
    headers.delete(name)
  }
  return { url, method: 'GET', headers, body: null, replayable: true }
}

/**
 * A `fetch` that asks the source for a token before each call. On a 401 it refuses the token used, asks once more, and sends
 * again once; the second 401 is the caller's. When the source has no token, the promise rejects with
 * {@link AuthError.toError | the typed error}.
 *
 * - Only the listed origins get the token. A request to another origin, or with an `authorization` of its own, passes
 *   untouched.
 * - A stream, or the body of a `Request`, can be read once only: such a call is not sent again, and its caller gets the
 *   first 401. The token is refused all the same.
 * - A token that is bound to a key (RFC 9449) goes with a fresh proof, by the client's `dpop`, at each hop. A 401 that brings a new nonce
 *   is answered by the same request with that nonce in its proof, once, and renews nothing.
 * - A `Request` is passed on as it is, with all it carries, but to where a redirect leads: its own dispatcher stays behind
 *   there. One that is given in `init` does not.
 * - With an `integrity`, a 401 or a redirect is an error, as no other body than the expected one is let through.
 * - An error, of the call or of reading the body, shows nothing of an answer that is no HTTP: the server may have echoed the
 *   token.
 * - Redirects are followed here, 5 at most. Each hop to a listed origin carries the token; once a chain has left them, none
 *   does any more, even when it comes back.
 *
 * @example
 * import { authenticatedFetch } from '@tessera/node'
 * import type { TokenSource } from '@tessera/core'
 *
 * const files = async (tokens: TokenSource) => {
 *   const fetch = authenticatedFetch({ tokens, origins: ['https://api.box.com'] })
 *   return (await fetch('https://api.box.com/2.0/folders/0/items')).json()
 * }
 * assert.strictEqual(typeof files, 'function')
 */
export const authenticatedFetch = (config: AuthenticatedFetchConfig): typeof fetch => {
  const { fetch: send = fetch } = config
  const { dpop } = config
  const origins = originsOf(config)

  const follow = async (first: Outgoing, input: Input, init: RequestInit | undefined): Promise<Response> => {
    const request = isRequest(input) ? input : undefined
    const redirect = init?.redirect ?? request?.redirect ?? 'follow'
    const signal = init?.signal ?? request?.signal
    const tokens = signal === undefined ? config.tokens : config.tokens.within({ signal })

    const once = (hop: Outgoing, carried: ReadonlyArray<readonly [string, string]> = []): Promise<Response> => {
      // Itself where it can be, since not all that a `Request` carries can be read: its dispatcher, say.
      const itself = hop === first ? request : undefined
      const body = itself === undefined ? hop.body : init?.body
      const all = new Headers(hop.headers)
      for (const [name, value] of carried) all.set(name, value)
      return send(itself ?? hop.url, {
        // Where it cannot be passed on itself, and since `fetch` with an `init` forgets its referrer.
        ...(request !== undefined && carriedBy(request)),
        ...init,
        method: hop.method,
        headers: all,
        // Node needs `duplex` for a stream, and ignores it elsewhere.
        ...(body !== undefined && { body, duplex: 'half' }),
        redirect: redirect === 'follow' ? 'manual' : redirect,
        ...(signal !== undefined && { signal }),
      })
    }
    const orThrow = <A>(result: E.Either<AuthError, A>): A => {
      if (E.isRight(result)) return result.right
      // What an aborted fetch rejects with.
      throw signal?.aborted ? signal.reason : AuthError.toError(result.left)
    }
    /** Sends with a token; and again, while it may, where the API wants its nonce in the proof. */
    const sendWith = async (hop: Outgoing, used: Bearer, nonceLeft: boolean): Promise<Sent> => {
      const { method, url } = hop
      const { headers, proof } = orThrow(await carrying(used, { method, url: url.href }))
      const response = noted(tokens, used, await once(hop, headers))
      const told = {
        nonce: response.headers.get('dpop-nonce') ?? undefined,
        challenge: response.headers.get('www-authenticate') ?? undefined,
      }
      const isNonce = asksForNonce(proof, response.status, told) && nonceLeft
      if (!isNonce || !hop.replayable) return { response, isNonce, nonceLeft }
      await response.body?.cancel()
      return sendWith(hop, used, false)
    }
    const authenticated = async (hop: Outgoing): Promise<Response> => {
      const used = orThrow(await bearer(tokens, dpop))
      const { response, isNonce, nonceLeft } = await sendWith(hop, used, true)
      if (response.status !== 401 || isNonce) return response
      if (!hop.replayable) {
        await tokens.invalidate(used.token)()
        return response
      }
      const next = await renewed(tokens, used, dpop)
      if (E.isRight(next) && next.right === undefined) return response
      await response.body?.cancel()
      const again = orThrow(next)
      return again === undefined ? response : (await sendWith(hop, again, nonceLeft)).response
    }

    let hop = first
    let trusted = true
    for (let redirects = 0; ; redirects++) {
      trusted &&= origins.has(hop.url.origin)
      const response = await (trusted ? authenticated(hop) : once(hop))
      const location = redirect === 'follow' ? redirectOf(response) : undefined
      if (location === undefined) return response
      await response.body?.cancel()
      if (redirects === MOST_REDIRECTS) throw new TypeError(`more than ${MOST_REDIRECTS} redirects`)
      hop = redirected(hop, response.status, location)
    }
  }

  return async (input, init) => {
    const first = outgoing(input, init)
    if (!origins.has(first.url.origin) || first.headers.has('authorization')) return send(input, init)
    try {
      return cleanResponse(await follow(first, input, init))
    } catch (error) {
      throw withoutRaw(error)
    }
  }
}
