/**
 * An undici interceptor that sends a token which renews itself.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import type { Proof } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { Dispatcher } from 'undici'
import {
  asksForNonce,
  type Bearer,
  type BearerConfig,
  bearer,
  type Carrying,
  carrying,
  isAccepting,
  originsOf,
  renewed,
  type Target,
} from './internal/bearer.js'
import { flatten } from './internal/headers.js'
import { isReplayable } from './internal/replayable.js'
import { withoutRaw } from './internal/withoutRaw.js'

const hasAuthorization = (headers: ReadonlyArray<string>): boolean =>
  headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization')

const originOf = ({ origin, path }: Dispatcher.DispatchOptions): string | undefined => {
  // An absolute path would be for a proxy, and for some other origin.
  if (origin === undefined || !path.startsWith('/')) return undefined
  if (typeof origin !== 'string') return origin.origin
  return URL.canParse(origin) ? new URL(origin).origin : undefined
}

/**
 * Asks the source for a token before each request. On a 401 it refuses the token used, asks once more, and sends again once;
 * the second 401 is the caller's, and so is the first where the source stands by its token. When the source has no token, the
 * request fails with {@link AuthError.toError | the typed error}.
 *
 * - Only the listed origins get the token. A request to another origin, or with an `authorization` of its own, passes
 *   untouched; so does one that names no origin, as a `Client` or a `Pool` allows.
 * - A stream or an iterable can be read once only: such a request is not sent again, and its caller gets the first 401. The
 *   token is refused all the same. Through undici's `fetch` every body is one; {@link authenticatedFetch} knows better.
 * - A token that is bound to a key (RFC 9449) goes with a fresh proof, by the client's `dpop`. A 401 that brings a new nonce is answered
 *   by the same request with that nonce in its proof, once, and renews nothing.
 * - undici's redirect interceptor may be composed before or after: after, each hop is looked at anew; before, undici itself
 *   takes the token off where the origin changes. Of a token that is bound to a key, compose it after: before, no redirect is followed.
 * - An error shows nothing of an answer that is no HTTP: the server may have echoed the token.
 * - A 401 is held back up to 64 KiB of its body; a longer one is the caller's.
 *
 * @throws A {@link AuthError.toError | typed error} when one of `origins` is neither https, nor of this machine, nor in `allowHttp`.
 *
 * @example
 * import { authenticated } from '@tessera/node'
 * import type { TokenSource } from '@tessera/core'
 * import { Agent, type Dispatcher } from 'undici'
 *
 * const box = (tokens: TokenSource): Dispatcher =>
 *   new Agent().compose(authenticated({ tokens, origins: ['https://api.box.com'] }))
 * assert.strictEqual(typeof box, 'function')
 */
export const authenticated = (config: BearerConfig): Dispatcher.DispatcherComposeInterceptor => {
  const origins = originsOf(config)
  return (dispatch) => (options, handler) => {
    const headers = flatten(options.headers)
    const origin = originOf(options)
    if (origin === undefined || !origins.has(origin) || hasAuthorization(headers)) return dispatch(options, handler)
    const target = { method: options.method, url: `${origin}${options.path}` }
    start({ ...config, target, replayable: isReplayable(options.body) }, handler, (carried, attempt) =>
      dispatch(
        {
          ...options,
          headers: [...headers, ...carried.headers.flat()],
          // A proof is of one address: what follows a redirect in here would send it to another one.
          ...(carried.proof !== undefined && { maxRedirections: 0 }),
        },
        attempt,
      ),
    )
    return true
  }
}

// Of the body of a 401 that may yet be sent again, in bytes.
const MOST_HELD = 65_536

/** A 401 that the caller has not seen yet. */
interface Held {
  readonly headers: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]
  readonly message: string | undefined
  readonly chunks: Buffer[]
  size: number
  /** It is about the nonce of the proof, and not about the token. */
  readonly isNonce: boolean
}

/** What a request may still be sent again for. */
interface Left {
  readonly renewal: boolean
  readonly nonce: boolean
}

interface Starting extends Pick<BearerConfig, 'tokens' | 'dpop'> {
  readonly target: Target
  readonly replayable: boolean
}

