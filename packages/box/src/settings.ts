/**
 * The settings file that Box's developer console gives for an application.
 *
 * @packageDocumentation
 */
import { AuthError, Secret } from '@tessera/core'
import type { PrivateKey } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** The key pair of an application that signs assertions. */
export interface AppAuth {
  readonly publicKeyId: string
  /** PEM. */
  readonly privateKey: Secret<'PrivateKey'>
  /** None for a key that is not encrypted. */
  readonly passphrase: O.Option<Secret<'Passphrase'>>
}

/** An application's settings, checked. */
export interface Settings {
  readonly clientId: string
  readonly clientSecret: Secret<'ClientSecret'>
  /** None for an application without a key pair: one that uses client credentials or a person's login. */
  readonly appAuth: O.Option<AppAuth>
  readonly enterpriseId: O.Option<string>
}

/** Whether a value is what {@link settings} makes. */
export const isSettings = (value: unknown): value is Settings =>
  Secret.is(member(value, 'clientSecret')) && t.UnknownRecord.is(member(value, 'appAuth'))

/** Whether a value is what {@link settings} returns. */
export const isRead = (value: unknown): value is E.Either<AuthError, Settings> =>
  isSettings(member(value, 'right')) || t.UnknownRecord.is(member(value, 'left'))

/** Values that win over the file's, such as a passphrase that is kept elsewhere. */
export interface SettingsOverrides {
  readonly clientId?: string
  readonly clientSecret?: Secret<'ClientSecret'>
  readonly publicKeyId?: string
  readonly privateKey?: Secret<'PrivateKey'>
  readonly passphrase?: Secret<'Passphrase'>
  readonly enterpriseId?: string
}

// -----------------------------------------------------------------------------
// codec
// -----------------------------------------------------------------------------

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === ''

const member = (value: unknown, name: string): unknown => (t.UnknownRecord.is(value) ? value[name] : undefined)

/** A codec that only decodes: settings are read and never written, so nothing asks it for `is`. */
const decoding = <A>(name: string, validate: t.Validate<unknown, A>) =>
  new t.Type<A, A, unknown>(name, (_value): _value is A => false, validate, identity)

const text = t.refinement(t.string, (value) => value !== '', 'a text that is not empty')

const secret = <Kind extends string>(kind: Kind) =>
  decoding(text.name, (value, context) =>
    pipe(
      text.validate(Secret.is(value) ? Secret.open(value) : value, context),
      E.map((opened) => Secret.make(kind, opened)),
    ),
  )

const id = decoding('a text or a whole number', (value, context) =>
  Number.isSafeInteger(value) ? t.success(String(value)) : t.string.validate(value, context),
)

const unless = <A>(absent: (value: unknown) => boolean, codec: t.Decoder<unknown, A>) =>
  decoding(codec.name, (value, context) =>
    absent(value) ? t.success(O.none) : pipe(codec.validate(value, context), E.map(O.some)),
  )

const AppAuthFile = t.type(
  {
    publicKeyID: text,
    privateKey: secret('PrivateKey'),
    passphrase: unless(isAbsent, secret('Passphrase')),
  },
  'an object',
)

// Where an application has no key pair, the console writes these members and leaves them empty.
const hasNoKeyPair = (value: unknown): boolean =>
  isAbsent(value) ||
  (t.UnknownRecord.is(value) && ['publicKeyID', 'privateKey'].every((name) => isAbsent(member(value, name))))

const SettingsFile = t.type(
  {
    boxAppSettings: t.type(
      { clientID: text, clientSecret: secret('ClientSecret'), appAuth: unless(hasNoKeyPair, AppAuthFile) },
      'an object',
    ),
    enterpriseID: unless(isAbsent, id),
  },
  'an object',
)

