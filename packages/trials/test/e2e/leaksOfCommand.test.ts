/** I4 for the command: what the built `tessera` writes, against a server that echoes and one that does not. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encrypted, Secret } from '@tessera/core'
import { aesGcm, keyFile, run } from '@tessera/node'
import { startSandbox } from '@tessera/sandbox'
import { fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { request } from 'undici'
import { child, type Ended, finished, said } from '../../src/child.js'
import { TESSERA } from '../../src/project.js'
import { type Canary, canary, textCanary } from './leaks/canary.js'
import { type Evidence, leaksIn, makeEvidence } from './leaks/evidence.js'
import { type EvilServer, PLACES, startEvilServer } from './leaks/evilServer.js'

const secrets = {
  client: textCanary('client secret'),
  passphrase: textCanary('passphrase'),
  override: textCanary('client secret of the environment'),
  record: canary('record of a session'),
}
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: secrets.passphrase.value })
  .toString()
const keyLines = pem
  .split('\n')
  .slice(3, -2)
  .map((value) => ({ name: 'private key', value }))

const settings = {
  boxAppSettings: {
    clientID: 'app',
    clientSecret: secrets.client.value,
    appAuth: { publicKeyID: 'k1', privateKey: pem, passphrase: secrets.passphrase.value },
  },
  enterpriseID: '42',
}

/** The tokens in the sealed files of a sessions folder, opened with the key beside it. */
const storedTokens = async (sessions: string): Promise<ReadonlyArray<Canary>> => {
  const files = fileStore({ folder: sessions })
  const store = await run(
    pipe(
      keyFile(join(sessions, '..', 'key')),
      TE.flatMapEither(aesGcm),
      TE.map((cipher) => encrypted(cipher)(files)),
    ),
  )
  const keys = (await run(files.list)).map(({ key }) => key).filter(E.isRight)
  const records = await Promise.all(keys.map(({ right }) => run(store.get(right))))
  return records.flatMap(({ record }) =>
    O.isNone(record)
      ? []
      : [...Secret.open(record.value).matchAll(/"(?:access|refresh)_token":"([^"]+)/g)].map(([, value = '']) => ({
          name: 'stored token',
          value,
        })),
  )
}

let evil: EvilServer
let evidence: Evidence
let folder: string
let runs = 0

