/**
 * What a run says about one fault.
 */
import { type Fault, type Findings, GRACE, nothing } from './Fault.js'

export interface Row {
  readonly fault: Fault
  readonly count: number
  readonly findings: Findings
  readonly seconds: number
  readonly ok: boolean
}

/** Judges what was found. In a short run the overdue is told, and not judged: the machine is shared with other tests. */
export const rowOf = (fault: Fault, count: number, seconds: number, findings: Findings, isFull: boolean): Row => ({
  fault,
  count,
  findings,
  seconds,
  ok:
    findings.lost <= (fault.mayLose?.(findings) ?? 0) &&
    findings.doubleRedemptions === 0 &&
    findings.staleOverwrites === 0 &&
    findings.secretsFound === 0 &&
    findings.problems.length === 0 &&
    (!isFull || findings.maxOverdueMs <= GRACE),
})

/** A row that could not be run to its end. */
export const broken = (fault: Fault, count: number, seconds: number, error: unknown): Row =>
  rowOf(
    fault,
    count,
    seconds,
    {
      ...nothing,
      problems: [`it threw: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`],
    },
    true,
  )

const overdueOf = ({ maxOverdueMs }: Findings): number => Math.max(0, Math.ceil(maxOverdueMs))

/** One row of `--json`. */
export const toJson = ({ fault, count, findings, ok, seconds }: Row) => ({
  fault: fault.name,
  count,
  lost: findings.lost,
  doubleRedemptions: findings.doubleRedemptions,
  staleOverwrites: findings.staleOverwrites,
  maxOverdueMs: overdueOf(findings),
  secretsFound: findings.secretsFound,
  expected: fault.expected,
  ok,
  seconds: Math.round(seconds),
  note: findings.note ?? '',
  problems: findings.problems,
})

const HEAD = ['fault', 'count', 'lost', 'double redemptions', 'stale overwrites', 'overdue (ms)', 'secrets', 'ok']

const cellsOf = ({ fault, count, findings, ok }: Row): ReadonlyArray<string> => [
  fault.name,
  count.toLocaleString('en'),
  String(findings.lost),
  String(findings.doubleRedemptions),
  String(findings.staleOverwrites),
  String(overdueOf(findings)),
  String(findings.secretsFound),
  ok ? 'ok' : 'NOT OK',
]

/** What a column of Markdown has at least, by its formatter. */
const NARROWEST = 3

/** A table of Markdown that can be read as it is. */
export const table = (head: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, column) =>
    Math.max(NARROWEST, title.length, ...lines.map((cells) => (cells[column] ?? '').length)),
  )
  const line = (cells: ReadonlyArray<string>): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.map(line)].join('\n')
}

export const tableOf = (rows: ReadonlyArray<Row>): string => table(HEAD, rows.map(cellsOf))

/** The run in a sentence. */
export const outcomeOf = (results: ReadonlyArray<Row>, wished: number): string => {
  const failed = results.filter(({ ok }) => !ok).map(({ fault }) => fault.name)
  const missing = wished - results.length
  const ran = results.length === 1 ? '1 fault' : `${results.length} faults`
  return [
    failed.length === 0 ? `${ran}, all ok` : `${ran}; NOT OK: ${failed.join(', ')}`,
    ...(missing > 0 ? [`${missing} not run: their servers are not installed`] : []),
  ].join('; ')
}
