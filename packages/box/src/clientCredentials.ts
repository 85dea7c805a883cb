/**
 * Tokens by the application's own credentials.
 *
 * @packageDocumentation
 */
import { checking, Strategy } from '@tessera/core'
import { type Client, clientCredentials as oauth2ClientCredentials, type TokenEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { CLIENT, SUBJECT } from './internal/arguments.js'
import type { Subject, SubjectChoice } from './subject.js'

/** The parameters of {@link clientCredentials}. */
export interface ClientCredentialsOptions {
  readonly client: Client
  readonly subject: SubjectChoice
}

/**
 * A token for an enterprise or a user by client credentials (RFC 6749 §4.4), with `box_subject_type` and `box_subject_id`.
 *
 * Source: Box's guide “Client Credentials Grant”.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * const client = Box.client({ id: 'app', secret: 's3cret' })
 * const strategy = Box.clientCredentials({ client, subject: Box.enterprise('42') })
 * assert.strictEqual(typeof strategy, 'function')
 */
export const clientCredentials: (options: ClientCredentialsOptions) => Strategy<TokenEnv> = checking(
  'Box.clientCredentials takes { client, subject }',
  { client: CLIENT, subject: SUBJECT },
  Strategy.left,
  ({ client, subject }): Strategy<TokenEnv> => {
    // Box pins devices for codes, refreshes and assertions only.
    const unpinned = { ...client, parameters: {} }
    const as = ({ sub, claims, remember }: Subject): Strategy<TokenEnv> => {
      const acquire = oauth2ClientCredentials({
        client: unpinned,
        parameters: { box_subject_type: claims.box_sub_type, box_subject_id: sub },
      })
      return Strategy.make({}, (attempt) =>
        pipe(
          acquire(attempt),
          RTE.map((token) => ({ ...token, subject: O.some(remember) })),
        ),
      )
    }
    if (typeof subject !== 'function') return as(subject)
    return Strategy.make({}, (attempt) =>
      pipe(
        attempt.previous,
        O.flatMap((previous) => previous.subject),
        subject,
        E.match(
          (error) => RTE.left(error),
          (chosen) => as(chosen)(attempt),
        ),
      ),
    )
  },
)
