/** The command, as it was built: a short run of the rows that have no test of their own, and what may be typed. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { has, leftOut } from '../../../tools/jest/needs.js'
import type { Fault } from '../../src/faults/Fault.js'
import { table } from '../../src/faults/Row.js'
import { rows } from '../../src/faults/rows/index.js'
import { faults, type Told, told } from './support/command.js'

/** Of each database, those that show most: each of the others would start a server more. */
const DATABASES = ['postgres-kill', 'postgres-pgbouncer', 'mariadb-kill', 'sqlite-busy', 'sqlite-kill']

const isOfDatabases = ({ name }: Pick<Fault, 'name'>): boolean => /^(?:postgres|mariadb|sqlite)-/.test(name)

/** Of the full counts; less of those that take a process or a server each. */
const SCALE = '0.05'
const LESS = '0.01'
const isCostly = (fault: Fault): boolean =>
  /^(?:kill-|dpop$|stop-|herd$|revoke-)/.test(fault.name) || isOfDatabases(fault)

const show = (all: ReadonlyArray<Told>): void => {
  const head = ['fault', 'count', 'lost', 'double', 'stale', 'overdue (ms)', 'secrets', 'ok', 's']
  const lines = all.map((of) =>
    [
      of.fault,
      of.count,
      of.lost,
      of.doubleRedemptions,
      of.staleOverwrites,
      of.maxOverdueMs,
      of.secretsFound,
      of.ok,
      of.seconds,
    ].map(String),
  )
  process.stdout.write(`\n${table(head, lines)}\n`)
}

test('a short run of the table: each row that has no test of its own, but for some of databases, and ok', async () => {
  const tests = rows.flatMap(({ test }) => test ?? [])
  expect(tests.filter((name) => !existsSync(join(__dirname, `${name}.test.ts`)))).toEqual([])
  const expected = rows
    .filter(({ needs }) => needs === undefined || has(needs))
    .filter((row) => !isOfDatabases(row) || DATABASES.includes(row.name))
    .filter(({ test }) => test === undefined)
  // Most of the time is waited for what a dead process has left; so the waiting is done side by side.
  const split = (of: ReadonlyArray<Fault>, into: number, scale: string) =>
    Array.from({ length: into }, (_, part) =>
      of.filter((_, index) => index % into === part).flatMap(({ name }) => ['--only', name]),
    )
      // Without a name the command would run all rows.
      .filter((names) => names.length > 0)
      .map((names) => faults('--scale', scale, '--json', ...names))
  const ended = await Promise.all([
    ...split(
      expected.filter((row) => !isCostly(row)),
      2,
      SCALE,
    ),
    ...split(expected.filter(isCostly), 2, LESS),
  ])
  const place = ({ fault }: Told): number => expected.findIndex(({ name }) => name === fault)
  const all = ended.flatMap(told).sort((a, b) => place(a) - place(b))
  show(all)
  expect(all.map(({ fault }) => fault)).toEqual(expected.map(({ name }) => name))
  for (const row of all) {
    expect(row).toEqual({
      fault: expect.any(String),
      count: expect.any(Number),
      lost: expect.any(Number),
      doubleRedemptions: expect.any(Number),
      staleOverwrites: expect.any(Number),
      maxOverdueMs: expect.any(Number),
      secretsFound: expect.any(Number),
      expected: expect.any(String),
      ok: expect.any(Boolean),
      seconds: expect.any(Number),
      note: expect.any(String),
      problems: expect.any(Array),
    })
  }
  expect(all.filter(({ ok }) => !ok)).toEqual([])
  expect(ended.map(({ code }) => code)).toEqual(ended.map(() => 0))
}, 600_000)

for (const { name, needs } of rows) if (needs !== undefined) leftOut(needs, `the row ${name}`)

describe('what may be typed', () => {
  test('--only takes rows by their names, in the order of the table', async () => {
    const ended = await faults('--only', 'clocks', '--only', 'redirects', '--scale', '0.04', '--json')
    expect(ended.code).toBe(0)
    expect(told(ended)).toMatchObject([
      { fault: 'redirects', count: 1 },
      { fault: 'clocks', count: 8 },
    ])
  })

  test('--only takes all rows whose names begin so, where none has that name', async () => {
    const ended = await faults('--only', 'file', '--scale', '0.01', '--json')
    expect(ended.code).toBe(0)
    expect(told(ended)).toMatchObject([{ fault: 'file-kill' }, { fault: 'file-bit-flips' }, { fault: 'file-other' }])
  })

  test('--seed repeats the choices of a run, and is told', async () => {
    const run = (seed: string) => faults('--only', 'throttled', '--scale', '0.02', '--json', '--seed', seed)
    const [one, again, other] = await Promise.all([run('5'), run('5'), run('6')])
    // A virtual clock: the note counts the requests and their waits.
    expect(told(one)[0]?.note).toMatch(/^\d+ requests/)
    expect(told(again)[0]?.note).toBe(told(one)[0]?.note)
    expect(told(other)[0]?.note).not.toBe(told(one)[0]?.note)
    expect(one.stderr).toContain('--seed 5')
  })

  test('without --json it is a table', async () => {
    const { code, stdout } = await faults('--only', 'redirects', '--scale', '0.1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/\| redirects \| 3 +\| 0 .*\| ok +\|/)
  })

  test('--list and --help', async () => {
    const list = await faults('--list')
    expect(list).toEqual({ code: 0, stdout: rows.map(({ name }) => `${name}\n`).join(''), stderr: '' })
    const help = await faults('--help')
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('--only NAME')
  })

  test.each([
    [['--only', 'nothing'], 'there is no row "nothing"'],
    [['--scale', '2'], '--scale is a number above 0, up to 1'],
    [['--report', '--scale', '0.5'], '--report needs full scale'],
    [['--unknown'], '--unknown'],
  ])('%j is wrong: 2, and how it is used', async (args, message) => {
    const { code, stdout, stderr } = await faults(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('npm run faults --')
  })
})
