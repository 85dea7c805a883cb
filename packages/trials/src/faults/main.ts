/**
 * `npm run faults`: injects the faults and writes what was found. Exits with 0 only where every row is as expected.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { inProject } from '../project.js'
import {
  hasMariadb,
  hasPgBouncer,
  hasPostgres,
  hasRedis,
  mariadbVersion,
  postgresVersion,
  redisVersion,
} from '../servers/index.js'
import { makeCanaries } from './canaries.js'
import type { Fault, Program } from './Fault.js'
import { broken, outcomeOf, type Row, rowOf, tableOf, toJson } from './Row.js'
import { makeRandom } from './random.js'
import { updateReport, writeReport } from './report.js'
import { rows } from './rows/index.js'

const USAGE = `npm run faults -- [--only NAME]… [--scale 0.05] [--seed N] [--json] [--report] [--list]

  --only NAME    only this row, or all whose names begin so (redis); may be given again
  --scale X      X times the full counts; below 1 the overdue is told and not judged
  --seed N       repeats a run's choices
  --json         one JSON object a row on standard output
  --report       also writes the tables into docs/reliability.md, or with --only those rows of them; needs full scale
  --list         the names of the rows
`

const REPORT = inProject('docs/reliability.md')

/** What was typed is wrong. */
interface Usage extends Error {
  readonly name: 'Usage'
}

const usage = (message: string): Usage => Object.assign(new Error(message), { name: 'Usage' as const })

/** The row of that name, or those whose names begin with it and a hyphen. */
const named = (name: string): ReadonlyArray<Fault> => {
  const row = rows.find((of) => of.name === name)
  return row === undefined ? rows.filter((of) => of.name.startsWith(`${name}-`)) : [row]
}

const isThere: Readonly<Record<Program, () => boolean>> = {
  'redis-server': hasRedis,
  postgres: hasPostgres,
  pgbouncer: () => hasPostgres() && hasPgBouncer(),
  mariadb: hasMariadb,
}

const options = () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      scale: { type: 'string', default: '1' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const scale = Number(values.scale)
  if (!(scale > 0 && scale <= 1)) throw usage('--scale is a number above 0, up to 1')
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw usage('--seed is a whole number')
  const unknown = values.only?.find((name) => named(name).length === 0)
  if (unknown !== undefined) throw usage(`there is no row "${unknown}"; --list shows them`)
  if (values.report && scale < 1) throw usage('--report needs full scale')
  return { ...values, scale, seed }
}

/** Of the servers that rows need. */
const versions = (of: ReadonlyArray<Fault>): string =>
  [
    ...(of.some(({ needs }) => needs === 'redis-server') ? [redisVersion()] : []),
    ...(of.some(({ needs }) => needs === 'postgres' || needs === 'pgbouncer') ? [postgresVersion()] : []),
    ...(of.some(({ needs }) => needs === 'mariadb') ? [mariadbVersion()] : []),
  ].join(', ')

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** A line of progress, at most one a second and only on a terminal: a log has no use for it. */
const progressOf = (name: string, count: number): ((done: number) => void) => {
  const startedAt = performance.now()
  let saidAt = startedAt
  return (done) => {
    const now = performance.now()
    if (!process.stderr.isTTY || now - saidAt < 1_000 || done === 0) return
    saidAt = now
    const left = ((now - startedAt) / 1_000 / done) * (count - done)
    process.stderr.write(`\r\x1b[K  ${name}: ${done} of ${count}, about ${duration(left)} left`)
  }
}

const runRow = async (fault: Fault, scale: number, seed: number): Promise<Row> => {
  const count = Math.max(1, Math.round(fault.count * scale))
  const startedAt = performance.now()
  const took = (): number => (performance.now() - startedAt) / 1_000
  try {
    const findings = await fault.run({
      count,
      progress: progressOf(fault.name, count),
      random: makeRandom(`${seed} ${fault.name}`),
      canaries: makeCanaries(),
    })
    return rowOf(fault, count, took(), findings, scale === 1)
  } catch (error) {
    return broken(fault, count, took(), error)
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}

const main = async (): Promise<number> => {
  const { only, scale, seed, json, report, list, help } = options()
  if (help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (list) {
    for (const { name } of rows) process.stdout.write(`${name}\n`)
    return 0
  }
  const asked = only?.flatMap(named)
  const wished = rows.filter((row) => asked === undefined || asked.includes(row))
  const left = wished.filter(({ needs }) => needs === undefined || isThere[needs]())
  const expected = left.reduce((sum, { seconds }) => sum + seconds * scale, 0)
  say(`${left.length} faults, scale ${scale}, --seed ${seed}: about ${duration(expected)}`)

  const startedAt = performance.now()
  const results: Row[] = []
  for (const fault of left) {
    const row = await runRow(fault, scale, seed)
    results.push(row)
    if (json) process.stdout.write(`${JSON.stringify(toJson(row))}\n`)
    const rest = left.slice(results.length).reduce((sum, { seconds }) => sum + seconds * scale, 0)
    const after = rest > 0 ? `; about ${duration(rest)} left` : ''
    say(`${row.ok ? 'ok    ' : 'NOT OK'} ${fault.name}: ${row.count} in ${duration(row.seconds)}${after}`)
    for (const problem of row.findings.problems.slice(0, 5)) say(`       ${problem}`)
  }
  if (!json) process.stdout.write(`\n${tableOf(results)}\n\n${outcomeOf(results, wished.length)}\n`)
  if (report) {
    const circumstances = {
      seed,
      date: new Date().toISOString().slice(0, 10),
      servers: versions(left),
      seconds: (performance.now() - startedAt) / 1_000,
    }
    if (only === undefined) writeReport(REPORT, results, circumstances)
    else updateReport(REPORT, only, rows, results, circumstances)
  }
  return results.length === wished.length && results.every(({ ok }) => ok) ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  // parseArgs says what is wrong with a code.
  if (!(error instanceof Error) || !(error.name === 'Usage' || 'code' in error)) throw error
  process.stderr.write(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