beforeAll(async () => {
  evil = await startEvilServer()
})
afterAll(() => evil.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-command-'))
  evidence = makeEvidence([...Object.values(secrets), ...keyLines])
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Started {
  readonly ended: Promise<Ended>
  readonly said: (pattern: RegExp) => Promise<string>
}

/** Runs a script as a user runs the command; what it writes is evidence. */
const start = (script: string, args: ReadonlyArray<string>, variables: Record<string, string> = {}): Started => {
  const run = `${++runs} ${args.join(' ')}`
  const home = { XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, HOME: folder, PATH: process.env['PATH'] ?? '' }
  const started = child(process.execPath, [script, ...args], { env: { ...home, ...variables } })
  const ended = finished(started).then((result) => {
    evidence.start(run)
    evidence.write('stdout', result.stdout)
    evidence.write('stderr', result.stderr)
    evidence.write('argv', started.process.spawnargs.join(' '))
    return result
  })
  return { ended, said: (pattern) => said(started, pattern) }
}

const tessera = (args: ReadonlyArray<string>, variables: Record<string, string> = {}): Promise<Ended> =>
  start(TESSERA, args, variables).ended

const write = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** One of each kind; the others differ in what the libraries do, which has a matrix of its own. */
const PLACES_OF_COMMAND = [
  'error_description',
  "Box's error",
  'HTML page of a 500',
  'JSON of a wrong type',
  'headers',
  'a redirect',
  'half a body, then a reset',
].filter((place) => place in PLACES)

const baseOf = (place: string): string => evil.at(place, 'raw')

test('the search finds what a script prints', async () => {
  const script = write(
    'leak.js',
    'process.stdout.write(process.env.S);process.stderr.write(Buffer.from(process.env.S).toString("hex"))',
  )
  await start(script, [secrets.client.value], { S: secrets.client.value }).ended
  expect(new Set(leaksIn(evidence).map(({ origin }) => origin))).toEqual(new Set(['stdout', 'stderr', 'argv']))
})

test('a server that answers with what it was sent', async () => {
  const { appAuth: _, ...withoutKey } = settings.boxAppSettings
  const byKey = write('key.json', JSON.stringify(settings))
  const bySecret = write('secret.json', JSON.stringify({ ...settings, boxAppSettings: withoutKey }))
  const before = evil.requests()
  // An unreadable answer to a grant that consumes nothing is asked for again.
  const commands = [
    ...PLACES_OF_COMMAND.map((place) => ['token', '--config', byKey, '--base-url', baseOf(place), '--timeout', '10']),
    ['token', '--json', '--config', bySecret, '--base-url', baseOf('error_description'), '--timeout', '10'],
    ['token', '--json', '--config', bySecret, '--base-url', baseOf('headers'), '--timeout', '10'],
  ]
  const asked = commands.length
  while (commands.length > 0) {
    const ended = await Promise.all(commands.splice(0, 3).map((args) => tessera(args)))
    expect(ended.map(({ code }) => code)).not.toContain(0)
  }
  expect(evil.requests() - before).toBeGreaterThanOrEqual(asked)
  evidence.secrets.push(...evil.received())
  const names = new Set(evil.received().map(({ name }) => name))
  expect(names).toEqual(new Set(['received assertion', 'received client_secret']))
  expect(leaksIn(evidence)).toEqual([])
})

test('settings and sessions that cannot be read', async () => {
  const text = JSON.stringify(settings)
  const files = [
    write('broken.json', text.slice(0, -2)),
    write('nonsense.json', secrets.client.value),
    write(
      'types.json',
      JSON.stringify({ ...settings, boxAppSettings: { ...settings.boxAppSettings, clientSecret: [1] } }),
    ),
    write('extra.json', JSON.stringify({ ...settings, tessera: secrets.client.value })),
    write('as.json', JSON.stringify({ ...settings, tessera: { as: secrets.client.value } })),
    write('base.json', JSON.stringify({ ...settings, tessera: { baseUrl: `http://${secrets.client.value}` } })),
    write(
      'key.json',
      text.replace(JSON.stringify(secrets.passphrase.value), JSON.stringify(`${secrets.passphrase.value}x`)),
    ),
  ]
  const ended = await Promise.all(
    files.map((file) =>
      tessera(['token', '--config', file, '--timeout', '1'], {
        TESSERA_CLIENT_SECRET: file.includes('types') ? '' : secrets.override.value,
      }),
    ),
  )
  expect(ended.map(({ code }) => code)).not.toContain(0)

  const box = await startSandbox({ client: { secret: secrets.client.value } })
  try {
    const config = join(folder, 'good.json')
    await box.writeSettings(config, { passphrase: secrets.passphrase.value })
    const options = ['--config', config, '--base-url', box.url]
    const { stdout } = await tessera(['token', ...options])
    evidence.secrets.push({ name: 'stored token', value: stdout.trim() })
    const { file } = JSON.parse((await tessera(['inspect', '--json', ...options])).stdout) as { readonly file: string }
    for (const record of [
      secrets.record.value,
      JSON.stringify({ version: 'v', record: secrets.record.value }),
      readFileSync(file, 'utf8').replace('v1.', `v1.${secrets.record.value}.`),
    ]) {
      writeFileSync(file, record)
      expect((await tessera(['inspect', ...options])).code).toBe(7)
    }
    expect((await tessera(['token', ...options])).code).toBe(7)
    expect((await tessera(['revoke', ...options])).code).toBe(7)
  } finally {
    await box.close()
  }
  // The one token that was printed, where it was asked for.
  expect(leaksIn(evidence).filter(({ origin }) => origin !== 'stdout')).toEqual([])
})

test('every command against a server that behaves: the token on standard output, nothing else anywhere', async () => {
  const box = await startSandbox({ client: { secret: secrets.client.value } })
  try {
    const { passphrase } = secrets
    const config = join(folder, 'box.json')
    await box.writeSettings(config, { passphrase: passphrase.value })
    const options = ['--config', config, '--base-url', box.url]
    const allowed: Canary[] = []
    const printed = async (...args: ReadonlyArray<string>): Promise<void> => {
      const { code, stdout } = await tessera([...args, ...options])
      expect(code).toBe(0)
      allowed.push({ name: 'printed token', value: stdout.trim() })
    }

    await printed('token')
    await printed('downscope', '--scope', 'item_read', '--resource', 'file:123')

    const login = start(TESSERA, ['login', '--no-browser', ...options])
    const url = await login.said(/(http:\/\/127\.0\.0\.1:\d+\/api\/\S+)/)
    const callback = await box.grant(url)
    await request(callback).then(({ body }) => body.dump())
    expect((await login.ended).code).toBe(0)
    evidence.secrets.push({ name: 'code', value: new URL(callback).searchParams.get('code') ?? '' })
    await printed('token', '--as', 'login')

    const { file } = JSON.parse((await tessera(['inspect', '--json', ...options])).stdout) as { readonly file: string }
    const tokens = await storedTokens(dirname(file))
    expect(tokens.length).toBeGreaterThanOrEqual(3)
    evidence.secrets.push(...tokens)
    for (const name of readdirSync(dirname(file)).filter((of) => of.endsWith('.json'))) {
      const sealed = readFileSync(join(dirname(file), name), 'utf8')
      expect(tokens.filter(({ value }) => sealed.includes(value))).toEqual([])
    }

    for (const args of [['inspect'], ['inspect', '--as', 'login'], ['revoke'], ['revoke', '--as', 'login']]) {
      expect((await tessera([...args, ...options])).code).toBe(0)
    }
    // The session is over.
    expect((await tessera(['token', '--as', 'login', ...options])).code).toBe(4)

    evidence.secrets.push(...allowed)
    const leaks = leaksIn(evidence).filter(
      ({ run, origin }) => !(origin === 'stdout' && /^\d+ (token|downscope) /.test(run)),
    )
    expect(leaks).toEqual([])
    expect(leaksIn(evidence).filter(({ origin }) => origin === 'stdout').length).toBeGreaterThanOrEqual(3)
  } finally {
    await box.close()
  }
})
