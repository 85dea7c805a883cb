/** The judge of the contract: it must find what is not shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contract, nameOf, type Row } from '../../src/parity/contract.js'
import { reportOf } from '../../src/parity/report.js'
import { idsOf, readResults, type Test } from '../../src/parity/results.js'

const HERE = 'packages/trials/test/parity/a.test.ts'
const passing = (title: string, file = HERE): Test => ({ file, ancestors: [], title, status: 'passed' })

const rows: ReadonlyArray<Row> = contract
const cell = (strategy: string, store: string, law: string): Test => ({
  ...passing(law, 'packages/trials/test/parity/grid.test.ts'),
  ancestors: ['grid', store, strategy],
})
const grid = ['a', 'b'].flatMap((strategy) =>
  ['x', 'y'].flatMap((store) => ['law 1', 'law 2'].map((law) => cell(strategy, store, law))),
)
/** A run in which everything is shown. */
const all: ReadonlyArray<Test> = [
  ...rows.flatMap(({ id, keeps, better = [] }) => [
    ...(keeps === undefined ? [] : [passing(`${id} it holds`)]),
    ...better.map((law) => passing(nameOf(id, law))),
  ]),
  ...grid,
]
const without = (title: string): ReadonlyArray<Test> => all.filter((test) => test.title !== title)

test('a run in which everything is shown has no problems, and each id is on the page', () => {
  const { page, problems } = reportOf(all)
  expect(problems).toEqual([])
  for (const { id } of contract) expect(page).toContain(`| ${id} |`)
  expect(page).toContain('2 strategies × 2 stores = 4 cells')
  expect(reportOf(all).page).toBe(page)
})

// In one test: a name with an id in it would show its row.
test('each row is missed where no test shows it', () => {
  for (const { id } of rows) {
    const { problems } = reportOf(all.filter((of) => !idsOf(of).includes(id)))
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) expect(problem).toContain(`not shown: ${id}`)
  }
})

test('a test that is skipped or that fails shows nothing, and one that fails is named', () => {
  const broken = (status: string) => all.map((of) => (of.title === 'S-OAUTH2-01 it holds' ? { ...of, status } : of))
  expect(reportOf(broken('pending')).problems).toEqual([expect.stringContaining('not shown: S-OAUTH2-01')])
  expect(reportOf(broken('failed')).problems).toEqual([
    expect.stringContaining('not shown: S-OAUTH2-01'),
    `failed: ${HERE}: S-OAUTH2-01 it holds`,
  ])
})

test('a test of another package alone does not show a row', () => {
  const elsewhere = [...without('S-OAUTH2-01 it holds'), passing('S-OAUTH2-01', 'packages/core/test/a.test.ts')]
  expect(reportOf(elsewhere).problems).toEqual([expect.stringContaining('not shown: S-OAUTH2-01')])
})

test('what is kept does not show what is better, nor the other way round', () => {
  const law = nameOf('S-DEV-01', 'the store is written')
  expect(reportOf([...without(law), passing('S-DEV-01 the store is written')]).problems).toEqual([
    'not shown: S-DEV-01 **better**: the store is written',
  ])
  expect(reportOf(without('S-DEV-01 it holds')).problems).toEqual([
    expect.stringContaining('not shown: S-DEV-01 a person'),
  ])
})

test('an id that nobody knows, and a cell of which a law fails, are found', () => {
  expect(reportOf([...all, passing('S-OAUTH2-99 it holds')]).problems).toEqual([
    `not in the contract: S-OAUTH2-99, of ${HERE}`,
  ])
  const broken = all.map((of) => (of === grid[0] ? { ...of, status: 'failed' } : of))
  const { page, problems } = reportOf(broken)
  expect(problems).toContain('not shown: a × x')
  expect(page).toContain('| a | ✗ | ✓ |')
  expect(reportOf(all.filter((of) => !grid.includes(of))).problems).toContain('not shown: the grid')
})

test('results are read by file, and a file that does not load is a failure', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-parity-'))
  const result = (name: string, titles: ReadonlyArray<string>, message = '') => ({
    name: join(folder, 'packages', name),
    message,
    assertionResults: titles.map((title) => ({ ancestorTitles: ['S-COOP-01'], title, status: 'passed' })),
  })
  const file = join(folder, 'results.json')
  writeFileSync(file, JSON.stringify({ testResults: [result('b.ts', ['2', '1']), result('a.ts', [], 'SyntaxError')] }))
  const read = readResults(file, folder)
  expect(read.map((of) => [of.file, of.title, of.status, idsOf(of)])).toEqual([
    ['packages/a.ts', 'the file does not load', 'failed', []],
    ['packages/b.ts', '2', 'passed', ['S-COOP-01']],
    ['packages/b.ts', '1', 'passed', ['S-COOP-01']],
  ])
  rmSync(folder, { recursive: true })
})
