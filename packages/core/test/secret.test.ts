import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { Secret, TokenSet } from '@tessera/core'
import { codePoints, secrets, tokenSets, tokenTexts } from '@tessera/testing'
import * as fc from 'fast-check'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'

const deep = { showHidden: true, customInspect: false, depth: Number.POSITIVE_INFINITY, getters: true }

const written = (log: (console: Console) => void): string => {
  const chunks: Array<string> = []
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(String(chunk))
      done()
    },
  })
  log(new Console({ stdout: stream, stderr: stream }))
  return chunks.join('')
}

const attempted = (use: () => unknown): unknown => {
  try {
    return use()
  } catch (error) {
    return error
  }
}

/** Every way in which a value gets into a text. */
const sinks: ReadonlyArray<readonly [string, (value: object) => string]> = [
  ['String', (value) => String(value)],
  ['a template', (value) => `${value}`],
  ['concatenation', (value) => `a ${[value]}`],
  ['JSON.stringify', (value) => JSON.stringify({ value, list: [value] })],
  ['util.inspect', (value) => inspect({ value })],
  ['util.inspect of all that is hidden', (value) => inspect({ value }, deep)],
  ['util.format', (value) => format('%s %o %O %j %d', value, value, value, value, value)],
  ['console.log', (value) => written((console) => console.log('value', value))],
  ['console.table', (value) => written((console) => console.table([value]))],
  ['console.dir', (value) => written((console) => console.dir(value, deep))],
  ['the message of an Error', (value) => inspect(new Error(`failed with ${value}`), deep)],
  ['the cause of an Error', (value) => inspect(new Error('failed', { cause: value }), deep)],
  [
    'the message of a TypeError',
    (value) => inspect(attempted(() => Reflect.apply(Reflect.get(value, 'no'), value, []))),
  ],
  [
    'structuredClone',
    (value) =>
      inspect(
        attempted(() => structuredClone(value)),
        deep,
      ),
  ],
  [
    'v8.serialize',
    (value) =>
      inspect(
        attempted(() => deserialize(serialize(value))),
        deep,
      ),
  ],
  ['Object.keys', (value) => Object.keys(value).join()],
  ['Object.values', (value) => inspect(Object.values(value), deep)],
  ['Object.entries', (value) => inspect(Object.entries(value), deep)],
  ['spread', (value) => inspect({ ...value }, deep)],
  [
    'own keys',
    (value) =>
      inspect(
        Reflect.ownKeys(value).map((key) => Reflect.getOwnPropertyDescriptor(value, key)),
        deep,
      ),
  ],
  ['a URL', (value) => new URL(`https://a.example/?t=${encodeURIComponent(String(value))}`).href],
  [
    'for in',
    (value) => {
      const seen: Array<string> = []
      // What a server sent may be a value that has no text.
      for (const key in value) seen.push(`${key} ${attempted(() => String(Reflect.get(value, key)))}`)
      return seen.join()
    },
  ],
]

describe.each(sinks)('a secret does not get into %s', (_, sink) => {
  test('alone', () => {
    fc.assert(
      fc.property(tokenTexts, (text) => {
        const seen = sink(Secret.make('AccessToken', text))
        expect(Secret.forms(text).filter((form) => seen.includes(form))).toEqual([])
      }),
      { numRuns: 30 },
    )
  })

  test('inside a token set', () => {
    fc.assert(
      fc.property(tokenSets, secrets('Member'), (token, member) => {
        const value = TokenSet.make(token.accessToken, { ...token, members: new Map([['id_token', member]]) })
        const seen = sink(value)
        const held = [value.accessToken, member, ...RA.fromOption(value.refreshToken)]
        expect(
          held
            .map(Secret.open)
            .flatMap(Secret.forms)
            .filter((form) => seen.includes(form)),
        ).toEqual([])
      }),
      { numRuns: 20 },
    )
  })
})

test('where it would be seen, it says that it is not', () => {
  const secret = Secret.make('AccessToken', 'abcdefgh')
  expect(String(secret)).toBe('<redacted>')
  expect(secret.toString()).toBe('<redacted>')
  expect(`${secret}`).toBe('<redacted>')
  expect(JSON.stringify([secret])).toBe('["<redacted>"]')
  expect(inspect(secret)).toBe('<redacted>')
  expect(Number(secret)).toBeNaN()
})

test('what is wrapped comes out, with its kind', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoints }), fc.string(), (text, kind) => {
      const secret = Secret.make(kind, text)
      expect(Secret.open(secret)).toBe(text)
      expect(secret.kind).toBe(kind)
      expect(Secret.is(secret)).toBe(true)
    }),
  )
})

test('nothing else is a secret', () => {
  fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (value) => expect(Secret.is(value)).toBe(false)))
})

test('it cannot be changed', () => {
  const secret = Secret.make('AccessToken', 'abcdefgh')
  expect(Object.isFrozen(secret)).toBe(true)
  expect(Reflect.set(secret, 'kind', 'Other')).toBe(false)
  expect(Reflect.set(Object.getPrototypeOf(secret), 'toString', () => 'seen')).toBe(false)
})

