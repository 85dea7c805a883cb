/**
 * The device grant (RFC 8628).
 *
 * @packageDocumentation
 */
import { AuthError, between, checking, type Duration, earliest, millis, plus, Strategy, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  type DeviceAuthorization,
  type DeviceAuthorizationOptions,
  deviceAuthorization,
} from './deviceAuthorization.js'
import type { Grant } from './Grant.js'
import { EXTRA, FUNCTION, SCOPE } from './internal/arguments.js'
import { CLIENT } from './internal/clientArguments.js'
import type { TokenEnv } from './TokenEnv.js'
import { tokenRequest } from './tokenRequest.js'

/** The parameters of {@link deviceCode}. */
export interface DeviceCodeOptions extends DeviceAuthorizationOptions {
  /** Shows the code and the address to a person. It is not awaited; where it throws or rejects, the login fails. */
  readonly onUserCode: (authorization: DeviceAuthorization) => void
}

/**
 * The request's pure half. A poll may issue the token, so that a lost answer loses it; the strategy polls on all the same, as
 * RFC 8628 §3.5 asks.
 */
export const deviceCodeGrant = ({ deviceCode }: Pick<DeviceAuthorization, 'deviceCode'>): Grant => ({
  type: 'urn:ietf:params:oauth:grant-type:device_code',
  parameters: [['device_code', deviceCode]],
  further: [],
  repeatable: false,
})

const SLOWER = seconds(5)
const SLOWEST = seconds(60)
const ONE_POLL = seconds(30)

const doubled = (interval: Duration): Duration => millis(Math.max(interval, Math.min(interval * 2, SLOWEST)))

/**
 * How long to wait before the next poll, in ms; none where `error` ends the flow (RFC 8628 §3.5). `slow_down` adds 5 s to all
 * later waits; what says nothing of the person (no connection, no answer, 429, 5xx) doubles them, up to 60 s.
 */
export const nextPoll = (interval: Duration, error: AuthError): O.Option<Duration> => {
  switch (error._tag) {
    case 'Unreachable':
    case 'TimedOut':
    case 'OutcomeUnknown':
      return O.some(doubled(interval))
    case 'Rejected': {
      const code = O.toUndefined(error.answer.error)
      if (code === 'authorization_pending') return O.some(interval)
      if (code === 'slow_down') return O.some(millis(interval + SLOWER))
      if (!AuthError.isRetryable(error)) return O.none
      return O.some(millis(Math.max(doubled(interval), O.getOrElse(() => millis(0))(error.answer.retryAfter))))
    }
    default:
      return O.none
  }
}

interface Showing {
  /** Aborted where it failed. */
  readonly signal: AbortSignal
  readonly failure: IO<O.Option<AuthError>>
}

const show = (onUserCode: DeviceCodeOptions['onUserCode'], authorization: DeviceAuthorization): Showing => {
  const failing = new AbortController()
  let failure: O.Option<AuthError> = O.none
  const fail = (error: unknown): void => {
    failure = O.some(
      AuthError.fromThrown(error, (threw) =>
        AuthError.notApplicable(`the user code could not be shown: onUserCode ${threw}`),
      ),
    )
    failing.abort()
  }
  try {
    // A function that returns a promise is one that returns nothing, for the compiler.
    Promise.resolve(onUserCode(authorization)).catch(fail)
  } catch (error) {
    fail(error)
  }
  return { signal: failing.signal, failure: () => failure }
}

/**
 * Asks for a code, has it shown, and polls until the person has decided, the code expires or the attempt's deadline comes; the
 * last answer is then the error. A person takes part: for `source.login`, or a source with a long `timeout`.
 *
 * Errors: `Rejected` with `access_denied`, `expired_token` or, where time ran out, `authorization_pending`.
 *
 * @example
 * import { Client, deviceCode } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'tv',
 *   tokenEndpoint: 'https://as.example/token',
 *   deviceAuthorizationEndpoint: 'https://as.example/device',
 * })
 * const login = deviceCode({
 *   client,
 *   onUserCode: ({ verificationUri, userCode }) => console.log(`Open ${verificationUri} and type ${userCode}`),
 * })
 * assert.strictEqual(login.traits?.interactive, true)
 */
export const deviceCode: (options: DeviceCodeOptions) => Strategy<TokenEnv> = checking(
  'deviceCode takes { client, onUserCode, scope?, extra? }',
  { client: CLIENT, onUserCode: FUNCTION, scope: SCOPE, extra: EXTRA },
  Strategy.left,
  ({ onUserCode, ...options }) => {
    const authorize = deviceAuthorization(options)
    const request = tokenRequest({ client: options.client })
    return Strategy.make({ interactive: true }, (attempt) => (env) => async () => {
      const { clock } = env
      const authorized = await authorize(attempt)(env)()
      if (E.isLeft(authorized)) return authorized
      const { interval, expiresAt } = authorized.right
      const deadline = earliest(attempt.deadline, expiresAt)
      // What was waited is over, though the date may be set back meanwhile.
      let left = between(clock.now(), deadline)
      const showing = show(onUserCode, authorized.right)
      const signal = AbortSignal.any([attempt.signal, showing.signal])
      const poll = request(deviceCodeGrant(authorized.right))
      let wait = interval
      let last: AuthError = AuthError.timedOut('a person to approve')
      while (wait < left) {
        await clock.sleep(wait, signal)()
        // A poll under way goes on: its answer may be the token.
        if (O.isSome(showing.failure())) break
        // One poll that hangs must not use up all the time there is.
        const limits = { signal: attempt.signal, deadline: earliest(deadline, plus(clock.now(), ONE_POLL)) }
        const token = await poll(limits)(env)()
        if (E.isRight(token)) return token
        last = token.left
        const next = nextPoll(wait, last)
        if (O.isNone(next)) return token
        left = millis(Math.min(left - wait, between(clock.now(), deadline)))
        wait = next.value
      }
      return E.left(O.getOrElse(() => last)(showing.failure()))
    })
  },
)
