import { inspect } from 'node:util'
import * as Box from '@tessera/box'
import { AuthError, Secret } from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

// -----------------------------------------------------------------------------
// arbitraries
// -----------------------------------------------------------------------------

/** A text that turns up nowhere by chance. */
const canary = fc.stringMatching(/^[a-z0-9]{20}$/).map((text) => `canary${text}`)

const pem = (kind: string) => (body: string) => `-----BEGIN ${kind} KEY-----\n${body}\n-----END ${kind} KEY-----\n`

const file = fc.record({
  boxAppSettings: fc.record({
    clientID: canary,
    clientSecret: canary,
    appAuth: fc.record({
      publicKeyID: canary,
      privateKey: canary.map(pem('ENCRYPTED PRIVATE')),
      passphrase: canary,
    }),
  }),
  enterpriseID: fc.nat().map(String),
})

type Path = ReadonlyArray<string>

const LEAVES: ReadonlyArray<Path> = [
  ['boxAppSettings', 'clientID'],
  ['boxAppSettings', 'clientSecret'],
  ['boxAppSettings', 'appAuth', 'publicKeyID'],
  ['boxAppSettings', 'appAuth', 'privateKey'],
  ['boxAppSettings', 'appAuth', 'passphrase'],
]
const PATHS: ReadonlyArray<Path> = [['boxAppSettings'], ...LEAVES]

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The value with another one at a path; undefined drops the member. */
const put = (value: unknown, [name, ...rest]: Path, at: unknown): unknown => {
  if (name === undefined) return at
  if (!isRecord(value)) return value
  const { [name]: old, ...others } = value
  const next = put(old, rest, at)
  return next === undefined ? others : { ...others, [name]: next }
}

const get = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), value)

const everything = (value: unknown): string =>
  [inspect(value, { depth: null, showHidden: true }), JSON.stringify(value), String(value)].join('\n')

const expectNoCanary = (value: unknown) => expect(everything(value)).not.toContain('canary')

/** Nothing of the input in an error, nor in the exception made of it. */
const expectNoCanaryInError = (result: E.Either<AuthError, unknown>) => {
  expect(E.isLeft(result)).toBe(true)
  if (E.isRight(result)) return
  const exception = AuthError.toError(result.left)
  expectNoCanary([everything(result.left), everything(exception), exception.message, exception.stack].join('\n'))
}

// -----------------------------------------------------------------------------
// properties
// -----------------------------------------------------------------------------

test('S-JWT-06 a complete file gives all that it holds', () => {
  fc.assert(
    fc.property(file, (value) => {
      const { clientID, clientSecret, appAuth } = value.boxAppSettings
      expect(
        pipe(
          Box.settings(value),
          E.map((settings) => ({
            ...settings,
            clientSecret: Secret.open(settings.clientSecret),
            appAuth: pipe(
              settings.appAuth,
              O.map((auth) => ({
                publicKeyID: auth.publicKeyId,
                privateKey: Secret.open(auth.privateKey),
                passphrase: pipe(auth.passphrase, O.map(Secret.open), O.toUndefined),
              })),
            ),
          })),
        ),
      ).toEqual(
        E.right({
          clientId: clientID,
          clientSecret,
          appAuth: O.some(appAuth),
          enterpriseId: O.some(value.enterpriseID),
        }),
      )
    }),
  )
})

test.each(PATHS)('S-JWT-06 without %s %s %s the error names the path and what to do', (...parts) => {
  const path = parts.filter((part) => part !== undefined)
  fc.assert(
    fc.property(file, fc.constantFrom(undefined, '', null), (value, absent) => {
      const settings = Box.settings(put(value, path, absent))
      expect(settings).toMatchObject(
        E.left({ _tag: 'Misconfigured', field: path.join('.'), message: expect.stringContaining('download') }),
      )
      expectNoCanaryInError(settings)
    }),
  )
})

test.each(PATHS)('S-JWT-06 a wrong type at %s %s %s names the path', (...parts) => {
  const path = parts.filter((part) => part !== undefined)
  fc.assert(
    fc.property(file, fc.oneof(fc.nat(), fc.constant(true), fc.array(canary)), (value, wrong) => {
      const settings = Box.settings(put(value, path, wrong))
      expect(settings).toMatchObject(E.left({ _tag: 'Malformed', what: 'settings', path: path.join('.') }))
      expectNoCanaryInError(settings)
    }),
  )
})

