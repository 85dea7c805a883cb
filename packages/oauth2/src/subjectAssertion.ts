/**
 * A workload's identity for a token: by the JWT bearer grant (RFC 7523 §2.1).
 *
 * @packageDocumentation
 */
import { checking, type Strategy } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { FUNCTION, SCOPE } from './internal/arguments.js'
import { CLIENT_OR_SERVER } from './internal/clientArguments.js'
import { failing } from './internal/failing.js'
import { plain } from './internal/plain.js'
import { readSubject } from './internal/subject.js'
import { jwtAssertionGrant } from './jwtAssertion.js'
import type { SubjectToken } from './SubjectToken.js'
import type { TokenEnv } from './TokenEnv.js'
import { type ClientOrServer, tokenRequest } from './tokenRequest.js'

/** The parameters of {@link subjectAssertion}. */
export type SubjectAssertionOptions = ClientOrServer & {
  readonly subject: SubjectToken
  readonly scope?: ReadonlyArray<string> | undefined
}

/**
 * The JWT bearer grant by an assertion that somebody else signed; `jwtAssertion` signs its own. It is read anew for each token, so that a
 * source renews by it for as long as the other side issues. As a client, or without one where the server is given instead: client
 * authentication is optional in this grant.
 *
 * @example
 * import { Client, subjectAssertion } from '@tessera/oauth2'
 * import { fileToken } from '@tessera/node'
 *
 * const client = Client.make({ id: 'app', tokenEndpoint: 'https://as.example/token' })
 * const strategy = subjectAssertion({ client, subject: fileToken({ file: '/run/assertion' }) })
 * assert.strictEqual(typeof strategy, 'function')
 */
export const subjectAssertion: (options: SubjectAssertionOptions) => Strategy<TokenEnv> = checking(
  'subjectAssertion takes { client | server, subject, scope? }',
  { ...CLIENT_OR_SERVER, subject: FUNCTION, scope: SCOPE },
  failing,
  ({ subject, scope, ...from }) => {
    const request = tokenRequest(from)
    const { provider } = from.client === undefined ? from.server : from.client.server
    return plain<TokenEnv>((attempt) => (env) => async () => {
      const read = await readSubject(subject, attempt, env)()
      if (E.isLeft(read)) return read
      const grant = jwtAssertionGrant({ assertion: read.right, scope, provider })
      // Whoever has signed it may have no other.
      return request({ ...grant, signedAnew: false })(attempt)(env)()
    })
  },
)
