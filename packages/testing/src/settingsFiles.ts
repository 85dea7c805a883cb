/**
 * Arbitraries of settings files, as Box's developer console gives them.
 *
 * @packageDocumentation
 */
import { Secret } from '@tessera/core'
import * as fc from 'fast-check'
import { characterOf } from './internal/characters.js'

/** The text of a file, which prints without what is secret in it. */
export interface SettingsFile {
  readonly text: Secret<'Settings'>
}

const SECRET = /("(?:clientSecret|privateKey|passphrase)"\s*:\s*)"(?:[^"\\]|\\.)*"/g

const file = (text: string): SettingsFile =>
  Object.defineProperty({ text: Secret.make('Settings', text) }, fc.toStringMethod, {
    value: () => text.replace(SECRET, '$1<redacted>'),
  })

const id = fc.string({ unit: characterOf('abcdefghijklmnopqrstuvwxyz0123456789'), minLength: 8, maxLength: 32 })
const secretText = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 32 })
const pem = (isEncrypted: boolean): fc.Arbitrary<string> => {
  const kind = `${isEncrypted ? 'ENCRYPTED ' : ''}PRIVATE KEY`
  return fc
    .base64String({ minLength: 64, maxLength: 256 })
    .map((body) => `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----\n`)
}

const keyPairs = fc.oneof(
  fc.record({ publicKeyID: id, privateKey: pem(true), passphrase: secretText }),
  fc.record({ publicKeyID: id, privateKey: pem(false) }),
)
const empties = fc.constantFrom<unknown>({}, { publicKeyID: '', privateKey: '', passphrase: '' }, null)

const contents = fc.record({
  clientID: id,
  clientSecret: secretText,
  appAuth: fc.oneof({ withCrossShrink: true }, fc.constant(undefined), empties, keyPairs),
  enterpriseID: fc.oneof(
    { withCrossShrink: true },
    fc.constant(undefined),
    fc.nat(),
    fc.nat().map(String),
    fc.constant(''),
  ),
  webhooks: fc.constantFrom(undefined, { primaryKey: '', secondaryKey: '' }),
})

const toText = (
  indent: number,
  { enterpriseID, webhooks, ...boxAppSettings }: object & Record<string, unknown>,
): string => JSON.stringify({ boxAppSettings, webhooks, enterpriseID }, null, indent)

/** Files of applications with a key pair, encrypted or not, or without one; also as an editor on Windows saves them. */
export const settingsFiles: fc.Arbitrary<SettingsFile> = fc
  .tuple(contents, fc.constantFrom(0, 2), fc.constantFrom('', '\uFEFF'))
  .map(([of, indent, mark]) => file(mark + toText(indent, of)))

/** Files that are cut off, or lack something, or have something of another type. */
export const damagedSettingsFiles: fc.Arbitrary<SettingsFile> = fc.oneof(
  fc.tuple(contents, fc.nat(20)).map(([of, cut]) => file(toText(0, of).slice(0, -1 - cut))),
  fc.constantFrom('', 'null', '[]', '"settings"', '{}', '{"boxAppSettings":null}', '{"boxAppSettings":[]}').map(file),
  fc
    .tuple(
      contents,
      fc.constantFrom('clientID', 'clientSecret'),
      fc.constantFrom<unknown>(undefined, null, '', 0, [], {}),
    )
    .map(([of, name, bad]) => file(toText(0, { ...of, [name]: bad }))),
  fc
    .tuple(contents, fc.record({ publicKeyID: id, privateKey: pem(true) }))
    .map(([of, appAuth]) => file(toText(0, { ...of, appAuth }))),
  fc
    .tuple(contents, fc.constantFrom<unknown>(0, 'key', [], { publicKeyID: 'a' }, { privateKey: 'b' }))
    .map(([of, appAuth]) => file(toText(0, { ...of, appAuth }))),
)
