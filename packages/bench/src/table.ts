/**
 * What the terminal and the report show of a row.
 */
import type { Result, Row } from './Row.js'

const digits = (value: number): string => {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 1_000) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

/** A number with the unit of its case; ratios have none. */
export const shown = (value: number, { ratioToFloor, unit }: Result): string => {
  if (ratioToFloor !== null || unit === undefined) return digits(value)
  const text = Number.isInteger(value) ? value.toLocaleString('en') : digits(value)
  if (unit === 'x') return `${text}x`
  return `${text} ${value === 1 ? unit.replace(/(?<=\w{3})s$/, '') : unit}`
}

/** Whether two numbers can be compared. */
export const isLike = (one: Result, other: Result): boolean =>
  one.unit === other.unit && (one.ratioToFloor === null) === (other.ratioToFloor === null)

/** The number that a case is compared by. */
export const numberOf = ({ ratioToFloor, value }: Result): number => ratioToFloor ?? value ?? Number.NaN

export const HEAD = ['case', 'result', '95 % interval', 'requests', 'failures', 'goal', 'met'] as const

/** Whether a goal is met: by the median, by its interval only, or not. */
export const metOf = (results: ReadonlyArray<Result>): 'yes' | 'at the edge' | 'no' => {
  if (!results.every(({ ok }) => ok)) return 'no'
  return results.some(({ isAtEdge }) => isAtEdge === true) ? 'at the edge' : 'yes'
}

/** What the columns say of one case. */
export const cellsOf = (result: Result): ReadonlyArray<string> => {
  const { low, high, requests, failures, goal } = result
  return [
    result.case,
    shown(numberOf(result), result),
    low === high ? '' : `${shown(low, result)} – ${shown(high, result)}`,
    requests === null ? '' : requests.toLocaleString('en'),
    failures === 0 ? '' : failures.toLocaleString('en'),
    goal ?? '',
    goal === null ? '' : metOf([result]).replace('no', 'NO'),
  ]
}

/** A table in Markdown, its columns aligned. */
export const tableOf = (head: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const used = head.map((_, column) => column).filter((column) => lines.some((line) => (line[column] ?? '') !== ''))
  const widths = new Map(
    used.map((column) => [column, Math.max(3, ...[head, ...lines].map((line) => line[column]?.length ?? 0))]),
  )
  const lineOf = (cells: ReadonlyArray<string>) =>
    `| ${used.map((column) => (cells[column] ?? '').padEnd(widths.get(column) ?? 0)).join(' | ')} |`
  const rule = `| ${used.map((column) => '-'.repeat(widths.get(column) ?? 0)).join(' | ')} |`
  return [lineOf(head), rule, ...lines.map(lineOf)].join('\n')
}

/** One row's heading and table. */
export const rowTable = (row: Row, results: ReadonlyArray<Result>): string =>
  `${row.name}  ${row.title}: ${row.goal}\n${tableOf(HEAD, results.map(cellsOf))}\n`