test('equality is that of what is inside', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const of = (text: string) => Secret.make('AccessToken', text)
      expect(Secret.eq.equals(of(a), of(b))).toBe(a === b)
      expect(Secret.eq.equals(of(a), of(a))).toBe(true)
    }),
  )
})

test('two instances of the module take each other for one', () => {
  const load = (): typeof import('@tessera/core') => {
    let loaded: typeof import('@tessera/core') | undefined
    jest.isolateModules(() => {
      loaded = jest.requireActual('@tessera/core')
    })
    if (loaded === undefined) throw new Error('not loaded')
    return loaded
  }
  const [first, second] = [load(), load()]
  expect(first.Secret.make).not.toBe(second.Secret.make)
  const secret = first.Secret.make('AccessToken', 'abcdefgh')
  expect(second.Secret.is(secret)).toBe(true)
  expect(second.Secret.open(secret)).toBe('abcdefgh')
  expect(second.Secret.eq.equals(secret, second.Secret.make('AccessToken', 'abcdefgh'))).toBe(true)
  expect(second.Secret.redact([secret])('abcdefgh')).toBe('<redacted>')
  const record = first.TokenSet.codec.encode(first.TokenSet.make(secret))
  expect(second.TokenSet.codec.encode(second.TokenSet.make(secret))).toEqual(record)
})

describe('redaction', () => {
  // Or `redact` would pass over a secret that is longer than the text.
  test('no form is shorter than its secret', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoints }), (text) => {
        for (const form of Secret.forms(text)) expect(form.length).toBeGreaterThanOrEqual(text.length)
      }),
    )
  })

  const bytes = (text: string): Buffer => Buffer.from(text, 'utf8')
  const encodings: ReadonlyArray<readonly [string, (text: string) => string]> = [
    ['raw', (text) => text],
    ['percent-encoded', (text) => encodeURIComponent(text)],
    ['form-encoded', (text) => new URLSearchParams({ a: text }).toString().slice(2)],
    ['with plus for space', (text) => encodeURIComponent(text).replaceAll('%20', '+')],
    ['JSON-escaped', (text) => JSON.stringify(text).slice(1, -1)],
    ['base64', (text) => bytes(text).toString('base64')],
    ['base64url', (text) => bytes(text).toString('base64url')],
    ['hex', (text) => bytes(text).toString('hex')],
  ]
  const texts = fc.oneof(tokenTexts, fc.string({ unit: 'grapheme', minLength: 8 }))

  test.each(encodings)('%s', (_, encode) => {
    fc.assert(
      fc.property(texts, tokenTexts, fc.string(), fc.string(), (text, other, before, after) => {
        const said = `${before}${encode(text)}${after}`
        const redacted = Secret.redact([Secret.make('Code', other), Secret.make('Code', text)])(said)
        expect(Secret.forms(text).filter((form) => redacted.includes(form))).toEqual([])
        expect(redacted).toContain('<redacted>')
      }),
    )
  })

  test('the forms of a text that holds all that encodings differ in', () => {
    const text = '\ufeffé ~!+?\u0001'
    const percent = [
      '%EF%BB%BF%C3%A9%20~!%2B%3F%01',
      '%EF%BB%BF%C3%A9+~!%2B%3F%01',
      '%EF%BB%BF%C3%A9+%7E%21%2B%3F%01',
      '%EF%BB%BF%C3%A9%20~%21%2B%3F%01',
    ]
    expect(new Set(Secret.forms(text))).toEqual(
      new Set([
        text,
        ...percent,
        ...percent.map((form) => form.toLowerCase()),
        '\ufeffé ~!+?\\u0001',
        '77u/w6kgfiErPwE',
        '77u_w6kgfiErPwE',
        'efbbbfc3a9207e212b3f01',
        'EFBBBFC3A9207E212B3F01',
      ]),
    )
    expect(Secret.forms('ab=')).toContain('YWI9')
  })

  test('what holds no secret stays as it is', () => {
    fc.assert(
      fc.property(tokenTexts, fc.string({ maxLength: 7 }), (text, said) => {
        expect(Secret.redact([Secret.make('Code', text), Secret.make('Code', '')])(said)).toBe(said)
      }),
    )
  })

  test('a secret inside another leaves no rest', () => {
    const redact = Secret.redact([Secret.make('Code', 'abcdefgh'), Secret.make('Code', 'abcdefghijkl')])
    expect(redact('abcdefghijkl')).toBe('<redacted>')
  })

  test('any text can be a secret: none throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) => {
        expect(Secret.forms(text)).toContain(text)
        expect(typeof Secret.redact([Secret.make('Code', text)])('abc')).toBe('string')
      }),
    )
    expect(Secret.forms('\u{d800}')).toContain('%EF%BF%BD')
    expect(Secret.forms('a'.repeat(200_000))).toHaveLength(3)
  })
})
