import { type AuthError, plus, Secret, Strategy, seconds, TokenSet } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import {
  authorizationCode,
  Client,
  clientCredentials,
  deviceAuthorization,
  discovery,
  refreshToken,
  revocation,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { httpServer } from '../../servers/httpServer.js'
import type { Fault, Findings } from '../Fault.js'
import { makeStopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'
import { canary, dealt } from '../random.js'
import { makeTally } from '../tally.js'

const STATUSES = [301, 302, 303, 307, 308]

const LIMIT = seconds(60)

/** What a redirected request may carry. */
interface Secrets {
  readonly client: string
  readonly refresh: string
  readonly access: string
  readonly code: string
  readonly verifier: string
}

type Request = (url: string, secrets: Secrets, env: NodeEnv) => TaskEither<AuthError, unknown>

const clientOf = (url: string, { client }: Secrets): Client =>
  Client.make({
    id: 'app',
    secret: client,
    tokenEndpoint: `${url}/token`,
    revocationEndpoint: `${url}/revoke`,
    deviceAuthorizationEndpoint: `${url}/device`,
  })

const tokenOf = ({ access, refresh }: Secrets): TokenSet =>
  TokenSet.make(Secret.make('AccessToken', access), { refreshToken: O.some(Secret.make('RefreshToken', refresh)) })

const limitsOf = (env: NodeEnv) => ({ deadline: plus(env.clock.now(), LIMIT), signal: new AbortController().signal })

/** Every kind of request that is sent to an authorization server. */
const REQUESTS: Readonly<Record<string, Request>> = {
  'client credentials': (url, secrets, env) =>
    clientCredentials({ client: clientOf(url, secrets) })(Strategy.attempt(LIMIT)(env)())(env),
  'a refresh token': (url, secrets, env) => {
    const attempt = Strategy.attempt(LIMIT, { previous: O.some(tokenOf(secrets)) })(env)()
    return refreshToken({ client: clientOf(url, secrets) })(attempt)(env)
  },
  'an authorization code': (url, secrets, env) =>
    authorizationCode({
      client: clientOf(url, secrets),
      code: Secret.make('AuthorizationCode', secrets.code),
      verifier: Secret.make('CodeVerifier', secrets.verifier),
    })(Strategy.attempt(LIMIT)(env)())(env),
  'a device': (url, secrets, env) => deviceAuthorization({ client: clientOf(url, secrets) })(limitsOf(env))(env),
  'a revocation': (url, secrets, env) =>
    revocation({ client: clientOf(url, secrets) })(tokenOf(secrets))(limitsOf(env))(env),
  'server metadata': (url, _secrets, env) => discovery({ issuer: url, timeout: LIMIT })(env),
}

const CASES = STATUSES.flatMap((status) =>
  Object.entries(REQUESTS).map(([what, request]) => ({ status, what, request })),
)

/** What a test may break. */
export interface Parts {
  readonly env: () => NodeEnv
}

const run =
  ({ env: makeEnv }: Parts): Fault['run'] =>
  async (context): Promise<Findings> => {
    const { canaries, random, progress, count } = context
    const tally = makeTally()
    const stopwatch = makeStopwatch()
    const secrets: Secrets = {
      client: canary(random, 'client'),
      refresh: canary(random, 'refresh'),
      access: canary(random, 'access'),
      code: canary(random, 'code'),
      verifier: canary(random, 'verifier'),
    }
    canaries.remember(...Object.values(secrets))
    let followed = 0
    // It would be glad to serve whoever comes.
    const other = await httpServer(({ request, body }, response) => {
      followed++
      canaries.wrote(`${request.url} ${JSON.stringify(request.headers)} ${body}`)
      response.end(JSON.stringify({ access_token: 'followed', token_type: 'bearer', refresh_token: 'followed' }))
    })
    let status = 0
    const server = await httpServer((_received, response) => {
      response.writeHead(status, { location: `${other.url}/token` }).end()
    })
    const env = makeEnv()
    try {
      for (const [index, of] of dealt(random, CASES, count).entries()) {
        progress(index)
        status = of.status
        const before = followed
        const result = await stopwatch.time(LIMIT, of.request(server.url, secrets, env))
        canaries.wrote(printedResult(result))
        if (followed > before) tally.problem(`${of.what}: a ${of.status} was followed`)
        if (E.isRight(result)) tally.problem(`${of.what}: a ${of.status} was a success`)
        else if (result.left._tag !== 'Rejected' || result.left.answer.status !== of.status)
          tally.problem(`${of.what}: a ${of.status} was ${result.left._tag}`)
      }
    } finally {
      stopwatch.stop()
      await env.close()
      await server.close()
      await other.close()
    }
    return tally.findings(context, stopwatch.longest())
  }

export const redirectsWith = (parts: Parts): Fault => ({
  name: 'redirects',
  injection: `${STATUSES.join(', ')} to another origin, as the answer to ${Object.keys(REQUESTS).join(', ')}`,
  expected: 'never followed, and a typed error; the other origin hears nothing',
  count: CASES.length,
  seconds: 1,
  test: 'answers',
  run: run(parts),
})

export const redirects = redirectsWith({ env: nodeEnv })
