import fc from 'fast-check'
import { atMost } from '../src/internal/atMost.js'

test('so many at a time and no more, in the order in which they came, whether or not they fail', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
      fc.scheduler(),
      async (most, failures, scheduler) => {
        const inTurn = atMost(most)
        const begun: Array<number> = []
        let running = 0
        let highest = 0
        const results = failures.map((fails, nth) =>
          inTurn(async () => {
            begun.push(nth)
            running++
            highest = Math.max(highest, running)
            await scheduler.schedule(Promise.resolve(nth))
            running--
            if (fails) throw nth
            return nth
          }),
        )
        await scheduler.waitIdle()
        const expected = failures.map((fails, nth) =>
          fails ? { status: 'rejected', reason: nth } : { status: 'fulfilled', value: nth },
        )
        expect(await Promise.allSettled(results)).toEqual(expected)
        expect(begun).toEqual(failures.map((_, nth) => nth))
        expect(highest).toBe(Math.min(most, failures.length))
      },
    ),
  ))
