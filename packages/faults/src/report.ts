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

const section = (rows: ReadonlyArray<Row>, { seed, date, redis, seconds }: Circumstances): string =>
  [
    BEGIN,
    '',
    `\`npm run faults -- --report --seed ${seed}\` on ${date}: Node.js ${process.version}, ${redis}, ${cpus().length} cores, ${Math.ceil(seconds / 60)} minutes.`,
    '',
    tableOf(rows),
    '',
    table(
      ['fault', 'what is done', 'what must be', 'beside the numbers'],
      rows.map(({ fault, findings }) => [fault.name, fault.injection, fault.expected, findings.note ?? '']),
    ),
    '',
    END,
  ].join('\n')

/** Writes the tables between the marks of the file. */
export const writeReport = (file: string, rows: ReadonlyArray<Row>, circumstances: Circumstances): void => {
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${file} has no marks ${BEGIN} and ${END}`)
  writeFileSync(file, text.slice(0, from) + section(rows, circumstances) + text.slice(to + END.length))
}
