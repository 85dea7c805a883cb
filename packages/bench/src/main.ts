/**
 * `npm run bench`: measures Tessera, its peers and the floor side by side. Exits with 0 only where every goal of ours is met.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { hasPostgres, hasRedis } from '@tessera/trials'
import { writeScale } from './fleet/report.js'
import { measureRow } from './measureRow.js'
import type { Page, Program, Result, Row } from './Row.js'
import { type Finished, writeReport } from './report.js'
import { rows } from './rows/index.js'
import { rowTable } from './table.js'

const USAGE = `npm run bench -- [--row A]… [--quick] [--json] [--report] [--seed N] [--list]

  --row NAME   only this row; may be given again
  --quick      few rounds and no slow peers: to see that it works, not to judge
  --json       one JSON object a case on standard output
  --report     also writes docs/performance.md, docs/scale.md and docs/databases.md, with charts; needs all rows, or with --row
               those of one page (S1 to S4), not quick
  --seed N     repeats a run's order
  --list       the names of the rows
`

/** What was typed is wrong. */
interface Usage extends Error {
  readonly name: 'Usage'
}

const usage = (message: string): Usage => Object.assign(new Error(message), { name: 'Usage' as const })

const pageOf = ({ page = 'performance' }: Row): Page => page

/** The pages of which some rows are chosen. */
const pagesOf = (chosen: ReadonlyArray<Row>): ReadonlyArray<Page> => [...new Set(chosen.map(pageOf))]

/** Whether all rows are named of each page of which one is. */
const isWhole = (names: ReadonlyArray<string> | undefined): boolean => {
  if (names === undefined) return true
  const pages = pagesOf(rows.filter(({ name }) => names.includes(name)))
  return rows.every((row) => names.includes(row.name) || !pages.includes(pageOf(row)))
}

const isThere: Readonly<Record<Program, () => boolean>> = { 'redis-server': hasRedis, postgres: hasPostgres }

const options = () => {
  const { values } = parseArgs({
    options: {
      row: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      seed: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw usage('--seed is a whole number')
  const unknown = values.row?.find((name) => rows.every((row) => row.name !== name))
  if (unknown !== undefined) throw usage(`there is no row "${unknown}"; --list shows them`)
  if (values.report && (values.quick || !isWhole(values.row)))
    throw usage('--report needs all rows, or all of a page, not quick')
  return { ...values, seed }
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const clearLine = (): void => {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}

/** A line of progress with what is left of the whole run, at most one a second and only on a terminal. */
const progressOf = (row: Row, isQuick: boolean, later: number): ((done: number, of: number) => void) => {
  const startedAt = performance.now()
  let saidAt = startedAt
  return (done, of) => {
    const now = performance.now()
    if (!process.stderr.isTTY || now - saidAt < 1_000) return
    saidAt = now
    const own = Math.max(0, secondsOf(row, isQuick) - (now - startedAt) / 1_000)
    process.stderr.write(`\r\x1b[K  ${row.name}: ${done} of ${of}, about ${Math.ceil(own + later)} s left in all`)
  }
}

const secondsOf = ({ seconds, quickSeconds }: Row, isQuick: boolean): number => (isQuick ? quickSeconds : seconds)

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

const jsonOf = ({
  row,
  case: name,
  ratioToFloor,
  low,
  high,
  value,
  unit,
  requests,
  failures,
  goal,
  ok,
  isOurs,
}: Result) =>
  JSON.stringify({ row, case: name, ratioToFloor, low, high, value, unit, requests, failures, goal, ok, isOurs })

const show = (row: Row, results: ReadonlyArray<Result>, json: boolean): void => {
  if (json) for (const result of results) process.stdout.write(`${jsonOf(result)}\n`)
  else process.stdout.write(`${rowTable(row, results)}\n`)
}

const main = async (): Promise<number> => {
  const { row: only, quick, json, report, seed, list, help } = options()
  if (help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (list) {
    for (const { name, title, goal } of rows) process.stdout.write(`${name.padEnd(3)} ${title}: ${goal}\n`)
    return 0
  }
  const chosen = rows.filter(({ name }) => only === undefined || only.includes(name))
  const missing = chosen.filter(({ needs }) => needs !== undefined && !isThere[needs]())
  for (const { name, needs } of missing) say(`${name}: left out, there is no ${needs}`)
  const runnable = chosen.filter((row) => !missing.includes(row))
  const left = (from: number): number => sum(runnable.slice(from).map((row) => secondsOf(row, quick)))
  say(`seed ${seed}, about ${Math.ceil(left(0))} s`)

  const finished: Finished[] = []
  const broken: string[] = []
  for (const [index, row] of runnable.entries()) {
    const pictures = new Map<string, string>()
    if (!process.stderr.isTTY) say(`${row.name}: about ${Math.ceil(left(index))} s left`)
    try {
      const results = await measureRow(
        { row: row.name, seed: seed + index, isQuick: quick },
        {
          progress: progressOf(row, quick, left(index + 1)),
          picture: (name, svg) => pictures.set(name, svg),
        },
      )
      finished.push({ row, results, pictures })
      clearLine()
      show(row, results, json)
    } catch (error) {
      broken.push(`${row.name} could not be measured: ${error instanceof Error ? error.message : String(error)}`)
      clearLine()
    }
  }
  const isComplete = missing.length === 0 && broken.length === 0
  if (report && isComplete) {
    const command = `npm run bench -- --report${(only ?? []).map((name) => ` --row ${name}`).join('')}`
    const pages = pagesOf(chosen)
    for (const page of pages)
      writeReport(
        page,
        finished.filter(({ row }) => pageOf(row) === page),
        command,
      )
    if (pages.includes('performance')) {
      say('docs/scale.md: some minutes')
      await writeScale()
    }
  }

  const ours = finished.flatMap(({ results }) => results).filter(({ goal }) => goal !== null)
  const unmet = ours.filter(({ ok }) => !ok)
  say(`${ours.length - unmet.length} of ${ours.length} goals met`)
  for (const { row, case: name, goal } of unmet) say(`  not met: ${row}, ${name}: ${goal}`)
  for (const problem of broken) say(`  ${problem}`)
  return unmet.length === 0 && isComplete ? 0 : 1
}

process.exitCode = await main().catch((error: unknown) => {
  if (error instanceof Error && (error.name === 'Usage' || 'code' in error)) {
    say(error.message)
    return 2
  }
  throw error
})
