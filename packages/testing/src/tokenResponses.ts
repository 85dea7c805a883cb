/**
 * Arbitraries of what a token endpoint may answer.
 *
 * @packageDocumentation
 */
import { Secret } from '@tessera/core'
import * as fc from 'fast-check'
import { scopes } from './internal/characters.js'
import { responding, type TransportResponse } from './transport.js'

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

const SECRET = /("(?:access_token|refresh_token|id_token)"\s*:\s*)"(?:[^"\\]|\\.)*"/g

/** Prints with its tokens redacted. */
const printable = (response: TransportResponse): TransportResponse =>
  Object.defineProperty(response, fc.toStringMethod, {
    value: () => `${response.status} ${Secret.open(response.body).slice(0, 300).replace(SECRET, '$1<redacted>')}`,
  })

// -----------------------------------------------------------------------------
// well-formed
// -----------------------------------------------------------------------------

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 8,
  maxLength: 60,
})
const seconds = fc.integer({ min: 0, max: 86_400 })

/** Member names that no answer needs, and attackers do. */
const HOSTILE = /"(__proto__|constructor)":/

/** A token answer as RFC 6749 §5.1 has it, and as servers write it: each optional member there, `null` or not there. */
const members = fc.record(
  {
    access_token: visible,
    token_type: fc.constantFrom('bearer', 'Bearer', 'BEARER'),
    expires_in: fc.oneof({ withCrossShrink: true }, seconds, seconds.map(String), fc.constant(null)),
    refresh_token: fc.option(visible),
    scope: fc.option(fc.array(scopes, { maxLength: 4 }).map((names) => names.join(' '))),
    restricted_to: fc.constantFrom([], null, [{ scope: 'item_preview' }]),
    id_token: visible,
    example_parameter: fc.jsonValue({ maxDepth: 2 }).filter((value) => !HOSTILE.test(JSON.stringify(value))),
  },
  { requiredKeys: ['access_token', 'token_type'] },
)

/** Answers that bring a token. */
export const tokenResponses: fc.Arbitrary<TransportResponse> = members.map((body) =>
  printable(responding(200, body, { 'content-type': 'application/json' })),
)

// -----------------------------------------------------------------------------
// hostile
// -----------------------------------------------------------------------------

const good = members.map((body): Readonly<Record<string, unknown>> => body)
const with_ = (name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.tuple(good, value).map(([body, bad]) => JSON.stringify({ ...body, [name]: bad }))
/** What no serializer writes, so that it is put into the text. */
const raw = (name: string, ...texts: ReadonlyArray<string>): fc.Arbitrary<string> =>
  fc
    .tuple(good, fc.constantFrom(...texts))
    .map(([body, text]) => JSON.stringify({ ...body, [name]: '@' }).replace('"@"', () => text))

const noText = fc.constantFrom<unknown>('', 0, 1, true, [], {}, ['a'], { a: 1 })

const bodies: ReadonlyArray<fc.Arbitrary<string>> = [
  // Not JSON, or not an object.
  fc.constantFrom('', ' ', '<html><body>502 Bad Gateway</body></html>', 'OK', 'null', 'true', '42', '"token"', '[]'),
  fc.tuple(good, fc.nat(100)).map(([body, cut]) => JSON.stringify(body).slice(0, -1 - (cut % 10))),
  good.map((body) => `[${JSON.stringify(body)}]`),
  good.map((body) => `${JSON.stringify(body)}}`),
  good.map((body) => `)]}',\n${JSON.stringify(body)}`),
  // An access token that is none, or that would be more than one header.
  good.map(({ access_token: _, ...body }) => JSON.stringify(body)),
  with_('access_token', noText),
  with_('access_token', fc.constantFrom('a\r\nx-evil: 1', 'a b', 'tökén', 'a\u0000', '\u202eabc')),
  // Times that nobody can count with.
  raw('expires_in', '-1', '-0.5', '1e999', '-1e999', '{}', '[]', 'true', '"soon"', '"-1"', '"1e3"', '" 1"'),
  with_('refresh_token', fc.constantFrom<unknown>(0, true, [], {}, 'a\r\nb')),
  with_('token_type', fc.constantFrom<unknown>('mac', 'DPoP', '', 0, [], {})),
  with_('scope', fc.constantFrom<unknown>(0, {}, [0], 'a\nb')),
  // What would change more than the answer.
  raw('__proto__', '{"polluted":true}'),
  raw('constructor', '{"prototype":{"polluted":true}}'),
  good.map((body) =>
    JSON.stringify({ ...body, deep: 0 }).replace('"deep":0', `"deep":${'['.repeat(5_000)}${']'.repeat(5_000)}`),
  ),
]

/**
 * Answers with status 200 that bring no token: not JSON, cut off, of other types, with times that cannot be counted with, or with
 * members that trouble JavaScript. A client must fail on each of them, and show nothing of it.
 */
export const hostileResponses: fc.Arbitrary<TransportResponse> = fc
  .oneof(...bodies)
  .map((body) => printable(responding(200, body)))

/** Answers that say no: errors as RFC 6749 §5.2 has them, those of proxies, and bodies of any kind. */
export const errorResponses: fc.Arbitrary<TransportResponse> = fc
  .record({
    status: fc.constantFrom(400, 401, 403, 404, 409, 429, 500, 502, 503, 504),
    body: fc.oneof(
      { withCrossShrink: true },
      fc.record({
        error: fc.constantFrom('invalid_grant', 'invalid_client', 'invalid_request', 'temporarily_unavailable'),
        error_description: fc.string({ maxLength: 20 }),
      }),
      fc.oneof(...bodies),
    ),
    retryAfter: fc.option(fc.constantFrom('0', '7', '3600', 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon', '-1')),
  })
  .map(({ status, body, retryAfter }) =>
    printable(responding(status, body, retryAfter === null ? {} : { 'retry-after': retryAfter })),
  )
