/** How a row is judged, told and written down, and where its choices come from. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { makeCanaries } from '../../src/faults/canaries.js'
import { type Fault, type Findings, nothing } from '../../src/faults/Fault.js'
import { many } from '../../src/faults/many.js'
import { makeStopwatch } from '../../src/faults/overdue.js'
import { printed, showing } from '../../src/faults/printed.js'
import { broken, outcomeOf, rowOf, tableOf, toJson } from '../../src/faults/Row.js'
import { dealt, makeRandom, pick, shuffled, whole } from '../../src/faults/random.js'
import { updateReport, writeReport } from '../../src/faults/report.js'
import { rows } from '../../src/faults/rows/index.js'
import { makeTally } from '../../src/faults/tally.js'

const fault = (more: Partial<Fault> = {}): Fault => ({
  name: 'one',
  injection: 'what is done',
  expected: 'what must be',
  count: 10,
  seconds: 1,
  run: async () => nothing,
  ...more,
})

const found = (more: Partial<Findings>): Findings => ({ ...nothing, ...more })

describe('a row is judged', () => {
  const ok = (findings: Findings, isFull = true, of = fault()): boolean => rowOf(of, 10, 1, findings, isFull).ok

  test('ok where nothing was found', () => expect(ok(nothing)).toBe(true))
  test.each([
    { lost: 1 },
    { doubleRedemptions: 1 },
    { staleOverwrites: 1 },
    { secretsFound: 1 },
    { problems: ['one'] },
  ])('not ok with %j, at any scale', (more) => {
    expect(ok(found(more))).toBe(false)
    expect(ok(found(more), false)).toBe(false)
  })
  test('by its overdue at full scale only, beyond 100 ms', () => {
    expect(ok(found({ maxOverdueMs: 100 }))).toBe(true)
    expect(ok(found({ maxOverdueMs: 101 }))).toBe(false)
    expect(ok(found({ maxOverdueMs: 101 }), false)).toBe(true)
  })
  test('by how many sessions it may lose', () => {
    const strict = fault({ mayLose: ({ doubleRedemptions }) => doubleRedemptions + 2 })
    expect(ok(found({ lost: 2 }), true, strict)).toBe(true)
    expect(ok(found({ lost: 3 }), true, strict)).toBe(false)
  })
  test('not ok where it broke off, and says why', () => {
    const row = broken(fault(), 10, 1, new TypeError('no such thing'))
    expect(row.ok).toBe(false)
    expect(toJson(row)).toMatchObject({ ok: false, problems: ['it threw: TypeError: no such thing'] })
    expect(broken(fault(), 10, 1, 'a text').findings.problems).toEqual(['it threw: a text'])
  })
})

test('a row as JSON', () => {
  const row = rowOf(fault(), 10, 1.4, found({ lost: 1, maxOverdueMs: -3, note: 'a word' }), true)
  expect(toJson(row)).toEqual({
    fault: 'one',
    count: 10,
    lost: 1,
    doubleRedemptions: 0,
    staleOverwrites: 0,
    maxOverdueMs: 0,
    secretsFound: 0,
    expected: 'what must be',
    ok: false,
    seconds: 1,
    note: 'a word',
    problems: [],
  })
})

test('the table says which row is not ok', () => {
  const [head, line, one, other] = tableOf([
    rowOf(fault(), 1_000, 1, nothing, true),
    rowOf(fault({ name: 'another' }), 1, 1, found({ lost: 2 }), true),
  ]).split('\n')
  expect(head).toMatch(/^\| fault +\| count +\| lost +\|/)
  expect(line).toMatch(/^\| -+ \|/)
  expect(one).toMatch(/^\| one +\| 1,000 +\| 0 .*\| ok +\|$/)
  expect(other).toMatch(/^\| another +\| 1 +\| 2 .*\| NOT OK +\|$/)
})

test('a sentence says how the run ended, and what did not run', () => {
  const good = rowOf(fault(), 10, 1, nothing, true)
  const bad = rowOf(fault({ name: 'another' }), 1, 1, found({ lost: 2 }), true)
  expect(outcomeOf([good, good], 2)).toBe('2 faults, all ok')
  expect(outcomeOf([good, bad], 3)).toBe('2 faults; NOT OK: another; 1 not run: their servers are not installed')
})

describe('the report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-report-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const circumstances = { seed: 7, date: '2026-01-02', servers: 'Redis 7', seconds: 61 }

  test('goes between its marks, again and again', () => {
    const file = join(folder, 'with.md')
    const [begin, end] = ['<!-- npm run faults -- --report: begin -->', '<!-- npm run faults -- --report: end -->']
    writeFileSync(file, `before\n${begin}\nold\n${end}\nafter\n`)
    for (let i = 0; i < 2; i++)
      writeReport(file, [rowOf(fault(), 10, 1, found({ note: 'a word' }), true)], circumstances)
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^before\n<!--.*-->\nafter\n$/s)
    expect(text.split(begin)).toHaveLength(2)
    expect(text).not.toContain('old')
    for (const word of ['--seed 7', '2026-01-02', 'Redis 7', 'what is done', 'what must be', 'a word'])
      expect(text).toContain(word)
  })

  test('takes in a row that was run again alone, and says so', () => {
    const file = join(folder, 'again.md')
    writeFileSync(file, '<!-- npm run faults -- --report: begin --><!-- npm run faults -- --report: end -->')
    const [one, other] = [fault({ name: 'one' }), fault({ name: 'another' })]
    const bad = found({ problems: ['it is wrong'], note: 'before' })
    writeReport(
      file,
      [rowOf(one, 10, 1, bad, true), rowOf(other, 10, 1, found({ note: 'the same' }), true)],
      circumstances,
    )
    expect(readFileSync(file, 'utf8')).toContain('NOT OK')
    const added = fault({ name: 'between' })
    const again = [one, added].map((of) => rowOf(of, 10, 1, found({ note: 'after' }), true))
    updateReport(file, ['one', 'between'], [one, added, other], again, { ...circumstances, seed: 8 })
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/NOT OK|before/)
    // As wide as what is longest now.
    for (const of of text.split('\n\n').filter((part) => part.startsWith('|')))
      expect(new Set(of.split('\n').map(({ length }) => length)).size).toBe(1)
    const names = ['| one ', '| between ', '| another ']
    expect(text.match(/^\| (one|another|between) /gm)).toEqual([...names, ...names])
    for (const word of ['--report --seed 7', '--report --only one --only between --seed 8', 'after', 'the same'])
      expect(text).toContain(word)
  })

  test('needs its marks', () => {
    const file = join(folder, 'without.md')
    writeFileSync(file, 'text')
    expect(() => writeReport(file, [], circumstances)).toThrow('has no marks')
    expect(readFileSync(file, 'utf8')).toBe('text')
  })
})

describe('choices', () => {
  const draw = (seed: string): ReadonlyArray<number> => {
    const random = makeRandom(seed)
    return Array.from({ length: 50 }, random)
  }

  test('are repeated by their seed', () => {
    expect(draw('1 a')).toEqual(draw('1 a'))
    expect(draw('1 a')).not.toEqual(draw('2 a'))
    expect(draw('1 a')).not.toEqual(draw('1 b'))
    for (const number of draw('1 a')) expect(number >= 0 && number < 1).toBe(true)
  })

  test('are within their bounds, and reach both', () => {
    const random = makeRandom('1')
    const drawn = new Set(Array.from({ length: 200 }, () => whole(random, 3, 6)))
    expect([...drawn].sort()).toEqual([3, 4, 5, 6])
    expect(new Set(Array.from({ length: 200 }, () => pick(random, ['a', 'b'])))).toEqual(new Set(['a', 'b']))
    expect(() => pick(random, [])).toThrow('nothing to pick from')
  })

  test('deal evenly', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 9 }),
        fc.nat(40),
        fc.string(),
        (all, count, seed) => {
          const random = makeRandom(seed)
          expect([...shuffled(random, all)].sort()).toEqual([...all].sort())
          const hands = dealt(random, all, count)
          expect(hands).toHaveLength(count)
          const often = all.map((each) => hands.filter((of) => of === each).length)
          expect(Math.max(...often) - Math.min(...often)).toBeLessThanOrEqual(1)
        },
      ),
    )
    expect(dealt(makeRandom('1'), [], 3)).toEqual([])
  })
})

describe('canaries', () => {
  const secret = 'secret/+=~ of a row'

  test.each([
    ['as it is', secret],
    ['base64', Buffer.from(secret).toString('base64')],
    ['percent', encodeURIComponent(secret)],
    ['hex', Buffer.from(secret).toString('hex')],
  ])('are found in what was written before they were known: %s', (_form, text) => {
    const canaries = makeCanaries()
    canaries.wrote(`before ${text} after`)
    expect(canaries.found()).toBe(0)
    canaries.remember(secret, 'another secret')
    expect(canaries.found()).toBe(1)
  })

  test('are looked for in all that a value prints', () => {
    const shows = showing([secret])
    expect(shows(printed(new Error('fine', { cause: new Error(secret) })))).toBe(true)
    expect(shows(printed({ toJSON: () => secret }))).toBe(true)
    expect(shows(printed(Object.create(null, { hidden: { value: secret } })))).toBe(true)
    expect(shows(printed(new Error('fine')))).toBe(false)
  })
})

describe('a tally', () => {
  const context = { count: 1, progress: () => undefined, random: () => 0, canaries: makeCanaries() }

  test('keeps each problem once, and not too many', () => {
    const tally = makeTally()
    for (let i = 0; i < 100; i++) tally.problem(`problem ${i % 50}`)
    tally.lost++
    const { problems, lost, maxOverdueMs, note } = tally.findings(context, 5, 'a word')
    expect({ lost, maxOverdueMs, note }).toEqual({ lost: 1, maxOverdueMs: 5, note: 'a word' })
    expect(problems).toHaveLength(20)
    expect(new Set(problems).size).toBe(20)
  })
})

describe('a stopwatch', () => {
  test('measures what is beyond a deadline, and passes on how a call ended', async () => {
    const stopwatch = makeStopwatch()
    expect(await stopwatch.time(60_000, async () => 'done')).toBe('done')
    expect(stopwatch.longest()).toBe(0)
    // As if it should have been done before.
    await expect(stopwatch.time(-1_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(stopwatch.longest()).toBeGreaterThanOrEqual(999)
    stopwatch.stop()
  })
})

describe('many at a time', () => {
  test('so many, each once, in their order', async () => {
    let under = 0
    let most = 0
    const seen: number[] = []
    await many([1, 2, 3, 4, 5, 6, 7], 3, async (item, index) => {
      most = Math.max(most, ++under)
      expect(item).toBe(index + 1)
      seen.push(item)
      await new Promise(setImmediate)
      under--
    })
    expect(most).toBe(3)
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('the first that rejects ends it, when the others are done', async () => {
    let done = 0
    const run = many([1, 2, 3, 4, 5, 6], 2, async (item) => {
      await new Promise(setImmediate)
      if (item === 1) throw new Error('one')
      await new Promise(setImmediate)
      done++
    })
    await expect(run).rejects.toThrow('one')
    expect(done).toBe(1)
  })
})

test('the rows of the table have names of their own, counts, and words for the report', () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
  for (const { name, injection, expected, count, seconds } of rows) {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(injection.length).toBeGreaterThan(10)
    expect(expected.length).toBeGreaterThan(10)
    expect(injection + expected).not.toMatch(/[|\n]/)
    expect(Number.isSafeInteger(count) && count > 0 && seconds > 0).toBe(true)
  }
})
