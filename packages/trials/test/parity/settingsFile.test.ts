/**
 * The settings file as it is downloaded from Box's developer console, and as it comes out of people's hands: the library and the
 * command give a token, or an error that names the path and what to do.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Box from '@tessera/box'
import { AuthError, Secret } from '@tessera/core'
import { readJson } from '@tessera/node'
import type { BoxSettings } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { child, finished } from '../../src/child.js'
import { TESSERA } from '../../src/project.js'
import { eachInWorld, sourceOf } from './support/world.js'

const world = eachInWorld()

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-parity-'))
})
afterEach(() => rm(folder, { recursive: true }))

const CANARY = 'c4n4ry'

/** The content of a file, from that of a good one. */
type Change = (settings: BoxSettings) => unknown

const inAppAuth =
  (change: Partial<Record<keyof BoxSettings['boxAppSettings']['appAuth'], unknown>>): Change =>
  ({ boxAppSettings: { appAuth, ...app }, ...settings }) => ({
    ...settings,
    boxAppSettings: { ...app, appAuth: { ...appAuth, ...change } },
  })

const inApp =
  (change: Partial<Record<keyof BoxSettings['boxAppSettings'], unknown>>): Change =>
  ({ boxAppSettings, ...settings }) => ({ ...settings, boxAppSettings: { ...boxAppSettings, ...change } })

const GOOD: ReadonlyArray<readonly [string, Change]> = [
  ['as it is downloaded', (settings) => settings],
  [
    'with members that nobody knows',
    ({ boxAppSettings, ...rest }) => ({
      ...rest,
      webhooks: { primaryKey: CANARY, secondaryKey: '' },
      boxAppSettings: { ...boxAppSettings, region: 'eu', appAuth: { ...boxAppSettings.appAuth, algorithm: 'RS256' } },
    }),
  ],
  ['after an editor that marks the byte order', (settings) => `\uFEFF${JSON.stringify(settings)}`],
]

/** The path that an error names, and what it says to do. `file` stands for the file's own. */
const BAD: ReadonlyArray<readonly [string, Change, path: string, todo: string]> = [
  ['without its application', ({ enterpriseID }) => ({ enterpriseID }), 'boxAppSettings', 'download'],
  ['without the client id', inApp({ clientID: undefined }), 'boxAppSettings.clientID', 'download'],
  ['without the secret', inApp({ clientSecret: undefined }), 'boxAppSettings.clientSecret', 'download'],
  ['without the key id', inAppAuth({ publicKeyID: undefined }), 'boxAppSettings.appAuth.publicKeyID', 'download'],
  ['without the key', inAppAuth({ privateKey: '' }), 'boxAppSettings.appAuth.privateKey', 'download'],
  ['without the passphrase', inAppAuth({ passphrase: undefined }), 'boxAppSettings.appAuth.passphrase', 'download'],
  ['with a number for the client id', inApp({ clientID: 42 }), 'boxAppSettings.clientID', 'a text that is not empty'],
  [
    'with a wrong passphrase',
    inAppAuth({ passphrase: CANARY }),
    'boxAppSettings.appAuth.passphrase',
    'give the one that came with the key',
  ],
  [
    'with a key that was cut',
    inAppAuth({ privateKey: CANARY }),
    'boxAppSettings.appAuth.privateKey',
    'give the whole text',
  ],
  ['that is not JSON', () => `{ "boxAppSettings": ${CANARY}`, 'file', 'see that it is the right file, and whole'],
  ['that is empty', () => '', 'file', 'see that it is the right file, and whole'],
]

const write = async (change: Change): Promise<string> => {
  const content = change(await world().box.settings())
  const file = join(folder, '4242_abc_config.json')
  // Its owner's alone, as it should be: the command warns otherwise.
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  return file
}

/** A token, or what an error says. */
const library = async (file: string): Promise<string> => {
  const { box, env } = world()
  const strategy = (settings: unknown) => Box.serviceAccount({ settings, server: Box.serverAt(box.url) })
  const result = await pipe(
    readJson(file),
    TE.flatMap((settings) => sourceOf({ env }, strategy(settings)).get),
  )()
  return E.isRight(result) ? Secret.open(result.right.accessToken) : AuthError.show.show(result.left)
}

const command = async (file: string) => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_STATE_HOME: folder }
  const args = [TESSERA, 'token', '--config', file, '--base-url', world().box.url]
  const { code, stdout, stderr } = await finished(child(process.execPath, args, { env }))
  // How long the machine takes is not the command's doing.
  return { code, stdout, stderr: stderr.replaceAll(/^ {2}… .*\n/gm, '') }
}

test.each(GOOD)('S-JWT-06 a file %s gives a token, by the library and by the command', async (_, change) => {
  const file = await write(change)
  expect(world().box.isActive(await library(file))).toBe(true)
  const { code, stdout, stderr } = await command(file)
  expect([code, stderr, world().box.isActive(stdout.trim())]).toEqual([0, '', true])
})

test.each(BAD)('S-JWT-06 a file %s: the library names the path and what to do', async (_, change, path, todo) => {
  const file = await write(change)
  const said = await library(file)
  expect(said).toContain(path === 'file' ? file : `${path}`)
  expect(said).toContain(todo)
  expect(said).not.toContain(CANARY)
  expect(world().requests()).toBe(0)
})

test('S-JWT-06 the command names them too, and the file to correct', async () => {
  const told = BAD.filter(([name]) => /secret|number|wrong|JSON/.test(name))
  expect(told).toHaveLength(4)
  for (const [name, change, path, todo] of told) {
    const file = await write(change)
    const { code, stdout, stderr } = await command(file)
    expect([name, code, stdout]).toEqual([name, 3, ''])
    expect(stderr).toContain(path === 'file' ? file : path)
    // A secret has a second place, which the command names.
    const isSecret = path === 'boxAppSettings.clientSecret'
    expect(stderr).toContain(isSecret ? 'set TESSERA_CLIENT_SECRET' : todo)
    expect(stderr).toMatch(
      isSecret
        ? /^ {2}next {5}set .*, or write it into .*4242_abc_config\.json; then: /m
        : /^ {2}next {5}correct .*4242_abc_config\.json, then: /m,
    )
    expect(stderr).not.toContain(CANARY)
  }
  expect(world().requests()).toBe(0)
})
