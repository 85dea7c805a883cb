import { type Clock, instant, millis } from '@tessera/core'
import * as fc from 'fast-check'
import { processClock } from '../src/internal/processClock.js'

/** Two clocks in the hands of a test. */
const hands = () => {
  const at = { date: 1e12, monotonic: 5.25 }
  const sleep: Clock['sleep'] = () => () => Promise.resolve()
  return { at, clock: { now: () => instant(at.date), monotonic: () => at.monotonic, sleep } }
}

const steps = fc.array(
  fc.record({
    // Of the two clocks: a machine sleeps, or its date is set.
    monotonic: fc.nat({ max: 100_000 }),
    date: fc.integer({ min: -1_000_000, max: 1_000_000 }).filter((by) => by !== 0),
  }),
  { maxLength: 20 },
)

describe('[A03] process time', () => {
  test('goes on by what either clock says, to the grain of clocks, and never back', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        const { at, clock } = hands()
        const { now, ahead } = processClock(clock)
        const start = { ...at, time: now() }
        let before = start.time
        for (const { monotonic, date } of schedule) {
          at.monotonic += monotonic
          at.date += date
          const time = now()
          expect(time - before).toBeGreaterThanOrEqual(Math.max(0, Math.max(monotonic, date) - 40))
          expect(time - ahead()).toBeLessThanOrEqual(at.date + 20)
          before = time
        }
        expect(before - start.time).toBeGreaterThanOrEqual(at.date - start.date - 20)
        expect(before - start.time).toBeGreaterThanOrEqual(at.monotonic - start.monotonic - 20)
      }),
    )
  })

  test('is the date, as long as nobody sets it back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000 })), (ticks) => {
        const { at, clock } = hands()
        const { now, ahead } = processClock(clock)
        now()
        for (const tick of ticks) {
          // The date has milliseconds, of what the monotonic clock has more finely.
          at.monotonic += tick / 7
          at.date = 1e12 + Math.floor(at.monotonic - 5)
          expect(now()).toBe(at.date)
        }
        expect(ahead()).toBe(0)
      }),
    )
  })

  test('a process that is stopped between the two clocks does not take that for a date that was set', () => {
    const { at, clock } = hands()
    let stop = 0
    const { now, ahead, jumps } = processClock({
      ...clock,
      monotonic: () => {
        at.date += stop
        at.monotonic += stop
        stop = 0
        return at.monotonic
      },
    })
    now()
    at.date += 1
    at.monotonic += 1
    stop = 5_000
    expect(now()).toBe(at.date)
    expect(ahead()).toBe(0)
    expect(jumps()).toBe(0)
  })

  test('without a monotonic clock it stands while the date is set back', () => {
    const { at, clock } = hands()
    const { now, ahead } = processClock({ now: clock.now, sleep: clock.sleep })
    const start = now()
    at.date -= 3_600_000
    expect(now()).toBe(start)
    expect(ahead()).toBe(3_600_000)
    at.date += 1_000
    expect(now()).toBe(start + millis(1_000))
  })
})
