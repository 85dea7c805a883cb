/** The page of the long runs. */
import { lastLine, pageOf, rowsOf, runs } from '../longRuns.js'
import { choice, commands } from '../run.js'

const ended = { date: '2026-11-30', commit: 'abc1234', load: '0.1', minutes: '12', end: 'ok: 60 of 60' }

test('a page keeps its rows', () => {
  const all = new Map(Object.keys(runs).map((name, index) => [name, { ...ended, minutes: String(index) }]))
  expect(rowsOf(pageOf(all))).toEqual(all)
})

test('a page says what has not been run', () => {
  expect(pageOf(new Map([['zoo', ended]]))).toMatch(/`npm run proof zoo` +\| 2026-11-30 .*ok: 60 of 60/)
  expect(pageOf(new Map()).match(/not run yet/g)).toHaveLength(Object.keys(runs).length)
})

test('the end of what a program said has no colours and no columns', () => {
  expect(lastLine('one\n\u001b[32mtwo\u001b[0m | three\n\n')).toBe('two / three')
  expect(lastLine('')).toBe('')
})

test('each is a program of the table', () => {
  for (const [, words] of Object.values(runs)) {
    const [command = '', ...rest] = words.split(' ')
    expect(
      choice(
        command,
        rest.filter((word) => word !== '--'),
      ),
    ).toBeDefined()
  }
  expect(Object.keys(commands['proof'] ?? {})).toContain('long')
})
