/** The built command, run as a user runs it, against a server in this process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@tessera/core'
import { type Sandbox, type SandboxOptions, startSandbox } from '@tessera/sandbox'

const MAIN = join(__dirname, '..', 'dist', 'main.js')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  /** The first match in what was said to people. Rejects when the command ends without it. */
  readonly said: (pattern: RegExp) => Promise<string>
}

export interface Home {
  readonly box: Sandbox
  readonly folder: string
  readonly config: string
  readonly settings: Awaited<ReturnType<Sandbox['settings']>>
  readonly start: (args: ReadonlyArray<string>, variables?: Readonly<Record<string, string>>) => Running
  /** Runs to the end, and looks for every secret that is known by then where none may be. */
  readonly run: (args: ReadonlyArray<string>, variables?: Readonly<Record<string, string>>) => Promise<Ended>
  readonly writeProfile: (name: string, content: unknown) => Promise<string>
  /** The sessions' files. */
  readonly sessions: () => Promise<ReadonlyArray<string>>
}

const spawned = (args: ReadonlyArray<string>, variables: Readonly<Record<string, string>>): Running => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...variables },
    stdio: 'pipe',
  })
  child.stdin.end()
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
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
          const [whole, group] = pattern.exec(stderr) ?? []
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

/** Tokens in the sessions' files. */
const storedSecrets = async (files: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => {
    const record: unknown = JSON.parse(text).record
    return [...String(record).matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)].map(([, token = '']) => token)
  })
}

export const withHome =
  (use: (home: Home) => Promise<void>, options: SandboxOptions = {}): (() => Promise<void>) =>
  async () => {
    const box = await startSandbox({ key: KEY, ...options })
    const folder = await mkdtemp(join(tmpdir(), 'tessera-cli-'))
    const settings = await box.settings()
    const profiles = join(folder, 'config', 'tessera')
    const state = join(folder, 'state', 'tessera', 'sessions')
    const variables = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), XDG_STATE_HOME: join(folder, 'state') }
    await mkdir(profiles, { recursive: true })
    const writeProfile: Home['writeProfile'] = async (name, content) => {
      const file = join(profiles, `${name}.json`)
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    }
    const config = await writeProfile('default', { ...settings, tessera: { baseUrl: box.url } })
    const sessions = async (): Promise<ReadonlyArray<string>> => {
      const names = await readdir(state).catch(() => [])
      return names.filter((name) => name.endsWith('.json')).map((name) => join(state, name))
    }
    const start: Home['start'] = (args, more = {}) => spawned(args, { ...variables, ...more })
    const { clientSecret, appAuth } = settings.boxAppSettings
    const fixed = [
      clientSecret,
      appAuth.passphrase,
      ...appAuth.privateKey.split('\n').filter((line) => line.length > 20),
    ]
    try {
      await use({
        box,
        folder,
        config,
        settings,
        writeProfile,
        sessions,
        start,
        run: async (args, more) => {
          const ended = await start(args, more).ended
          const secrets = [...fixed, ...(await storedSecrets(await sessions()))]
          const quiet =
            args.includes('token') || args.includes('downscope') ? ended.stderr : ended.stderr + ended.stdout
          for (const secret of secrets) {
            for (const form of Secret.forms(secret)) expect(quiet.includes(form)).toBe(false)
          }
          return ended
        },
      })
      expect(box.counts().internalErrors).toBe(0)
    } finally {
      await box.close()
      await rm(folder, { recursive: true, force: true })
    }
  }

/** Makes the stored token of a session one of an hour that ends at an instant (ms), or in the past. */
export const expire = async (file: string, at = 0): Promise<void> => {
  const row = JSON.parse(await readFile(file, 'utf8'))
  const cell = JSON.parse(row.record)
  cell.token.expires_at = at
  cell.token.issued_at = at - 3_600_000
  await writeFile(file, JSON.stringify({ ...row, record: JSON.stringify(cell) }))
}
