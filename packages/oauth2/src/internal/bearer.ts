import { type AuthError, type ClockEnv, type Limits, Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { HttpEnv, HttpRequest } from '../Http.js'
import type { Endpoint } from './endpoint.js'
import { type Answered, transfer } from './transfer.js'

/** Sends a request that has a token (RFC 6750 §2.1), and nothing else. */
export const withToken =
  (endpoint: Endpoint, method: HttpRequest['method'], token: Secret) =>
  (limits: Required<Limits>) =>
  (env: HttpEnv & ClockEnv): TaskEither<AuthError, Answered> =>
    transfer(
      {
        endpoint,
        method,
        headers: [
          ['accept', 'application/json'],
          ['accept-encoding', 'identity'],
          ['authorization', Secret.make('Authorization', `Bearer ${Secret.open(token)}`)],
        ],
        body: O.none,
        secrets: [token],
        repeatable: true,
      },
      limits,
      env,
    )