test('S-JWT-06 no secret of the settings prints, and no error repeats any of the input', () => {
  const garbage = fc.anything({ values: [canary, fc.nat(), fc.constant(null)], maxDepth: 3 })
  fc.assert(
    fc.property(file, fc.constantFrom(...PATHS, ['enterpriseID'], []), garbage, (value, path, rubbish) => {
      const settings = Box.settings(put(value, path, rubbish))
      if (E.isLeft(settings)) return expectNoCanaryInError(settings)
      const { clientId: _clientId, appAuth, ...rest } = settings.right
      expectNoCanary(path[0] === 'enterpriseID' ? rest.clientSecret : rest)
      expectNoCanary(
        pipe(
          appAuth,
          O.map(({ publicKeyId: _publicKeyId, ...keys }) => keys),
        ),
      )
    }),
  )
})

test('S-JWT-06 unknown members are tolerated everywhere', () => {
  fc.assert(
    fc.property(
      file,
      fc.constantFrom<Path>([], ['boxAppSettings'], ['boxAppSettings', 'appAuth']),
      fc.string({ minLength: 1 }).map((name) => `x${name}`),
      fc.jsonValue(),
      (value, path, name, unknown) => {
        const more = put(value, [...path, name], unknown)
        expect(everything(Box.settings(more))).toBe(everything(Box.settings(value)))
        expect(E.isRight(Box.settings(more))).toBe(true)
      },
    ),
  )
})

test('__proto__ in the text changes nothing', () => {
  const hostile = '{"__proto__":{"boxAppSettings":{"clientID":"a","clientSecret":"b"}},"enterpriseID":"1"}'
  expect(Box.parseSettings(hostile)).toMatchObject(E.left({ field: 'boxAppSettings' }))
  expect(Box.parseSettings(hostile, { clientId: 'a' })).toMatchObject(E.left({ field: 'boxAppSettings.clientSecret' }))
})

test('S-JWT-06 an override wins over the file, and fills in what the file has not', () => {
  const overrides = {
    'boxAppSettings.clientID': { clientId: 'mine' },
    'boxAppSettings.clientSecret': { clientSecret: Secret.make('ClientSecret', 'mine') },
    'boxAppSettings.appAuth.publicKeyID': { publicKeyId: 'mine' },
    'boxAppSettings.appAuth.privateKey': { privateKey: Secret.make('PrivateKey', 'mine') },
    'boxAppSettings.appAuth.passphrase': { passphrase: Secret.make('Passphrase', 'mine') },
    enterpriseID: { enterpriseId: 'mine' },
  } satisfies Record<string, Box.SettingsOverrides>
  const opened = (settings: Box.Settings) => ({
    'boxAppSettings.clientID': settings.clientId,
    'boxAppSettings.clientSecret': Secret.open(settings.clientSecret),
    ...pipe(
      settings.appAuth,
      O.match(
        () => ({}),
        (auth) => ({
          'boxAppSettings.appAuth.publicKeyID': auth.publicKeyId,
          'boxAppSettings.appAuth.privateKey': Secret.open(auth.privateKey),
          'boxAppSettings.appAuth.passphrase': pipe(auth.passphrase, O.map(Secret.open), O.toUndefined),
        }),
      ),
    ),
    enterpriseID: O.toUndefined(settings.enterpriseId),
  })
  fc.assert(
    fc.property(
      file,
      fc.subarray(Object.keys(overrides)),
      fc.constantFrom('keep', undefined, 42),
      (value, names, at) => {
        const given = names.reduce(
          (value, name) => (at === 'keep' ? value : put(value, name.split('.'), at)),
          value as unknown,
        )
        const chosen = Object.assign(
          {},
          ...Object.entries(overrides).flatMap(([name, o]) => (names.includes(name) ? [o] : [])),
        )
        const before = LEAVES.concat([['enterpriseID']]).map((path) => [path.join('.'), get(value, path)] as const)
        expect(pipe(Box.settings(given, chosen), E.map(opened))).toEqual(
          E.right(Object.fromEntries(before.map(([name, old]) => [name, names.includes(name) ? 'mine' : old]))),
        )
      },
    ),
  )
})

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

const minimal = { boxAppSettings: { clientID: 'app', clientSecret: 's3cret' } }

