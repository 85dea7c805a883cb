import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildSync } from 'esbuild'
import { temporary } from './values.js'

const packages = join(__dirname, '..', '..', '..')
const source = (name: string): string => join(packages, name, 'src', 'index.ts')

/** Makes one file of a script and of the sources that it imports, so that processes of their own can run it. */
export const bundle = (script: string): string => {
  const folder = temporary()
  writeFileSync(join(folder, 'script.ts'), script)
  const outfile = join(folder, 'script.cjs')
  buildSync({
    entryPoints: [join(folder, 'script.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    alias: {
      '@tessera/core': source('core'),
      '@tessera/store-file': source('store-file'),
      'store-file/lock': join(packages, 'store-file', 'src', 'internal', 'lock.ts'),
    },
    nodePaths: [join(packages, 'core', 'node_modules')],
    logLevel: 'error',
  })
  return outfile
}

/** A process, and the lines that it writes. */
export interface Running {
  readonly child: ChildProcess
  /** The next line; rejects where the process ends before it. */
  readonly line: () => Promise<string>
  /** All further lines, and how it ended: an exit code or a signal. */
  readonly rest: Promise<{ readonly lines: ReadonlyArray<string>; readonly end: number | string | null }>
}

const started = (child: ChildProcess): Running => {
  if (child.stdout === null) throw new Error('no output')
  const lines: string[] = []
  const waiting: Array<() => void> = []
  let hasEnded = false
  const wake = (): void => {
    for (const waiter of waiting.splice(0)) waiter()
  }
  const reader = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    wake()
  })
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[code, signal]]) => {
    hasEnded = true
    wake()
    return signal ?? code
  })
  return {
    child,
    line: async () => {
      for (;;) {
        const line = lines.shift()
        if (line !== undefined) return line
        if (hasEnded) throw new Error('the process ended')
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    rest: ended.then((end) => ({ lines: lines.splice(0), end })),
  }
}

export const run = (command: string, args: ReadonlyArray<string>): Running =>
  started(spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }))

export const node = (script: string, ...args: ReadonlyArray<string>): Running =>
  run(process.execPath, [script, ...args])
