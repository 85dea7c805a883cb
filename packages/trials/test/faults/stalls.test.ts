/** The row of stalls can fail: it is run with a timer that acts before what has arrived is read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, stop } from 'esbuild'
import { stallsWith } from '../../src/faults/rows/stalls.js'
import { judge } from './support/judge.js'

const packages = join(__dirname, '..', '..', '..')

/** As it was before what a stall does was known. */
const HASTY = `export const after = (ms, then, unref) => {
  const timer = setTimeout(then, ms)
  if (unref) timer.unref()
  return () => clearTimeout(timer)
}`

/** The program of the processes, with another timer. */
const hasty = async (folder: string): Promise<string> => {
  const outfile = join(folder, 'member.mjs')
  await build({
    entryPoints: [join(packages, 'trials', 'dist', 'faults', 'workers', 'member.js')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
    plugins: [
      {
        name: 'hasty timer',
        setup: ({ onLoad }) => onLoad({ filter: /node\/dist\/.*internal\/timer\.js$/ }, () => ({ contents: HASTY })),
      },
    ],
  })
  return outfile
}

test('a timer that acts at once after a stall', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-stalls-'))
  try {
    const { ok, findings } = await judge(stallsWith({ program: await hasty(folder) }), 16)
    expect(ok).toBe(false)
    expect(findings.lost).toBeGreaterThan(0)
    expect(findings.problems.join()).toMatch(/(busy|stopped) for \d+ s at "\w+": lost/)
  } finally {
    rmSync(folder, { recursive: true })
    await stop()
  }
})
