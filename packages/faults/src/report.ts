/**
 * The generated part of `docs/reliability.md`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { type Row, table, tableOf } from './Row.js'

const BEGIN = '<!-- npm run faults -- --report: begin -->'
const END = '<!-- npm run faults -- --report: end -->'

export interface Circumstances {
  readonly seed: number
  readonly date: string
  readonly redis: string
  readonly seconds: number
}

const heading = (only: ReadonlyArray<string>, { seed, date, redis, seconds }: Circumstances): string => {
  const options = only.map((name) => `--only ${name} `).join('')
  return `\`npm run faults -- --report ${options}--seed ${seed}\` on ${date}: Node.js ${process.version}, ${redis}, ${cpus().length} cores, ${Math.ceil(seconds / 60)} minutes.`
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

/** A table with the lines of another one in place of its own of those names. */
const replaced = (before: string, now: string): string => {
  const { head, lines } = cellsOf(before)
  const others = cellsOf(now).lines
  return table(
    head,
    lines.map((line) => others.find(([name]) => name === line[0]) ?? line),
  )
}

/** Puts rows that were run again alone in their places, and says so. */
export const updateReport = (file: string, rows: ReadonlyArray<Row>, circumstances: Circumstances): void =>
  rewrite(file, (section) => {
    const paragraphs = section.split('\n\n')
    const [results, words] = tablesOf(rows)
    const tables = paragraphs.filter((of) => of.startsWith('|'))
    const headings = paragraphs.filter((of) => !of.startsWith('|'))
    const only = rows.map(({ fault }) => fault.name)
    return [
      ...headings,
      heading(only, circumstances),
      ...tables.map((of, at) => replaced(of, (at === 0 ? results : words) ?? '')),
    ]
  })
