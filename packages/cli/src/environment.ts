/**
 * The live environment of a command.
 */
import { setFlagsFromString } from 'node:v8'
import { AuthError } from '@tessera/core'
import { type NodeEnv, nodeEnv, nodeHttp, proxiedFetch } from '@tessera/node'
import type { Http } from '@tessera/oauth2'
import * as IOE from 'fp-ts/lib/IOEither.js'
import { ExitCode } from './exitCode.js'
import type { Invocation } from './invocation.js'
import { type Problem, problem } from './report.js'

/**
 * undici and fetch read answers by WebAssembly. V8 would optimise it in the background, and no process ends before that is done: a tenth
 * of a second after all was said. With this budget nothing runs for long enough to be optimised.
 */
export const endSoon = (): void => setFlagsFromString('--wasm-tiering-budget=1000000000')

/** Opens a `fetch`, whose requests go by the proxy that the variables name. */
export const openFetch = (): typeof fetch => {
  endSoon()
  return proxiedFetch({ proxy: 'environment' })
}

const USER_AGENT = 'tessera-cli'

/** What `'environment'` of a proxy reads. */
const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY'].flatMap((name) => [name, name.toLowerCase()])

/** Loads what it needs with the first request: most commands find a token that is valid. */
const direct = (): Http => {
  let http: Http | undefined
  return {
    send: (request) => {
      http ??= nodeHttp({ userAgent: USER_AGENT })
      return http.send(request)
    },
  }
}

/**
 * Opens an environment, whose requests go by the proxy that the variables name. Where they name none, by node:http: to load undici, and
 * to compile what it reads answers with, takes longer than all else that a command does for one request.
 */
export const openEnv = (variables: Invocation['variables']): IOE.IOEither<Problem, NodeEnv> =>
  IOE.tryCatch(
    () => {
      const env = nodeEnv({ userAgent: USER_AGENT, proxy: 'environment' })
      const isProxied = PROXIES.some((name) => (variables[name] ?? '') !== '')
      if (!isProxied) return { ...env, http: direct() }
      endSoon()
      return env
    },
    (error) =>
      problem(
        ExitCode.configuration,
        AuthError.isException(error) && error.error._tag === 'Misconfigured'
          ? `the proxy cannot be used: ${error.error.field} ${error.error.message}`
          : 'the proxy cannot be used',
        'correct HTTPS_PROXY and HTTP_PROXY, or unset them',
      ),
  )
