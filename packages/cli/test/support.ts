/** The built command, run as a user runs it, against a server in this process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encrypted, Secret } from '@tessera/core'
import { aesGcm, keyFile, run as must } from '@tessera/node'
import { type Sandbox, type SandboxOptions, startSandbox } from '@tessera/sandbox'
import { fileStore } from '@tessera/store-file'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const MAIN = join(__dirname, '..', 'bin', 'tessera.js')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  /** The first match in what was written, to either stream. Rejects when the command ends without it. */
  readonly said: (pattern: RegExp) => Promise<string>
}

export interface Home {
  readonly box: Sandbox
  readonly folder: string
  readonly config: string
  readonly settings: Awaited<ReturnType<Sandbox['settings']>>
  /** `input` is what standard input has; null leaves that to the test. */
  readonly start: (
    args: ReadonlyArray<string>,
    variables?: Readonly<Record<string, string>>,
    input?: string | null,
  ) => Running
  /** Runs to the end, and looks for every secret that is known by then where none may be. */
  readonly run: (args: ReadonlyArray<string>, variables?: Readonly<Record<string, string>>) => Promise<Ended>
  /** Secrets to look for, besides those that are known anyway. */
  readonly remember: (...secrets: ReadonlyArray<string>) => void
  readonly writeProfile: (name: string, content: unknown) => Promise<string>
  /** Everything that is kept of sessions. */
  readonly state: string
  /** The sessions' files. */
  readonly sessions: () => Promise<ReadonlyArray<string>>
  /** What is in them. */
  readonly records: () => Promise<ReadonlyArray<string>>
  /** Makes the stored token of the only session one of an hour that ends at an instant (ms), or in the past. */
  readonly expire: (at?: number) => Promise<void>
}

const spawned = (
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>>,
  input: string | null,
): Running => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...variables },
    stdio: 'pipe',
  })
  // A command that does not read it may end before it is written.
  child.stdin.on('error', () => undefined)
  if (input !== null) child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    for (const watch of watchers) watch()
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
    for (const watch of watchers) watch()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    child,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const [whole, group] = pattern.exec(stdout) ?? pattern.exec(stderr) ?? []
          if (whole === undefined) return
          watchers.delete(watch)
          resolve(group ?? whole)
        }
        watchers.add(watch)
        watch()
        void ended.then(() => reject(new Error(`it ended without ${pattern}:\n${stderr}`)))
      }),
  }
}

/** Runs one build of a key for all the tests of a file. */
const KEY = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey

/** The store of the sessions, by the key beside them. */
const openStore = (state: string) =>
  pipe(
    keyFile(join(state, 'key')),
    TE.flatMapEither((keys) => aesGcm(keys)),
    TE.map((cipher) => {
      const files = fileStore({ folder: join(state, 'sessions') })
      return { files, store: encrypted(cipher)(files) }
    }),
  )

/** Every record that can be read. */
const contents = async (state: string) => {
  const opened = await openStore(state)()
  if (E.isLeft(opened)) return []
  const { files, store } = opened.right
  const all = await files.list()
  const keys = E.isLeft(all) ? [] : all.right.flatMap(({ key }) => (E.isRight(key) ? [key.right] : []))
  const found = await Promise.all(keys.map(async (key) => ({ key, got: await store.get(key)() })))
  return found.flatMap(({ key, got }) =>
    E.isRight(got) && O.isSome(got.right.record)
      ? [{ store, key, version: got.right.version, record: Secret.open(got.right.record.value) }]
      : [],
  )
}

/** Tokens in records. */
const tokensIn = (records: ReadonlyArray<string>): ReadonlyArray<string> =>
  records.flatMap((record) =>
    [...record.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)].map(([, token = '']) => token),
  )

export const withHome =
  (use: (home: Home) => Promise<void>, options: SandboxOptions = {}): (() => Promise<void>) =>
  async () => {
    const box = await startSandbox({ key: KEY, ...options })
    const folder = await mkdtemp(join(tmpdir(), 'tessera-cli-'))
    const settings = await box.settings()
    const profiles = join(folder, 'config', 'tessera')
    const state = join(folder, 'state', 'tessera')
    const variables = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), XDG_STATE_HOME: join(folder, 'state') }
    await mkdir(profiles, { recursive: true })
    const writeProfile: Home['writeProfile'] = async (name, content) => {
      const file = join(profiles, `${name}.json`)
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
      return file
    }
    const config = await writeProfile('default', { ...settings, tessera: { baseUrl: box.url } })
    const sessions = async (): Promise<ReadonlyArray<string>> => {
      const names = await readdir(join(state, 'sessions')).catch(() => [])
      return names.filter((name) => name.endsWith('.json')).map((name) => join(state, 'sessions', name))
    }
    const records = async (): Promise<ReadonlyArray<string>> => (await contents(state)).map(({ record }) => record)
    const started: Running[] = []
    const start: Home['start'] = (args, more = {}, input = '') => {
      const running = spawned(args, { ...variables, ...more }, input)
      started.push(running)
      return running
    }
    const { clientSecret, appAuth } = settings.boxAppSettings
    const fixed = [
      clientSecret,
      appAuth.passphrase,
      ...appAuth.privateKey.split('\n').filter((line) => line.length > 20),
    ]
    const seen = new Set<string>()
    try {
      await use({
        box,
        folder,
        config,
        settings,
        remember: (...secrets) => {
          for (const secret of secrets) seen.add(secret)
        },
        writeProfile,
        state,
        sessions,
        records,
        expire: async (at = 0) => {
          const [there] = await contents(state)
          if (there === undefined) throw new Error('there is no session')
          const { store, key, version, record } = there
          const cell = JSON.parse(record)
          cell.token.expires_at = at
          cell.token.issued_at = at - 3_600_000
          const next = { version: `${version}x`, record: Secret.make('Record', JSON.stringify(cell)) }
          await must(store.compareAndSet(key, version, next))
        },
        start,
        run: async (args, more) => {
          const ended = await start(args, more).ended
          for (const token of tokensIn(await records())) seen.add(token)
          const printed = /"access_token": "([^"]+)"/.exec(ended.stdout)?.[1] ?? /^(\S+)\n$/.exec(ended.stdout)?.[1]
          if (printed !== undefined) seen.add(printed)
          const secrets = [...fixed, ...seen]
          const quiet = ['token', 'downscope'].some((command) => args.includes(command))
            ? ended.stderr
            : ended.stderr + ended.stdout
          for (const secret of secrets) {
            for (const form of Secret.forms(secret)) expect(quiet.includes(form)).toBe(false)
          }
          return ended
        },
      })
      expect(box.counts().internalErrors).toBe(0)
    } finally {
      // A test that failed waits for none.
      for (const { child } of started) child.kill('SIGKILL')
      await box.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
