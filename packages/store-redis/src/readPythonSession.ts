/**
 * The way in from Box's SDK for Python.
 *
 * @packageDocumentation
 */
import { AuthError, type Duration, millis, Secret, TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { problem, reasonOf } from './internal/reason.js'
import { run, type Script } from './internal/run.js'
import { within } from './internal/within.js'
import type { RedisPort } from './RedisPort.js'

/** The parameters of {@link readPythonSession}. */
export interface PythonSession {
  /** The `unique_id` that `RedisManagedOAuth2` was given: the name of its hash. */
  readonly uniqueId: string
  /** How long the read may take, in ms. Default: 1 s. */
  readonly commandTimeout?: Duration
}

const script: Script = {
  sha1: '6982aa7365408e74fa037b684c7994ab7f586cb9',
  lua: `return redis.call('HMGET', KEYS[1], 'access', 'refresh')`,
}

// Old versions of Python's client wrote a missing token as this word.
const toToken = (value: unknown): O.Option<string> =>
  typeof value === 'string' && value !== '' && value !== 'None' ? O.some(value) : O.none

const toTokenSet = (answer: unknown): O.Option<TokenSet> => {
  if (!Array.isArray(answer)) throw problem('an answer of another shape')
  const [access, refresh] = answer.map(toToken)
  return pipe(
    access ?? O.none,
    O.map((text) =>
      TokenSet.make(Secret.make('AccessToken', text), {
        refreshToken: pipe(
          refresh ?? O.none,
          O.map((of) => Secret.make('RefreshToken', of)),
        ),
      }),
    ),
  )
}

/**
 * Reads what `RedisManagedOAuth2` of Box's SDK for Python keeps (the fields `access` and `refresh` of a hash), for `initial` of
 * `TokenSource.make`. None where there is nothing. The hash stays as it is; from the first renewal on, its refresh token is used
 * up, so stop the Python processes first. Its access token's end is unknown: it is used until it is refused.
 *
 * @example
 * import { nodeRedis, readPythonSession } from '@tessera/store-redis'
 * import { createClient } from '@redis/client'
 *
 * const initial = readPythonSession(nodeRedis(createClient()), { uniqueId: 'user-42' })
 * void initial().then((result) => assert.strictEqual(result._tag, 'Left'))
 */
export const readPythonSession = (
  port: RedisPort,
  { uniqueId, commandTimeout = millis(1_000) }: PythonSession,
): TE.TaskEither<AuthError, O.Option<TokenSet>> =>
  TE.tryCatch(
    async () => toTokenSet(await within(commandTimeout, (signal) => run(port, script, uniqueId, [], signal))),
    (error) => AuthError.storeFailed('get', reasonOf(error)),
  )
