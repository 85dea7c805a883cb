/**
 * The generated part of `docs/reliability.md`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Fault } from './Fault.js'
import { type Row, table, tableOf } from './Row.js'

const BEGIN = '<!-- npm run faults -- --report: begin -->'
const END = '<!-- npm run faults -- --report: end -->'

export interface Circumstances {
  readonly seed: number
  readonly date: string
  /** Of the servers, with their versions. */
  readonly servers: string
  readonly seconds: number
}

const heading = (only: ReadonlyArray<string>, { seed, date, servers, seconds }: Circumstances): string => {
  const options = only.map((name) => `--only ${name} `).join('')
  return `\`npm run faults -- --report ${options}--seed ${seed}\` on ${date}: ${[`Node.js ${process.version}`, servers].filter((text) => text !== '').join(', ')}, ${cpus().length} cores, ${Math.ceil(seconds / 60)} minutes.`
}

const tablesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => [
  tableOf(rows),
  table(
    ['fault', 'what is done', 'what must be', 'beside the numbers'],
    rows.map(({ fault, findings }) => [fault.name, fault.injection, fault.expected, findings.note ?? '']),
  ),
]

const rewrite = (file: string, write: (section: string) => ReadonlyArray<string>): void => {
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${file} has no marks ${BEGIN} and ${END}`)
  const section = [BEGIN, ...write(text.slice(from + BEGIN.length, to).trim()), END].join('\n\n')
  writeFileSync(file, text.slice(0, from) + section + text.slice(to + END.length))
}

/** Writes the tables between the marks of the file. */
export const writeReport = (file: string, rows: ReadonlyArray<Row>, circumstances: Circumstances): void =>
  rewrite(file, () => [heading([], circumstances), ...tablesOf(rows)])

/** The cells of a table: its head, and its lines. */
const cellsOf = (
  text: string,
): { readonly head: ReadonlyArray<string>; readonly lines: ReadonlyArray<ReadonlyArray<string>> } => {
  const [head = [], , ...lines] = text.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return { head, lines }
}

/** A table with the lines of another one in it, in the order of the faults: instead of its own of those names, or new. */
const replaced = (before: string, now: string, all: ReadonlyArray<Fault>): string => {
  const { head, lines } = cellsOf(before)
  const both = [...cellsOf(now).lines, ...lines]
  return table(
    head,
    all.flatMap(({ name }) => both.filter((line) => line[0] === name).slice(0, 1)),
  )
}

/** Puts rows that were run again alone in their places among all faults, and says so. */
export const updateReport = (
  file: string,
  only: ReadonlyArray<string>,
  all: ReadonlyArray<Fault>,
  rows: ReadonlyArray<Row>,
  circumstances: Circumstances,
): void =>
  rewrite(file, (section) => {
    const paragraphs = section.split('\n\n')
    const [results, words] = tablesOf(rows)
    const tables = paragraphs.filter((of) => of.startsWith('|'))
    const headings = paragraphs.filter((of) => !of.startsWith('|'))
    return [
      ...headings,
      heading(only, circumstances),
      ...tables.map((of, at) => replaced(of, (at === 0 ? results : words) ?? '', all)),
    ]
  })
