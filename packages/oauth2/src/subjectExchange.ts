/**
 * A workload's identity for a token: by token exchange (RFC 8693).
 *
 * @packageDocumentation
 */
import { checking, Secret, type Strategy, TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { FUNCTION, SCOPE } from './internal/arguments.js'
import { CLIENT_OR_SERVER } from './internal/clientArguments.js'
import { failing } from './internal/failing.js'
import { plain } from './internal/plain.js'
import { readSubject } from './internal/subject.js'
import type { SubjectToken } from './SubjectToken.js'
import type { TokenEnv } from './TokenEnv.js'
import { type ExchangeTarget, type TokenExchangeParameters, tokenExchange } from './tokenExchange.js'
import type { ClientOrServer } from './tokenRequest.js'

/** The parameters of {@link subjectExchange}. */
export type SubjectExchangeOptions = ClientOrServer &
  Omit<TokenExchangeParameters, 'subjectTokenType'> &
  ExchangeTarget & {
    readonly subject: SubjectToken
    /** Default: a JWT, `urn:ietf:params:oauth:token-type:jwt`. */
    readonly subjectTokenType?: string | undefined
  }

const JWT = 'urn:ietf:params:oauth:token-type:jwt'

/**
 * Exchanges a token that somebody else issued for one of this server's: a token of a cluster, of a cloud or of a pipeline. It is read anew
 * for each token, so that a source renews by it for as long as the other side issues. The resources of the client are asked for where no
 * `resource` is given.
 *
 * @example
 * import { subjectExchange, AuthorizationServer } from '@tessera/oauth2'
 * import { githubActionsToken } from '@tessera/node'
 *
 * const strategy = subjectExchange({
 *   server: AuthorizationServer.make({ tokenEndpoint: 'https://sts.example/token' }),
 *   subject: githubActionsToken({ audience: 'https://sts.example' }),
 *   scope: ['deploy'],
 * })
 * assert.strictEqual(typeof strategy, 'function')
 */
export const subjectExchange: (options: SubjectExchangeOptions) => Strategy<TokenEnv> = checking(
  'subjectExchange takes { client | server, subject, … }',
  { ...CLIENT_OR_SERVER, subject: FUNCTION, scope: SCOPE },
  failing,
  ({ subject, scope, resource, parameters, subjectTokenType = JWT, ...options }) => {
    const exchange = tokenExchange({ ...options, subjectTokenType })
    const target = { scope, resource: resource ?? options.client?.resource, parameters }
    return plain<TokenEnv>((attempt) => (env) => async () => {
      const read = await readSubject(subject, attempt, env)()
      if (E.isLeft(read)) return read
      const token = TokenSet.make(Secret.make('AccessToken', Secret.open(read.right)))
      return exchange(token, target)(attempt)(env)()
    })
  },
)
