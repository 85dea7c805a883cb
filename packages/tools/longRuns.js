// What takes hours, one after the other, and a page of how it ended: `npm run proof long`. Names after it choose some; the page keeps the
// rows of the others. Each row has its date, the commit, and how busy the machine was when it began, since numbers count in the quiet only.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { stripVTControlCharacters } from 'node:util'
import { root } from './published.js'

/** Its path from the root. */
export const longPage = 'docs/long-runs.md'

/**
 * By name: what is shown, and the words after `npm run`.
 * @type {Readonly<Record<string, readonly [shows: string, words: string]>>}
 */
export const runs = {
  faults: ['faults at full counts', 'faults -- --report'],
  schedules: ['every schedule, with three stalls', 'proof explore -- --stalls 3 --climb'],
  'mutants by schedules': ['each mutant is noticed by a schedule', 'proof explore -- --mutants'],
  zoo: ['each broken part is noticed by a law', 'proof zoo'],
  mutation: ['mutants of core and oauth2', 'proof mutation -- --force'],
  bench: ['the same work beside other libraries', 'bench -- --report'],
}

/** @typedef {{ readonly date: string, readonly commit: string, readonly load: string, readonly minutes: string, readonly end: string }} Ended */

/**
 * The last line of what a program said, as a cell of a table.
 * @param {string} output
 * @returns {string}
 */
export const lastLine = (output) =>
  (
    stripVTControlCharacters(output)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? ''
  ).replaceAll('|', '/')

/**
 * The rows of a page, by name.
 * @param {string} page
 * @returns {ReadonlyMap<string, Ended>}
 */
export const rowsOf = (page) =>
  new Map(
    page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .flatMap(([, , command = '', date = '', commit = '', load = '', minutes = '', end = '']) => {
        const name = Object.keys(runs).find((of) => command === `\`npm run ${runs[of]?.[1]}\``)
        return name === undefined ? [] : [/** @type {const} */ ([name, { date, commit, load, minutes, end }])]
      }),
  )

/**
 * @param {ReadonlyMap<string, Ended>} ended
 * @returns {string}
 */
export const pageOf = (ended) => {
  const rows = Object.entries(runs).map(([name, [shows, words]]) => {
    const { date, commit, load, minutes, end } = ended.get(name) ?? {
      date: '',
      commit: '',
      load: '',
      minutes: '',
      end: 'not run yet',
    }
    return `| \`${name}\` ${shows} | \`npm run ${words}\` | ${date} | ${commit} | ${load} | ${minutes} | ${end} |`
  })
  return `# The long runs

What takes too long for every change. \`npm run proof long\` runs all of it and writes this page; \`npm run proof long zoo\` one of them. Busy
is the machine's load when it began: above 0.5, its times say little.

| what | command | date | commit | busy | minutes | how it ended |
| ---- | ------- | ---- | ------ | ---- | ------- | ------------ |
${rows.join('\n')}
`
}

/**
 * @param {string} words
 * @returns {Promise<{ readonly code: number, readonly output: string }>} of what it said, the end
 */
const run = (words) =>
  new Promise((resolve) => {
    const [command = '', ...rest] = words.split(' ')
    const args = rest.filter((word) => word !== '--')
    const child = spawn(process.execPath, [join(root, 'packages', 'tools', 'run.js'), command, '--built', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        process.stderr.write(chunk)
        output = (output + chunk.toString()).slice(-10_000)
      })
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })

/** @param {readonly string[]} names */
const main = async (names) => {
  const unknown = names.filter((name) => runs[name] === undefined)
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(', ')}; there are ${Object.keys(runs).join(', ')}`)
    return 2
  }
  const git = (/** @type {readonly string[]} */ ...args) =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim()
  const commit = `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ', changed'}`
  const file = join(root, longPage)
  const ended = new Map(existsSync(file) ? rowsOf(readFileSync(file, 'utf8')) : [])
  let failed = 0
  for (const [name, [, words]] of Object.entries(runs)) {
    if (names.length > 0 && !names.includes(name)) continue
    const load = (loadavg()[0] ?? 0).toFixed(1)
    const start = performance.now()
    const { code, output } = await run(words)
    if (code !== 0) failed++
    ended.set(name, {
      date: new Date().toISOString().slice(0, 10),
      commit,
      load,
      minutes: ((performance.now() - start) / 60_000).toFixed(0),
      end: `${code === 0 ? 'ok' : `FAILED (${code})`}: ${lastLine(output)}`,
    })
    writeFileSync(file, pageOf(ended))
  }
  return failed === 0 ? 0 : 1
}

if (process.argv[1]?.endsWith('longRuns.js'))
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code
  })
