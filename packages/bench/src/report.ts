/**
 * `docs/performance.md` and its charts.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUSY } from './busy.js'
import { chartOf } from './charts.js'
import type { Page, Result, Row } from './Row.js'
import { cellsOf, HEAD, isLike, metOf, numberOf, shown, tableOf } from './table.js'

/** What a run found of one row. */
export interface Finished {
  readonly row: Row
  readonly results: ReadonlyArray<Result>
  readonly pictures: ReadonlyMap<string, string>
}

const DOCS = fileURLToPath(new URL('../../../docs', import.meta.url))

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const isManifest = (value: unknown): value is Manifest => typeof value === 'object' && value !== null && 'name' in value

const manifest = (): Manifest => {
  const own: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (!isManifest(own)) throw new Error('the package has no manifest')
  return own
}

const versions = (): ReadonlyArray<string> =>
  Object.entries(manifest().dependencies ?? {})
    .filter(([, version]) => !version.startsWith('workspace:'))
    .map(([name, version]) => `- ${name} ${version}`)

const machine = (): string => {
  const [{ model } = { model: 'unknown' }] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores (${model.trim()}), ${gigabytes} GB, Node.js ${process.versions.node}, ${process.platform} ${process.arch}`
}

const bestPeer = (results: ReadonlyArray<Result>, ours: Result | undefined): string => {
  const [best] = results
    .filter((result) => result.role === 'peer' && result.failures === 0 && ours !== undefined && isLike(result, ours))
    .sort((one, other) => numberOf(one) - numberOf(other))
  return best === undefined ? '' : `${shown(numberOf(best), best)} (${best.case})`
}

const summary = (finished: ReadonlyArray<Finished>): string =>
  tableOf(
    ['row', 'work', 'Tessera', 'best peer without a failure', 'goal', 'met'],
    finished.map(({ row, results }) => {
      const ours = results.filter(({ isOurs }) => isOurs)
      const [first] = ours
      return [
        `[${row.name}](#${row.name.toLowerCase()})`,
        row.title,
        first === undefined ? '' : shown(numberOf(first), first),
        bestPeer(results, first),
        row.goal,
        metOf(ours).replace(/^no$/, '**no**'),
      ]
    }),
  )

const section = ({ row, results, pictures }: Finished): string => {
  const notes = results.flatMap(({ case: name, note }) => (note === undefined ? [] : [`- ${name}: ${note}`]))
  return [
    `## ${row.name}`,
    '',
    `**${row.title}**: ${row.work}.${row.floor === undefined ? '' : ` The floor: ${row.floor}.`} Goal: ${row.goal}.`,
    '',
    `![${row.title}](charts/${row.name.toLowerCase()}.svg)`,
    '',
    tableOf(HEAD, results.map(cellsOf)),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...[...pictures.keys()].flatMap((name) => ['', `![${row.title}](charts/${name}.svg)`]),
    '',
  ].join('\n')
}

/** What a page says before its rows. */
const INTRODUCTIONS: Readonly<Record<Page, ReadonlyArray<string>>> = {
  performance: [
    'How much time, memory and how many requests Tessera needs, beside other libraries that do the same work. Less is better in every',
    'chart and table of this page.',
    '',
    '- **The floor** is the same work by the least code that does it. A result without a unit is a multiple of the floor: 1.08 is 8 % more.',
    '- **The number** is the median of the rounds. Beside it stands its 95 % bootstrap interval, of this one run.',
    '- **Met: yes** means that the median meets the goal. **At the edge** means that only the interval reaches it, and **no** that not even',
    '  the interval does.',
    '- **The limit**, where there is one, is what no client can do without, done by the platform alone.',
    '',
    'All contenders ran on one machine in one run, over loopback, after a warm-up, in another order in each round. Times differ from machine to',
    'machine; ratios differ less. Each row has a process and a token server of its own. In C1, D1 and D2 each contender has a process of its own',
    `too; while it waits for its turn, V8 would shrink its memory, so it runs with \`${BUSY.join(' ')}\`, and so do those of G2.`,
  ],
  databases: [
    'A session in Postgres, renewed by Tessera over [`@tessera/store-sql`](../packages/store-sql/README.md), and as applications mostly do',
    'it: with a lock that is held around the request for the token, which takes a connection of the pool for as long as the server',
    'takes. All of it is on one machine, side by side in one run, in another order each round; Postgres does not wait for its disk',
    '(`fsync` off), which would be the same for all.',
    '',
    'A result without a unit is the ratio to the floor, beside its 95 % bootstrap interval: less is better.',
  ],
}

const TITLES: Readonly<Record<Page, string>> = { performance: 'Performance', databases: 'A session in a database' }

const pageOf = (page: Page, finished: ReadonlyArray<Finished>, command: string): string =>
  [
    `# ${TITLES[page]}`,
    '',
    `Made by \`${command}\` on ${new Date().toISOString().slice(0, 10)}: ${machine()}.`,
    '',
    ...INTRODUCTIONS[page],
    '',
    summary(finished),
    '',
    ...finished.map(section),
    '## Versions',
    '',
    ...versions(),
    '',
  ].join('\n')

/** Writes a page and a chart for each of its rows. */
export const writeReport = (page: Page, finished: ReadonlyArray<Finished>, command: string): void => {
  const charts = join(DOCS, 'charts')
  mkdirSync(charts, { recursive: true })
  for (const { row, results, pictures } of finished) {
    writeFileSync(join(charts, `${row.name.toLowerCase()}.svg`), chartOf(row, results))
    for (const [name, svg] of pictures) writeFileSync(join(charts, `${name}.svg`), svg)
  }
  writeFileSync(join(DOCS, `${page}.md`), pageOf(page, finished, command))
}
