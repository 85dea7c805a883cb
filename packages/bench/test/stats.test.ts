import fc from 'fast-check'
import { chartOf } from '../src/charts.js'
import { atMost, type Measured, valueResult } from '../src/compare.js'
import type { Result, Row } from '../src/Row.js'
import { makeRandom, shuffled } from '../src/random.js'
import { estimate, median, quantile, ratios } from '../src/stats.js'
import { cellsOf, HEAD, metOf, tableOf } from '../src/table.js'

const times = fc.array(fc.double({ min: 0.001, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 30 })
const random = () => makeRandom(1)

test('a median has as many values below it as above it', () => {
  fc.assert(
    fc.property(times, (values) => {
      const middle = median(values)
      const below = values.filter((value) => value < middle).length
      const above = values.filter((value) => value > middle).length
      expect(below).toBeLessThanOrEqual(values.length / 2)
      expect(above).toBeLessThanOrEqual(values.length / 2)
    }),
  )
})

test('an interval holds the median, within the values, and is a point where they are one', () => {
  fc.assert(
    fc.property(times, (values) => {
      const { median: middle, low, high } = estimate(values, random())
      expect(low).toBeLessThanOrEqual(middle)
      expect(high).toBeGreaterThanOrEqual(middle)
      expect(low).toBeGreaterThanOrEqual(Math.min(...values))
      expect(high).toBeLessThanOrEqual(Math.max(...values))
    }),
    { numRuns: 20 },
  )
  expect(estimate([2, 2, 2], random())).toEqual({ median: 2, low: 2, high: 2 })
})

test('a ratio does not change where a round is slow for both', () => {
  fc.assert(
    fc.property(times, times, (values, slowdowns) => {
      const slowed = values.map((value, round) => value * (slowdowns[round] ?? 1))
      const floor = values.map((_, round) => slowdowns[round] ?? 1)
      for (const [round, ratio] of ratios(slowed, floor).entries()) expect(ratio).toBeCloseTo(values[round] ?? 0, 6)
    }),
  )
})

test('quantiles are between the values', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
  expect(quantile([1, 2, 3, 4], 0)).toBe(1)
  expect(quantile([1, 2, 3, 4], 1)).toBe(4)
  expect(quantile([], 0.5)).toBeNaN()
})

test('shuffled: the same in another order, each order by its seed', () => {
  const cases = ['a', 'b', 'c', 'd', 'e']
  const orders = Array.from({ length: 50 }, (_, seed) => shuffled(makeRandom(seed), cases))
  for (const order of orders) expect([...order].sort()).toEqual(cases)
  expect(new Set(orders.map((order) => order.join(''))).size).toBeGreaterThan(20)
  expect(shuffled(makeRandom(7), cases)).toEqual(shuffled(makeRandom(7), cases))
})

const row: Row = {
  name: 'X',
  title: 'Work <of> a row',
  work: 'works',
  floor: 'nothing',
  goal: '≤ 1',
  seconds: 1,
  quickSeconds: 1,
  run: async () => [],
}
const result: Result = {
  row: 'X',
  case: 'Tessera & others',
  role: 'ours',
  isOurs: true,
  ratioToFloor: 1.5,
  low: 1.2,
  high: 2,
  requests: 10_000,
  failures: 9_999,
  goal: '≤ 1',
  ok: false,
}

test.each([true, false])(
  'a chart has a bar for each case, and escapes their names; logarithmic: %s',
  (isLogarithmic) => {
    const svg = chartOf({ ...row, isLogarithmic }, [
      { ...result, case: 'floor', ratioToFloor: 1, role: 'floor' },
      result,
    ])
    expect(svg.match(/<rect [^>]*fill="var\(--chart-ours\)"/g)).toHaveLength(1)
    expect(svg.match(/<rect /g)).toHaveLength(2)
    expect(svg).toContain('less is better')
    expect(svg).toContain('Tessera &amp; others')
    expect(svg).toContain('Work &lt;of&gt; a row')
    expect(svg).toContain('9,999 fail')
    expect(svg).not.toMatch(/NaN|Infinity/)
  },
)

test('a table leaves out columns in which nothing is', () => {
  expect(cellsOf(result)).toEqual(['Tessera & others', '1.50', '1.20 – 2.00', '10,000', '9,999', '≤ 1', 'NO'])
  expect(tableOf(HEAD, [['floor', '1.00', '', '', '', '', '']])).toBe(
    '| case  | result |\n| ----- | ------ |\n| floor | 1.00   |',
  )
})

test('a goal is met by the median; by the interval alone it is at the edge', () => {
  const measured = (values: ReadonlyArray<number>): Measured => ({
    case: { name: 'Tessera', role: 'ours' },
    samples: values.map((value) => ({ value })),
  })
  const metBy = (goal: number) => metOf([valueResult('X', measured([1, 2, 2, 2, 3]), 'ms', atMost(goal), random())])
  expect(metBy(2)).toBe('yes')
  expect(metBy(1.5)).toBe('at the edge')
  expect(metBy(0.5)).toBe('no')
})
