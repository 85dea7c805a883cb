/** Server processes of our own: unprivileged, in a folder that goes with them. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** Files that are there before a process starts, by name. */
export type Files = Readonly<Record<string, string>>

/** One of them. */
export interface Process {
  readonly id: number
  readonly isRunning: () => boolean
  readonly signal: (name: NodeJS.Signals) => void
}

/** How a process is started. */
export interface Starting {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What ends it at once, where SIGKILL would leave something behind. */
  readonly ending?: NodeJS.Signals
}

/** Processes that are stopped, and whose folder is removed, all at once. */
export interface Processes {
  /** A folder that they may write; what is in it stays until all are stopped. */
  readonly folder: (name: string, files?: Files) => string
  readonly start: (program: string, args: ReadonlyArray<string>, how: Starting) => Process
  /** Runs a program to its end, which must be a good one. */
  readonly run: (program: string, args: ReadonlyArray<string>, how: Starting) => Promise<void>
  readonly stop: () => Promise<void>
}

/** How long a program may run to its end, in ms. */
const PATIENCE = 120_000

/** Whether every user may enter it, and so the folders above it. */
const isOpen = (folder: string): boolean =>
  (statSync(folder).mode & 0o001) !== 0 && (folder === dirname(folder) || isOpen(dirname(folder)))

export const processes = (name: string): Processes => {
  // Where the tests run as root, the servers do not, and root's folder for temporary files may be closed to them.
  const nobody =
    process.getuid?.() === 0 ? Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' })) : undefined
  const root = mkdtempSync(join(nobody === undefined || isOpen(resolve(tmpdir())) ? tmpdir() : '/tmp', `${name}-`))
  const running = new Map<ChildProcess, NodeJS.Signals>()
  const give = (path: string): string => {
    if (nobody !== undefined) chownSync(path, nobody, -1)
    return path
  }
  give(root)

  const optionsOf = ({ cwd, env }: Starting) => ({
    cwd,
    env: { ...process.env, HOME: root, ...env },
    ...(nobody !== undefined && { uid: nobody }),
  })

  const keep = (child: ChildProcess, { ending = 'SIGKILL' }: Starting): void => {
    running.set(child, ending)
    child.once('exit', () => running.delete(child))
  }

  const kill = (): void => {
    for (const [child, ending] of running) {
      child.kill(ending)
      child.kill('SIGCONT')
    }
  }
  // A test that ends early must not leave them behind.
  process.once('exit', kill)

  return {
    folder: (of, files = {}) => {
      const own = join(root, of)
      mkdirSync(own, { recursive: true, mode: 0o700 })
      give(own)
      for (const [file, text] of Object.entries(files)) {
        writeFileSync(join(own, file), text)
        give(join(own, file))
      }
      return own
    },
    start: (program, args, how) => {
      const child = spawn(program, [...args], { ...optionsOf(how), stdio: 'ignore' })
      // It says so of what cannot be started.
      child.once('error', () => running.delete(child))
      if (child.pid === undefined) throw new Error(`${program} cannot be started`)
      keep(child, how)
      return {
        id: child.pid,
        isRunning: () => running.has(child),
        signal: (signal) => {
          child.kill(signal)
        },
      }
    },
    run: async (program, args, how) => {
      const ended = promisify(execFile)(program, [...args], { ...optionsOf(how), timeout: PATIENCE })
      keep(ended.child, how)
      await ended
    },
    stop: async () => {
      const ended = [...running.keys()].map((child) => once(child, 'exit'))
      kill()
      await Promise.all(ended)
      process.off('exit', kill)
      // A child of a server that has ended may still write.
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
