import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

const packages = join(__dirname, '..', '..', '..')

/**
 * Makes one file of a script and of the sources that it imports, so that a process of its own can run it.
 */
export const bundle = (script: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-node-'))
  writeFileSync(join(folder, 'script.ts'), script)
  const outfile = join(folder, 'script.cjs')
  buildSync({
    entryPoints: [join(folder, 'script.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    alias: {
      '@tessera/node/slim': join(packages, 'node', 'src', 'slim.ts'),
      ...Object.fromEntries(
        ['core', 'oauth2', 'node'].map((name) => [`@tessera/${name}`, join(packages, name, 'src', 'index.ts')]),
      ),
    },
    nodePaths: [join(packages, 'node', 'node_modules'), join(packages, 'core', 'node_modules')],
    logLevel: 'error',
  })
  return outfile
}

/** What a process wrote, and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Longer than a busy machine takes to begin, in ms. */
const START = 60_000

/** Collects the output of a process, and kills it when it does not end by itself within `ms` after its last word. */
export const ended = (child: ChildProcess, ms: number): Promise<Ended> =>
  new Promise((resolve) => {
    let output = ''
    const endIn = (left: number) => setTimeout(() => child.kill('SIGKILL'), left)
    let timer = endIn(Math.max(ms, START))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        output += data
        clearTimeout(timer)
        timer = endIn(ms)
      })
    }
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output })
    })
  })

export const node = (
  file: string,
  args: ReadonlyArray<string> = [],
  variables: Readonly<Record<string, string>> = {},
): ChildProcess =>
  spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  })
