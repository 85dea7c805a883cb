/**
 * From the results of a run to `docs/seed-parity.md`: what is shown by which test, and what is not shown.
 */
import { contract, nameOf, type Row } from './contract.js'
import { fullName, ID, idsOf, type Test } from './results.js'

/** The page, and what is wrong: nothing, where every row is shown. */
export interface Report {
  readonly page: string
  readonly problems: ReadonlyArray<string>
}

/** One statement of the contract, and the tests that show it. */
interface Statement {
  readonly id: string
  readonly system: string
  readonly says: string
  readonly shownBy: ReadonlyArray<Test>
}

/** Where a row is shown at the level that it is written for: by the public API, over real HTTP. */
export const HOME = 'packages/trials/test/parity/'
const GRID = `${HOME}grid.test.ts`

const isBetter = (test: Test): boolean => idsOf(test).some((id) => test.title.startsWith(`${id} better: `))

const statementsOf = (
  { id, system, keeps, better = [] }: Row,
  passed: ReadonlyArray<Test>,
): ReadonlyArray<Statement> => {
  const own = passed.filter((test) => idsOf(test).includes(id))
  return [
    ...(keeps === undefined
      ? []
      : [{ id, system, says: keeps, shownBy: own.filter((test) => !isBetter(test) || !test.file.startsWith(HOME)) }]),
    ...better.map((law, index) => ({
      id,
      system,
      says: `**better**: ${law}`,
      shownBy: own.filter(
        (test) => test.title === nameOf(id, law) || (keeps === undefined && index === 0 && !isBetter(test)),
      ),
    })),
  ]
}

const isShown = ({ id, says, shownBy }: Statement): boolean =>
  shownBy.some(
    ({ file, title }) =>
      file.startsWith(HOME) && (!says.startsWith('**better**: ') || title.startsWith(`${id} better: `)),
  )

// -----------------------------------------------------------------------------
// the page
// -----------------------------------------------------------------------------

const MOST = 4

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const link = (file: string): string => {
  const [, folder = '', name = ''] = /^packages\/([^/]+)\/test\/(.+)\.test\.ts$/.exec(file) ?? []
  return `[${file.startsWith(HOME) ? name.replace(/^parity\//, '') : `${folder}: ${name}`}](../${file})`
}

const byFile = (tests: ReadonlyArray<Test>): ReadonlyArray<readonly [string, ReadonlyArray<Test>]> =>
  [...new Set(tests.map(({ file }) => file))].map((file) => [file, tests.filter((test) => test.file === file)])

/** A test without what the row says already. */
const short = (test: Test): string =>
  fullName(test)
    .replace(/^.*\b[SB]-[A-Z0-9]+-\d\d better: .*$/, '')
    .replaceAll(ID, '')
    .replaceAll(/\s+/g, ' ')
    .trim()

const named = (tests: ReadonlyArray<Test>): string => {
  const names = [...new Set(tests.map(short))].filter((name) => name !== '')
  const more = names.length > MOST ? `, and ${names.length - MOST} more` : ''
  return names.length === 0
    ? ''
    : `: ${names
        .slice(0, MOST)
        .map((name) => `“${cell(name)}”`)
        .join(', ')}${more}`
}

const shown = ({ shownBy }: Statement): string => {
  const here = byFile(shownBy.filter(({ file }) => file.startsWith(HOME)))
  const elsewhere = byFile(shownBy.filter(({ file }) => !file.startsWith(HOME)))
  return [
    ...here.map(([file, tests]) => `${link(file)}${named(tests)}`),
    ...(elsewhere.length === 0 ? [] : [`also ${elsewhere.map(([file]) => link(file)).join(', ')}`]),
  ].join('<br>')
}

const table = (head: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const section = (system: string, statements: ReadonlyArray<Statement>): string => {
  const own = statements.filter((statement) => statement.system === system)
  const lines = own.map((statement) => [statement.id, cell(statement.says), shown(statement)])
  return `## ${system}\n\n${table(['id', 'what holds', 'shown by'], lines)}`
}

interface Cells {
  readonly stores: ReadonlyArray<string>
  readonly strategies: ReadonlyArray<string>
  readonly laws: ReadonlyArray<string>
  readonly holds: (strategy: string, store: string) => boolean
}

const cellsOf = (tests: ReadonlyArray<Test>): Cells => {
  const cells = tests.filter(({ file, ancestors }) => file === GRID && ancestors.length === 3)
  const all = (of: (test: Test) => string | undefined): ReadonlyArray<string> => [
    ...new Set(cells.flatMap((test) => of(test) ?? [])),
  ]
  const laws = all(({ title }) => title)
  return {
    stores: all(({ ancestors }) => ancestors[1]),
    strategies: all(({ ancestors }) => ancestors[2]),
    laws,
    holds: (strategy, store) =>
      cells.filter(
        ({ ancestors, status }) => ancestors[1] === store && ancestors[2] === strategy && status === 'passed',
      ).length === laws.length,
  }
}

const grid = ({ stores, strategies, laws, holds }: Cells): string => {
  const lines = strategies.map((strategy) => [strategy, ...stores.map((store) => (holds(strategy, store) ? '✓' : '✗'))])
  return [
    '## The grid',
    '',
    `${strategies.length} strategies × ${stores.length} stores = ${strategies.length * stores.length} cells. In each, a source`,
    '',
    ...laws.map((law) => `- ${law}`),
    '',
    table(['strategy ↓ store →', ...stores], lines),
  ].join('\n')
}

const INTRODUCTION = `# What the seed promises, and which test shows it

Tessera's seed is the auth package of Box's SDK for Python 2.0. This page lists what a user of each of its nine systems relies on,
what is better here, and the tests that show it: through the public API and over real HTTP in
[packages/trials/test/parity](../packages/trials/test/parity), and closer to the code elsewhere. Each test carries the id of its row.
What is **better** is held against a small [model of what the seed does](../packages/trials/test/parity/seed), of which the same law must
fail.

\`npm run proof parity\` writes this page from the results of a run, and fails where a row is not shown. Do not edit it.`

/** Judges a run. */
export const reportOf = (tests: ReadonlyArray<Test>): Report => {
  const passed = tests.filter(({ status }) => status === 'passed')
  const rows: ReadonlyArray<Row> = contract
  const statements = rows.flatMap((row) => statementsOf(row, passed))
  const known = new Set(rows.map(({ id }) => id))
  const cells = cellsOf(tests)
  const page = [
    INTRODUCTION,
    ...[...new Set(rows.map(({ system }) => system))].map((system) => section(system, statements)),
    grid(cells),
  ].join('\n\n')
  const ofContract = (test: Test): boolean => idsOf(test).length > 0 || test.file.startsWith(HOME)
  return {
    page: `${page}\n`,
    problems: [
      ...statements.filter((statement) => !isShown(statement)).map(({ id, says }) => `not shown: ${id} ${says}`),
      ...tests
        .filter((test) => test.status === 'failed' && ofContract(test))
        .map((test) => `failed: ${test.file}: ${fullName(test)}`),
      ...tests.flatMap((test) =>
        idsOf(test)
          .filter((id) => !known.has(id))
          .map((id) => `not in the contract: ${id}, of ${test.file}`),
      ),
      ...(cells.laws.length === 0 ? ['not shown: the grid'] : []),
      ...cells.strategies.flatMap((strategy) =>
        cells.stores
          .filter((store) => !cells.holds(strategy, store))
          .map((store) => `not shown: ${strategy} × ${store}`),
      ),
    ],
  }
}