test.each([
  ['text', '42', O.some('42')],
  ['a number', 42, O.some('42')],
  ['missing', undefined, O.none],
  ['null', null, O.none],
  ['empty', '', O.none],
])('S-JWT-06 an enterprise id that is %s', (_, enterpriseID, expected) => {
  expect(
    pipe(
      Box.settings({ ...minimal, enterpriseID }),
      E.map((s) => s.enterpriseId),
    ),
  ).toEqual(E.right(expected))
})

test.each([[1.5], [Number.NaN], [2 ** 60], [{}], [['42']], [true]])(
  'S-JWT-06 an enterprise id of %p',
  (enterpriseID) => {
    expect(Box.settings({ ...minimal, enterpriseID })).toMatchObject(
      E.left({ _tag: 'Malformed', path: 'enterpriseID' }),
    )
  },
)

test.each([
  ['missing', undefined],
  ['null', null],
  ['empty', {}],
  ['as the console writes it', { publicKeyID: '', privateKey: '', passphrase: '' }],
])('S-JWT-06 client credentials need no key pair: appAuth %s', (_, appAuth) => {
  const settings = Box.settings(put(minimal, ['boxAppSettings', 'appAuth'], appAuth))
  expect(settings).toMatchObject(E.right({ appAuth: O.none }))
  expect(pipe(settings, E.flatMap(Box.keyOf))).toMatchObject(
    E.left({ _tag: 'Misconfigured', field: 'boxAppSettings.appAuth' }),
  )
})

test.each([[undefined], [null], ['text'], [42], [[]]])('S-JWT-06 %p is no settings', (value) => {
  expect(Box.settings(value)).toMatchObject(
    E.left(value == null ? { field: 'settings' } : { _tag: 'Malformed', path: 'settings' }),
  )
})

describe('keyOf', () => {
  test('S-JWT-06 hands the key, its id and the passphrase over', () => {
    fc.assert(
      fc.property(file, (value) => {
        const { publicKeyID, privateKey, passphrase } = value.boxAppSettings.appAuth
        expect(
          pipe(
            Box.settings(value),
            E.flatMap(Box.keyOf),
            E.map(({ key, keyId, passphrase }) => ({
              publicKeyID: keyId,
              privateKey: Secret.open(key),
              passphrase: passphrase && Secret.open(passphrase),
            })),
          ),
        ).toEqual(E.right({ publicKeyID, privateKey, passphrase }))
      }),
    )
  })

  test.each(['PRIVATE', 'RSA PRIVATE'])('S-JWT-06 a %s key that is not encrypted needs no passphrase', (kind) => {
    const appAuth = { publicKeyID: 'kid', privateKey: pem(kind)('abc') }
    const key = pipe(Box.settings(put(minimal, ['boxAppSettings', 'appAuth'], appAuth)), E.flatMap(Box.keyOf))
    expect(
      pipe(
        key,
        E.map((made) => 'passphrase' in made),
      ),
    ).toEqual(E.right(false))
  })

  test('S-JWT-06 an old encrypted key needs one too', () => {
    const privateKey = pem('RSA PRIVATE')('Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nabc')
    expect(Box.settings(put(minimal, ['boxAppSettings', 'appAuth'], { publicKeyID: 'kid', privateKey }))).toMatchObject(
      E.left({ field: 'boxAppSettings.appAuth.passphrase' }),
    )
  })
})

describe('parseSettings', () => {
  test('S-JWT-06 reads the text of the file, plain or secret, with a byte order mark or without', () => {
    fc.assert(
      fc.property(file, fc.constantFrom('', '\uFEFF'), fc.boolean(), (value, mark, hidden) => {
        const text = mark + JSON.stringify(value)
        const settings = Box.parseSettings(hidden ? Secret.make('Settings', text) : text)
        expect(E.isRight(settings)).toBe(true)
        expect(everything(settings)).toBe(everything(Box.settings(value)))
      }),
    )
  })

  test('S-JWT-06 what is not JSON is an error without a piece of it', () => {
    fc.assert(
      fc.property(file, fc.nat(), (value, at) => {
        const text = JSON.stringify(value)
        const settings = Box.parseSettings(text.slice(0, at % text.length))
        expect(settings).toEqual(E.left(AuthError.malformed({ what: 'settings', path: 'settings', expected: 'JSON' })))
        expectNoCanaryInError(settings)
      }),
    )
  })
})
