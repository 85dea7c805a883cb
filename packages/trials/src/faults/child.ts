import { type ChildProcess, spawn } from 'node:child_process'
import { inProject } from '../project.js'

/** A process that tells what it does, line by line. */
export interface Child {
  readonly process: ChildProcess
  /** So far, and all once it has ended. */
  readonly lines: ReadonlyArray<string>
  /** All that it wrote to standard error. */
  readonly complaints: () => string
  /** Resolves when it holds of what was written, or no more can be written. */
  readonly until: (holds: () => boolean) => Promise<void>
  /** How it ended: an exit code, or a signal. */
  readonly ended: Promise<number | string | null>
}

/** Starts a process. */
export const child = (command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): Child => {
  const started = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const watchers = new Set<() => void>()
  let rest = ''
  let complaints = ''
  let isOver = false
  const tell = (): void => {
    for (const watch of watchers) watch()
  }
  started.stdout.on('data', (data) => {
    const parts = `${rest}${data}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    tell()
  })
  started.stderr.on('data', (data) => {
    complaints += data
    tell()
  })
  const ended = new Promise<number | string | null>((resolve, reject) => {
    started.once('error', reject)
    started.once('close', (code, signal) => {
      isOver = true
      tell()
      resolve(signal ?? code)
    })
  })
  return {
    process: started,
    lines,
    complaints: () => complaints,
    until: (holds) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!holds() && !isOver) return
          watchers.delete(watch)
          resolve()
        }
        watchers.add(watch)
        watch()
      }),
    ended,
  }
}

/** The bundled script of a worker. */
export const workerScript = (name: string): string => inProject(`packages/trials/bin/${name}.js`)

/** Starts a worker of this package's. */
export const worker = (name: string, ...args: ReadonlyArray<string>): Child =>
  child(process.execPath, [workerScript(name), ...args])
