/**
 * The live environment of a command.
 */
import { AuthError } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { ExitCode } from './exitCode.js'
import { type Problem, problem } from './report.js'

/** Opens an environment, whose requests go by the proxy that the variables name. */
export const openEnv = (): E.Either<Problem, NodeEnv> =>
  E.tryCatch(
    () => nodeEnv({ userAgent: 'tessera-cli', proxy: 'environment' }),
    (error) =>
      problem(
        ExitCode.configuration,
        AuthError.isException(error) && error.error._tag === 'Misconfigured'
          ? `the proxy cannot be used: ${error.error.field} ${error.error.message}`
          : 'the proxy cannot be used',
        'correct HTTPS_PROXY and HTTP_PROXY, or unset them',
      ),
  )
