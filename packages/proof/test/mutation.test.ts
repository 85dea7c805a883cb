/** The judge of the survivors: it must find what has no reason. */
import { isEnough, judge, page, percentOf, scores, survivorsOf } from '../mutation/page.js'

const source = 'const isOld = (age: number) =>\n  age > 60\n'
const mutant = (status: string, more: object = {}) => ({
  mutatorName: 'EqualityOperator',
  replacement: 'age >= 60',
  status,
  location: { start: { line: 2, column: 3 }, end: { line: 2, column: 11 } },
  ...more,
})
const report = (...mutants: ReadonlyArray<ReturnType<typeof mutant>>) => ({
  files: { 'packages/core/src/age.ts': { source, mutants } },
})
const name = {
  file: 'packages/core/src/age.ts',
  line: 'age > 60',
  mutator: 'EqualityOperator',
  original: 'age > 60',
  replacement: 'age >= 60',
}
const reasons = [{ reason: 'Nobody is 60.', mutants: [name] }]

test('a survivor is named by what it changes, and where it is', () => {
  expect(survivorsOf(report(mutant('Killed'), mutant('Survived')))).toEqual([{ name, at: 2 }])
  expect(survivorsOf(report(mutant('NoCoverage')))).toHaveLength(1)
})

test('of a mutant of several lines, all of them are its name', () => {
  const location = { start: { line: 1, column: 15 }, end: { line: 2, column: 11 } }
  expect(survivorsOf(report(mutant('Survived', { location })))[0]?.name).toMatchObject({
    line: 'const isOld = (age: number) =>',
    original: '(age: number) => age > 60',
  })
})

test('a survivor without a reason is found, and a reason without a survivor', () => {
  const survivors = survivorsOf(report(mutant('Survived')))
  expect(judge(survivors, reasons)).toEqual({ unexplained: [], stale: [] })
  expect(judge(survivors, [])).toEqual({ unexplained: survivors, stale: [] })
  expect(judge([], reasons)).toEqual({ unexplained: [], stale: [name] })
})

test('the score: what is left out does not count, and what no test reaches does', () => {
  const [core] = scores(report(mutant('Killed'), mutant('Timeout'), mutant('NoCoverage'), mutant('Ignored')))
  expect(core).toMatchObject({ name: 'core', detected: 2, undetected: 1, ignored: 1 })
  expect(core && percentOf(core)).toBe('66.7 %')
  expect(core && isEnough(core)).toBe(false)
  expect(isEnough({ detected: 9, undetected: 1, ignored: 0 })).toBe(true)
})

test('the page has each survivor below its reason', () => {
  const text = page(report(mutant('Survived')), reasons, '# Title\n')
  expect(text).toMatch(/^# Title\n\n## Scores\n/)
  expect(text).toContain('**Nobody is 60.**')
  expect(text).toContain('[core/age.ts:2](../packages/core/src/age.ts#L2)')
  expect(page(report(mutant('Killed')), reasons, '# Title\n')).not.toContain('Nobody')
})
