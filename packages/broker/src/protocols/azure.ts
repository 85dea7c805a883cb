/**
 * The endpoint of managed identities of Azure's App Service (API version 2019-08-01). `IDENTITY_ENDPOINT` leads Azure's libraries here,
 * and `IDENTITY_HEADER` is the bearer that they send.
 *
 * @packageDocumentation
 */
import { createHash } from 'node:crypto'
import { Secret } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Broker, Given, TokenRequest } from '../Broker.js'
import { type Answer, json } from '../Incoming.js'
import type { Refusal } from '../Refusal.js'
import { type Route, tokenRequest } from '../routes.js'

const PATH = /^\/azure(?:\/([^/]+))?$/

const fingerprint = ({ token }: Given): string =>
  createHash('sha256').update(Secret.open(token.accessToken)).digest('hex')

/** What is given, unless the program says that a server refused just that one: then the next. */
const notThat = (broker: Broker, request: TokenRequest, refused: string | null): TE.TaskEither<Refusal, Given> =>
  pipe(
    broker.give(request),
    TE.flatMap((given) =>
      refused === null || refused.toLowerCase() !== fingerprint(given)
        ? TE.right(given)
        : pipe(
            broker.refuse(O.some(given.profile), given.token.accessToken),
            TE.flatMap(() => broker.give(request)),
          ),
    ),
  )

const answerOf = ({ token }: Given, resource: string): Answer =>
  json({
    access_token: Secret.open(token.accessToken),
    token_type: 'Bearer',
    resource,
    ...(O.isSome(token.expiresAt) && { expires_on: String(Math.floor(token.expiresAt.value / 1_000)) }),
  })

const failure = ({ status, error, description }: Refusal): Answer =>
  json({ error, error_description: description, message: description }, status)

/** `/azure` is the profile that is meant where none is named; `/azure/NAME`, or a `client_id`, names one. The resource is that of the profile. */
export const azureRoute =
  (broker: Broker): Route =>
  (request) => {
    const found = request.method === 'GET' ? PATH.exec(request.path) : null
    if (found === null) return O.none
    const { query } = request
    const name = found[1] === undefined ? query.get('client_id') : decodeURIComponent(found[1])
    const asked = tokenRequest(request, O.fromNullable(name), 0)
    return O.some(
      pipe(
        notThat(broker, asked, query.get('token_sha256_to_refresh')),
        TE.match(failure, (given) => answerOf(given, query.get('resource') ?? '')),
      ),
    )
  }
