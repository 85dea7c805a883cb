/**
 * The metadata server of Google's Compute Engine, as far as its libraries ask it for tokens. `GCE_METADATA_HOST` leads them here.
 *
 * @packageDocumentation
 */
import { Secret } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Broker, Given } from '../Broker.js'
import { type Answer, isMetadataRequest, json, refused, text } from '../Incoming.js'
import { secondsUntil } from '../internal/answers.js'
import { type Refusal, refusal } from '../Refusal.js'
import { type Route, tokenRequest } from '../routes.js'

const ROOT = '/computeMetadata/v1'
const ACCOUNT = /^\/instance\/service-accounts\/([^/]+)\/(token|email|scopes|aliases|)$/

/** What each answer of a metadata server has. */
const FLAVOR = { 'metadata-flavor': 'Google' }

/** Google's libraries renew a token that lives shorter than this, in s, and would get the same one again. */
const EARLY = 240

const flavored = (answer: Answer): Answer =>
  answer._tag === 'Text' ? { ...answer, headers: { ...answer.headers, ...FLAVOR } } : answer

const tokenOf = ({ token }: Given, broker: Broker): Answer =>
  json(
    {
      access_token: Secret.open(token.accessToken),
      token_type: 'Bearer',
      ...(O.isSome(token.expiresAt) && { expires_in: secondsUntil(token.expiresAt.value, broker.clock.now()) }),
    },
    200,
    FLAVOR,
  )

const described = (account: string, what: string, recursive: boolean): Answer => {
  if (what === 'email') return text(200, 'application/text', account, FLAVOR)
  if (what === 'scopes' || what === 'aliases') return text(200, 'application/text', '', FLAVOR)
  return recursive
    ? json({ aliases: [], email: account, scopes: [] }, 200, FLAVOR)
    : text(200, 'application/text', 'aliases\nemail\nscopes\ntoken\n', FLAVOR)
}

const NOT_ALLOWED = refusal('unauthorized', 'the request has not the header Metadata-Flavor: Google', { status: 403 })

/** The service account `default` is the profile that is meant where none is named; any other is the profile of its name. */
export const googleRoute =
  (broker: Broker): Route =>
  (request) => {
    const { method, path, query } = request
    if (method !== 'GET' || !(path === ROOT || path.startsWith(`${ROOT}/`))) return O.none
    const now = (answer: Answer): O.Option<T.Task<Answer>> => O.some(async () => flavored(answer))
    if (!isMetadataRequest(request)) return now(refused(NOT_ALLOWED))
    const below = path.slice(ROOT.length)
    // By this the libraries find out that there is a metadata server.
    if (below === '' || below === '/' || /^\/instance\/?$/.test(below)) return now(json({}))
    const [, account, what = ''] = ACCOUNT.exec(below) ?? []
    if (account === undefined) return now(refused(refusal('not_found', 'there is no such metadata')))
    const name = decodeURIComponent(account)
    if (what !== 'token') return now(described(name, what, query.get('recursive') === 'true'))
    return O.some(
      pipe(
        broker.give(tokenRequest(request, name === 'default' ? O.none : O.some(name), EARLY)),
        TE.match(
          (why: Refusal) => flavored(refused(why)),
          (given) => tokenOf(given, broker),
        ),
      ),
    )
  }
