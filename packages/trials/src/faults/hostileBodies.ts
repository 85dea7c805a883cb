/**
 * Answers of a token endpoint, as they should be and as they should not, each with the verdict that it deserves.
 */
import * as fc from 'fast-check'

/** What a server may know, and nobody may see. */
export interface Secrets {
  /** Of the request. */
  readonly client: string
  readonly refresh: string
  /** Of the answer. */
  readonly access: string
  readonly next: string
}

/** An answer. */
export interface Hostile {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether it is a token response. */
  readonly isGood: boolean
}

/** A part of an answer, as JSON text or absent. */
interface Part {
  readonly text: string | undefined
  readonly isGood: boolean
}

const parts = (isGood: boolean, texts: ReadonlyArray<string | undefined>): ReadonlyArray<Part> =>
  texts.map((text) => ({ text, isGood }))

/** A good one mostly, so that every bad one is also met alone. */
const part = (good: ReadonlyArray<string | undefined>, bad: ReadonlyArray<string | undefined>): fc.Arbitrary<Part> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...parts(true, good)) },
    { weight: 1, arbitrary: fc.constantFrom(...parts(false, bad)) },
  )

const json = (value: unknown): string => JSON.stringify(value)
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

const WRONG_TYPES = ['0', '-1', 'true', '[]', '{}', '1e999']
const NO_TEXT = [...WRONG_TYPES, '""']

const memberOf = ({ client, access, next }: Secrets): Readonly<Record<string, fc.Arbitrary<Part>>> => ({
  access_token: part(
    [json(access)],
    [undefined, 'null', ...NO_TEXT, json([access]), json({ value: access }), json(`${access}\n`), json(`${access}é`)],
  ),
  token_type: part(
    ['"bearer"', '"Bearer"', '"BEARER"'],
    [undefined, 'null', ...NO_TEXT, '"mac"', '"bearer "', json(access)],
  ),
  expires_in: part(
    [undefined, 'null', '""', '0', '-0', '3600', '"3600"', '3600.5', '1e15', '1e308', '"999999999999999"', '5e-324'],
    ['-1', '-1e308', '1e999', '-1e999', '"-1"', '"1e3"', '"Infinity"', '"3600 "', 'true', '[]', '{}', json(access)],
  ),
  refresh_token: part(
    [undefined, 'null', '""', json(next)],
    [...WRONG_TYPES, json([next]), json(`${next}\u0000`), json(`${next}\u2028`)],
  ),
  // What a server echoes there of the request is public.
  scope: part(
    [
      undefined,
      'null',
      '""',
      '[]',
      '"item_read root_readwrite"',
      '["item_read"]',
      json(`item_read ${client}`),
      json([client]),
    ],
    ['0', 'true', '[0]', '[[]]', json('a\nb'), json(['a\nb'])],
  ),
  restricted_to: part([undefined, 'null', '[]', '[{"scope":"item_read"}]'], ['0', '{}', '"all"', nested(40)]),
  // Two members of which nobody has heard.
  further: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Part>({ text: undefined, isGood: true }) },
    {
      weight: 2,
      arbitrary: fc
        .jsonValue({ maxDepth: 3 })
        .map(json)
        .filter((text) => !/__proto__|constructor/.test(text))
        .map((text): Part => ({ text, isGood: true })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...parts(false, [
          '{"__proto__":{"polluted":true}}',
          '{"constructor":{"polluted":true}}',
          nested(40),
          nested(5_000),
          nested(20_000),
        ]),
      ),
    },
  ),
  hostile: part(
    [undefined],
    ['__proto__', 'constructor'].map((name) => `:${name}`),
  ),
})

/** The text of an object, written by hand: no serializer would write all of this. */
const textOf = (members: Readonly<Record<string, Part>>): string =>
  `{${Object.entries(members)
    .flatMap(([name, { text }]) => {
      if (text === undefined) return []
      return text.startsWith(':') ? [`"${text.slice(1)}":{"polluted":true}`] : [`"${name}":${text}`]
    })
    .join(',')}}`

/** What stands around it, or instead of it. */
const WRAPS = {
  itself: { isGood: true, wrap: (text: string) => text },
  'white space': { isGood: true, wrap: (text: string) => ` \r\n\t${text}\n` },
  'byte order mark': { isGood: false, wrap: (text: string) => `\ufeff${text}` },
  'trailing text': { isGood: false, wrap: (text: string) => `${text}x` },
  twice: { isGood: false, wrap: (text: string) => text + text },
  'a prefix against scripts': { isGood: false, wrap: (text: string) => `)]}'\n${text}` },
  'a list': { isGood: false, wrap: (text: string) => `[${text}]` },
  'a text': { isGood: false, wrap: (text: string) => json(text) },
  cut: { isGood: false, wrap: (text: string) => text.slice(0, -1) },
  'cut in the middle': { isGood: false, wrap: (text: string) => text.slice(0, text.length / 2) },
  page: { isGood: false, wrap: (text: string) => `<!doctype html><title>Log in</title><p>${text}` },
  nothing: { isGood: false, wrap: () => '' },
  null: { isGood: false, wrap: () => 'null' },
  number: { isGood: false, wrap: () => '1e999' },
  'no ASCII': { isGood: false, wrap: (text: string) => Buffer.from(text, 'utf16le').toString('utf8') },
  form: { isGood: false, wrap: (text: string) => new URLSearchParams({ access_token: text }).toString() },
  single: { isGood: false, wrap: (text: string) => text.replaceAll('"', "'") },
} as const

