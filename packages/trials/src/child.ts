import { type ChildProcess, spawn } from 'node:child_process'

/** A process that tells what it does, line by line. */
export interface Child {
  readonly process: ChildProcess
  /** So far, and all once it has ended. */
  readonly lines: ReadonlyArray<string>
  /** All that it wrote to standard output. */
  readonly output: () => string
  /** All that it wrote to standard error. */
  readonly complaints: () => string
  /** Resolves when it holds of what was written, or no more can be written. */
  readonly until: (holds: () => boolean) => Promise<void>
  /** How it ended: an exit code, or a signal. */
  readonly ended: Promise<number | string | null>
}

/** Where a process runs. Default: as this one does. */
export interface ChildOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Starts a process that reads nothing. */
export const child = (command: string, args: ReadonlyArray<string>, options: ChildOptions = {}): Child => {
  const started = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const watchers = new Set<() => void>()
  let rest = ''
  let complaints = ''
  let isOver = false
  const tell = (): void => {
    for (const watch of watchers) watch()
  }
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    tell()
  })
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
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
    output: () => [...lines, rest].join('\n'),
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

/** How a process ended, and all that it wrote. */
export interface Ended {
  readonly code: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/** Waits for the end of a process. */
export const finished = async ({ ended, output, complaints }: Child): Promise<Ended> => {
  const code = await ended
  return { code, stdout: output(), stderr: complaints() }
}

/** The first thing that a pattern captures of what a process writes. Rejects where it ends before. */
export const said = async ({ until, output, complaints }: Child, pattern: RegExp): Promise<string> => {
  const find = (): string | undefined => (pattern.exec(complaints()) ?? pattern.exec(output()))?.[1]
  await until(() => find() !== undefined)
  const found = find()
  if (found === undefined)
    throw new Error(`the process ended without what was waited for: ${complaints().slice(0, 200)}`)
  return found
}
