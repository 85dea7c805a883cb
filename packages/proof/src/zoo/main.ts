/** Prints which law caught which specimen, and after how many runs. Fails where one is judged wrongly. */
import { isRight, tryOut, type Verdict } from './trial.js'
import { zoo } from './zoo.js'

const SEED = 1

const line = ({ specimen, broken, runs }: Verdict): ReadonlyArray<string> => [
  specimen.isHonest ? 'honest' : 'broken',
  specimen.kind,
  specimen.name,
  broken === null ? `keeps every law, in ${runs} runs` : broken.law,
  broken === null ? '' : String(broken.runs),
]

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`).join('\n')
}

const only = process.argv[2] ?? ''
const all = zoo()
const specimens = all.filter(({ name, kind }) => `${kind} ${name}`.includes(only))
if (specimens.length === 0) {
  const names = all.map(({ kind, name }) => `${kind} ${name}`).join('\n')
  throw new Error(`There is no specimen with “${only}” in its name. There are:\n${names}`)
}
const verdicts: Array<Verdict> = []
for (const specimen of specimens) {
  const verdict = await tryOut(specimen, SEED)
  verdicts.push(verdict)
  if (!isRight(verdict)) process.stderr.write(`WRONG: ${line(verdict).join(' | ')} ${verdict.broken?.why ?? ''}\n`)
}

const head = ['', 'kind', 'specimen', 'law that caught it', 'runs']
const rows = verdicts.map(line)
process.stdout.write(`${table([head, head.map((cell) => '-'.repeat(Math.max(cell.length, 3))), ...rows])}\n`)
const [bad, good] = [
  verdicts.filter(({ specimen }) => !specimen.isHonest),
  verdicts.filter(({ specimen }) => specimen.isHonest),
]
process.stdout.write(
  `\n${bad.filter(isRight).length} of ${bad.length} broken ones rejected, ${
    good.length - good.filter(isRight).length
  } of ${good.length} honest ones\n`,
)
process.exitCode = verdicts.every(isRight) ? 0 : 1
