/**
 * Results as text.
 */
import type { Counterexample, Result } from './check.js'
import { type Config, happenings } from './model.js'
import type { Line } from './trace.js'

const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const rowOf = ({ process, event, decision, cell, server }: Line, number: number): ReadonlyArray<string> => [
  String(number).padStart(4),
  process,
  event,
  decision,
  cell,
  server,
]

/** One line an event: who, what, what `step` decided, the store's cell and the server afterwards. */
export const traceOf = ({ property, detail, trace, cycle }: Counterexample): string => {
  const [head, ...lines] = columns([
    ['', '', 'event', 'decision', 'cell', 'tokens at the server'],
    ...[...trace, ...cycle].map((line, i) => rowOf(line, i + 1)),
  ])
  return [
    `${property}: ${detail}`,
    head,
    ...lines.slice(0, trace.length),
    ...(cycle.length > 0 ? ['      and again and again:', ...lines.slice(trace.length)] : []),
  ].join('\n')
}

/** What happens, shortly. */
export const happeningsOf = ({ happenings: given }: Config): string =>
  given.length === happenings.length ? 'all' : given.join(', ')

const serverOf = ({ mode, overlap, lossy }: Config): string =>
  [mode, ...(overlap ? ['overlapping'] : []), ...(lossy ? ['lossy store'] : [])].join('; ')

export const nameOf = (config: Config): string => `${config.processes} processes, ${serverOf(config)}`

export interface Row {
  readonly config: Config
  readonly result: Result
  readonly seconds: number
}

const numberOf = (count: number): string => count.toLocaleString('en')

export const tableOf = (rows: ReadonlyArray<Row>): string =>
  columns([
    ['processes', 'server', 'events', 'states', 'transitions', 'depth', 'seconds', ''],
    ...rows.map(({ config, result, seconds }) => [
      String(config.processes),
      serverOf(config),
      happeningsOf(config),
      `${numberOf(result.states)}${result.isCut ? ', cut' : ''}`,
      numberOf(result.transitions),
      String(result.depth),
      seconds.toFixed(1),
      result.counterexample === undefined ? (result.isCut ? 'not to the end' : 'ok') : result.counterexample.property,
    ]),
  ]).join('\n')
