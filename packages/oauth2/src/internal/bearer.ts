import { AuthError, type ClockEnv, type Limits, Secret, type TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Dpop } from '../Dpop.js'
import type { HttpEnv, HttpRequest } from '../Http.js'
import { isDpopToken } from './dpopToken.js'
import type { Endpoint } from './endpoint.js'
import { type Proving, proving, unproved } from './proving.js'
import { type Answered, transfer } from './transfer.js'

/** A token of a pair, and how it is sent. */
export interface Sent extends Partial<Pick<TokenSet, 'tokenType'>> {
  readonly token: Secret
  readonly dpop?: Dpop | undefined
}

/** Sends a request that has a token (RFC 6750 §2.1, RFC 9449 §7.1), and nothing else. */
export const withToken =
  (endpoint: Endpoint, method: HttpRequest['method'], { token, tokenType = 'bearer', dpop }: Sent) =>
  (limits: Required<Limits>) =>
  (env: HttpEnv & ClockEnv): TE.TaskEither<AuthError, Answered> => {
    const isBound = isDpopToken({ tokenType })
    const send = ({ headers, secrets, onResponse }: Proving): TE.TaskEither<AuthError, Answered> =>
      transfer(
        {
          endpoint,
          method,
          headers: [
            ['accept', 'application/json'],
            ['accept-encoding', 'identity'],
            ['authorization', Secret.make('Authorization', `${isBound ? 'DPoP' : 'Bearer'} ${Secret.open(token)}`)],
            ...headers,
          ],
          body: O.none,
          secrets: [token, ...secrets],
          repeatable: true,
          onResponse,
        },
        limits,
        env,
      )
    if (!isBound) {
      return dpop?.required === true ? TE.left(AuthError.misconfigured('dpop', NOT_BOUND)) : send(unproved)
    }
    if (dpop === undefined) return TE.left(AuthError.misconfigured('dpop', NO_KEY))
    return proving({ dpop, endpoint, method, accessToken: token, again: true }, limits, env)(send)
  }

const NOT_BOUND = 'it is required, but the server has issued a bearer token'
const NO_KEY = 'the token is bound to a key, which the client does not have: give Client.make its dpop'