const textOf = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.join(', ')

const start = (
  { tokens, dpop, target, replayable }: Starting,
  handler: Dispatcher.DispatchHandler,
  send: (carried: Carrying, attempt: Dispatcher.DispatchHandler) => void,
): void => {
  let current: Dispatcher.DispatchController | undefined
  let reason: Error | null = null
  const waiting = new AbortController()
  const source = tokens.within({ signal: waiting.signal })

  // Once: a request that was aborted in the queue of a pool fails a second time when its turn comes.
  let failed = false
  const fail = (error: Error, at: Dispatcher.DispatchController = controller) => {
    if (failed) return
    failed = true
    handler.onResponseError?.(at, withoutRaw(error))
  }

  // The caller holds one controller through both requests, and can abort between them too.
  const controller: Dispatcher.DispatchController = {
    get aborted() {
      return reason !== null
    },
    get paused() {
      return current?.paused ?? false
    },
    get reason() {
      return reason
    },
    abort: (why) => {
      if (reason !== null) return
      reason = why
      waiting.abort()
      if (current === undefined) fail(why)
      else current.abort(why)
    },
    pause: () => current?.pause(),
    resume: () => current?.resume(),
  }
  /** Goes on with what the source says, unless the caller is gone. */
  const then = <A>(asked: Promise<E.Either<AuthError, A>>, use: (answer: A) => void): void => {
    asked
      .then((answer) => {
        if (reason !== null) return
        if (E.isLeft(answer)) fail(AuthError.toError(answer.left))
        else use(answer.right)
      })
      // A handler that throws aborts its request, as everywhere in undici.
      .catch(fail)
  }

  const sendWith = (using: Bearer, left: Left): void =>
    then(carrying(using, target), (carried) => send(carried, attempt(using, carried.proof, left)))

  const attempt = (used: Bearer, proof: Proof | undefined, left: Left): Dispatcher.DispatchHandler => {
    let held: Held | undefined
    const release = (to: Dispatcher.DispatchController, { headers, message, chunks }: Held) => {
      held = undefined
      handler.onResponseStart?.(to, 401, headers, message)
      for (const chunk of chunks) handler.onResponseData?.(to, chunk)
    }
    // The caller gets its answer meanwhile; the next request gets the outcome.
    const refuse = () =>
      void source
        .invalidate(used.token)()
        .catch(() => undefined)
    return {
      onRequestStart: (started) => {
        current = started
        if (reason !== null) started.abort(reason)
      },
      onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
      onResponseStart: (to, status, headers, message) => {
        const told = { nonce: textOf(headers['dpop-nonce']), challenge: textOf(headers['www-authenticate']) }
        const isNonce = asksForNonce(proof, status, told) && left.nonce
        if (status === 401 && (left.renewal || isNonce) && replayable) {
          held = { headers, message, chunks: [], size: 0, isNonce }
        } else {
          if (status === 401 && left.renewal && !isNonce) refuse()
          if (isAccepting(status)) tokens.accept?.(used.token)
          handler.onResponseStart?.(to, status, headers, message)
        }
      },
      onResponseData: (to, chunk) => {
        if (held === undefined) return handler.onResponseData?.(to, chunk)
        held.chunks.push(chunk)
        held.size += chunk.length
        if (held.size > MOST_HELD) {
          if (!held.isNonce) refuse()
          release(to, held)
        }
      },
      onResponseEnd: (to, trailers) => {
        const answer = held
        if (answer === undefined) return handler.onResponseEnd?.(to, trailers)
        current = undefined
        if (answer.isNonce) return sendWith(used, { ...left, nonce: false })
        then(renewed(source, used, dpop), (next) => {
          if (next !== undefined) return sendWith(next, { ...left, renewal: false })
          release(controller, answer)
          handler.onResponseEnd?.(controller, trailers)
        })
      },
      onResponseError: (to, error) => fail(error, to),
    }
  }

  handler.onRequestStart?.(controller, {})
  then(bearer(source, dpop), (using) => sendWith(using, { renewal: true, nonce: true }))
}