const wraps = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(WRAPS.itself, WRAPS['white space']) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(WRAPS)) },
)

/** Headers that are read, and garbage in them. */
const headers: fc.Arbitrary<Readonly<Record<string, string>>> = fc.record(
  {
    'retry-after': fc.constantFrom('1', '-1', '1e9', '99999999999999999999', 'soon', 'Wed, 21 Oct 2125 07:28:00 GMT'),
    date: fc.constantFrom('Thu, 01 Jan 1970 00:00:00 GMT', 'yesterday', 'Fri, 31 Dec 9999 23:59:59 GMT'),
    'content-type': fc.constantFrom('text/html', 'application/json', 'application/x-www-form-urlencoded', 'x'),
    'box-request-id': fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    }),
  },
  { requiredKeys: [] },
)

const successes = (secrets: Secrets): fc.Arbitrary<Hostile> =>
  fc
    .record({
      status: fc.constantFrom(200, 200, 201, 206),
      headers,
      members: fc.record(memberOf(secrets)),
      wrap: wraps,
    })
    .map(({ status, headers, members, wrap }) => ({
      status,
      headers,
      body: wrap.wrap(textOf(members)),
      isGood: wrap.isGood && Object.values(members).every(({ isGood }) => isGood),
    }))

/** How a server may write what it was sent. */
const ECHOES: ReadonlyArray<(secret: string) => string> = [
  (secret) => secret,
  (secret) => `${'x'.repeat(490)}${secret}`,
  (secret) => Buffer.from(secret).toString('base64'),
  (secret) => Buffer.from(secret).toString('base64url'),
  (secret) => Buffer.from(secret).toString('hex'),
  encodeURIComponent,
  (secret) => new URLSearchParams([['', secret]]).toString().slice(1),
  // Between characters that nobody sees.
  (secret) => [...secret].join('\u200b'),
  (secret) => `${secret}\u0000\u001b[2K`,
]

const failures = ({ client, refresh }: Secrets): fc.Arbitrary<Hostile> => {
  const echo = fc
    .tuple(fc.constantFrom(client, refresh), fc.constantFrom(...ECHOES))
    .map(([secret, write]) => write(secret))
  const text = fc.oneof(echo, fc.string(), fc.constantFrom('invalid_grant', ''))
  return fc
    .record({
      status: fc.constantFrom(204, 205, 300, 304, 400, 401, 403, 404, 408, 409, 418, 429, 500, 502, 503, 504, 599),
      headers,
      error: fc.record(
        {
          error: fc.oneof(text, fc.jsonValue()),
          error_description: fc.oneof(text, fc.jsonValue()),
          code: text,
          message: text,
          request_id: text,
        },
        { requiredKeys: [] },
      ),
      wrap: wraps,
    })
    .map(({ status, headers, error, wrap }) => ({ status, headers, body: wrap.wrap(json(error)), isGood: false }))
}

/** Answers of every kind. Two of three are successes, by their status. */
export const hostile = (secrets: Secrets): fc.Arbitrary<Hostile> =>
  fc.oneof({ weight: 2, arbitrary: successes(secrets) }, { weight: 1, arbitrary: failures(secrets) })

/** Far more than an error may name. */
const wide = (element: string): string => `[${Array.from({ length: 10_000 }, () => element).join(',')}]`

/** Other documents that are read: a record of a store, server metadata, settings. Each member is too much, or of another type. */
export const documents = ({ access, client }: Secrets): fc.Arbitrary<string> => {
  const open = fc.constantFrom(
    ...[nested(400), nested(600), nested(20_000), wide('0'), wide('{}'), wide(json(access))],
    ...['null', '0', '1e999', '{}', '[]', 'true'],
  )
  const value = fc.oneof({ arbitrary: open, weight: 12 }, fc.constant(json(client)))
  const token = fc
    .tuple(fc.constantFrom('scope', 'restricted_to', 'members', 'expires_at', 'more'), value)
    .map(([name, text]) => `{"v":1,"access_token":${json(access)},"${name}":${text}}`)
  const record = (member: string): string => `{"v":1,"epoch":0,"generation":0,${member}}`
  const url = 'https://as.example'
  return fc.oneof(
    token.map((text) => record(`"token":${text}`)),
    fc
      .tuple(fc.constantFrom('token', 'verdict', 'intent', 'more', 'origin'), value)
      .map(([name, text]) => record(`"${name}":${text}`)),
    value.map((text) => record(`"verdict":{"tag":"held","more":${text}}`)),
    fc
      .oneof(
        fc.tuple(fc.constantFrom('scopes_supported', 'token_endpoint_auth_methods_supported', 'more'), value),
        // Another issuer than was expected is named by the error: it is no secret.
        fc.tuple(fc.constant('issuer'), open),
      )
      .map(([name, text]) => `{"issuer":"${url}","token_endpoint":"${url}/token","${name}":${text}}`),
    value.map((text) => `{"boxAppSettings":{"clientID":${text},"clientSecret":${json(client)},"appAuth":${text}}}`),
    value,
  )
}