const fromFile = ({ boxAppSettings, enterpriseID }: t.TypeOf<typeof SettingsFile>): Settings => ({
  clientId: boxAppSettings.clientID,
  clientSecret: boxAppSettings.clientSecret,
  appAuth: pipe(
    boxAppSettings.appAuth,
    O.map(({ publicKeyID, privateKey, passphrase }) => ({ publicKeyId: publicKeyID, privateKey, passphrase })),
  ),
  enterpriseId: enterpriseID,
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const AGAIN =
  "download the settings again from the application's configuration page in Box's developer console, or give it as an override"

// What io-ts says of an error holds the value; only its path and the expected shape leave here.
const toAuthError = ([first]: t.Errors): AuthError => {
  const path = first?.context.flatMap(({ key }) => (key === '' ? [] : [key])).join('.') || 'settings'
  return isAbsent(first?.value)
    ? AuthError.misconfigured(path, `missing or empty: ${AGAIN}`)
    : AuthError.malformed({ what: 'settings', path, expected: first?.context.at(-1)?.type.name ?? 'readable' })
}

const isEncrypted = (pem: Secret): boolean => /ENCRYPTED/.test(Secret.open(pem))

const withPassphrase: (settings: Settings) => E.Either<AuthError, Settings> = E.fromPredicate(
  ({ appAuth }) => O.isNone(appAuth) || O.isSome(appAuth.value.passphrase) || !isEncrypted(appAuth.value.privateKey),
  () =>
    AuthError.misconfigured('boxAppSettings.appAuth.passphrase', `missing, but the private key is encrypted: ${AGAIN}`),
)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const overlay = (value: unknown, members: Readonly<Record<string, unknown>>): unknown => {
  const given = Object.entries(members).filter(([, override]) => override !== undefined)
  if (given.length === 0 || !(isAbsent(value) || t.UnknownRecord.is(value))) return value
  return { ...(t.UnknownRecord.is(value) && value), ...Object.fromEntries(given) }
}

const override = (value: unknown, overrides: SettingsOverrides): unknown => {
  const app = member(value, 'boxAppSettings')
  const { clientId, clientSecret, publicKeyId, privateKey, passphrase, enterpriseId } = overrides
  const appAuth = overlay(member(app, 'appAuth'), { publicKeyID: publicKeyId, privateKey, passphrase })
  return overlay(value, {
    boxAppSettings: overlay(app, { clientID: clientId, clientSecret, appAuth }),
    enterpriseID: enterpriseId,
  })
}

/**
 * Checks settings: the object in the file that Box's developer console gives for an application.
 *
 * The shape is `boxAppSettings.{clientID, clientSecret, appAuth.{publicKeyID, privateKey, passphrase}}` and
 * `enterpriseID`, a text or a number. `appAuth` may be missing, or empty, as it is for an application that uses client
 * credentials; the passphrase may be missing where the key is not encrypted. Other members are tolerated. A member that is
 * missing is a `Misconfigured` error, one of another type a `Malformed` error; both name its path, and neither shows what
 * is in the settings.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const settings = Box.settings({ boxAppSettings: { clientID: 'app', clientSecret: 's3cret' }, enterpriseID: 42 })
 * assert.ok(E.isRight(settings))
 * assert.strictEqual(settings.right.clientId, 'app')
 *
 * const incomplete = Box.settings({ boxAppSettings: { clientID: 'app' } })
 * assert.ok(E.isLeft(incomplete) && incomplete.left._tag === 'Misconfigured')
 * assert.strictEqual(incomplete.left.field, 'boxAppSettings.clientSecret')
 */
export const settings = (value: unknown, overrides: SettingsOverrides = {}): E.Either<AuthError, Settings> =>
  pipe(SettingsFile.decode(override(value, overrides)), E.bimap(toAuthError, fromFile), E.flatMap(withPassphrase))

/**
 * Reads settings from the text of the file. A text that is not JSON is a `Malformed` error without a piece of the text.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * assert.ok(E.isRight(Box.parseSettings('{"boxAppSettings":{"clientID":"app","clientSecret":"s3cret"}}')))
 * assert.ok(E.isLeft(Box.parseSettings('{')))
 */
export const parseSettings = (
  json: Secret | string,
  overrides: SettingsOverrides = {},
): E.Either<AuthError, Settings> =>
  pipe(
    E.tryCatch(
      // Editors on Windows put a byte order mark in front, which JSON.parse refuses.
      (): unknown => JSON.parse((Secret.is(json) ? Secret.open(json) : json).replace(/^\uFEFF/, '')),
      // The thrown error quotes the text.
      () => AuthError.malformed({ what: 'settings', path: 'settings', expected: 'JSON' }),
    ),
    E.flatMap((value) => settings(value, overrides)),
  )

// -----------------------------------------------------------------------------
// destructors
// -----------------------------------------------------------------------------

const APP_AUTH = 'boxAppSettings.appAuth'

/** The key of settings, as the signer of `@tessera/node` takes it. */
export interface Key extends PrivateKey {
  readonly keyId: string
  readonly path: string
}

/**
 * The key of the settings, to make a signer of: `signer(key)` of `@tessera/node`. Settings without a key pair are a
 * `Misconfigured` error.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const key = pipe(
 *   Box.settings({ boxAppSettings: { clientID: 'app', clientSecret: 's3cret' } }),
 *   E.flatMap(Box.keyOf),
 * )
 * assert.ok(E.isLeft(key) && key.left._tag === 'Misconfigured')
 * assert.strictEqual(key.left.field, 'boxAppSettings.appAuth')
 */
export const keyOf = ({ appAuth }: Settings): E.Either<AuthError, Key> =>
  pipe(
    appAuth,
    E.fromOption(() =>
      AuthError.misconfigured(
        APP_AUTH,
        `missing or empty: generate a key pair on the application's configuration page, then ${AGAIN}`,
      ),
    ),
    E.map(({ publicKeyId, privateKey, passphrase }) => ({
      key: privateKey,
      keyId: publicKeyId,
      path: APP_AUTH,
      ...(O.isSome(passphrase) && { passphrase: passphrase.value }),
    })),
  )
