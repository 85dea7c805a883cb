import { type Instant, instant, millis } from '@tessera/core'
import { testClock } from '@tessera/testing'
import * as fc from 'fast-check'

const at = (ms: number): Instant => instant(ms)

test('the date is set on and back, and no time goes by', async () => {
  const clock = testClock({ start: at(100) })
  const nap = clock.sleep(millis(10))()
  clock.setDate(millis(-50))
  expect([clock.now(), clock.monotonic?.(), clock.pending()]).toEqual([50, 0, 1])
  clock.setDate(millis(200))
  expect([clock.now(), clock.monotonic?.(), clock.pending()]).toEqual([250, 0, 1])
  await clock.settle(nap)
  expect([clock.now(), clock.monotonic?.()]).toEqual([260, 10])
})

test('sleeps end in the order of their ends, each at its own instant', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -5, max: 50 }), { maxLength: 12 }),
      fc.array(fc.nat(20), { maxLength: 8 }),
      async (durations, advances) => {
        const clock = testClock({ start: at(0) })
        const woken: Array<{ readonly duration: number; readonly at: number }> = []
        const naps = durations.map((duration) =>
          clock
            .sleep(millis(duration))()
            .then(() => woken.push({ duration, at: clock.now() })),
        )
        await Promise.resolve()
        expect(woken).toEqual([])
        let time = 0
        for (const by of advances) {
          time += by
          await clock.advance(millis(by))
          expect(clock.now()).toBe(time)
          expect(clock.pending()).toBe(durations.filter((duration) => duration > time).length)
        }
        await clock.runAll()
        await Promise.all(naps)
        const due = durations.map((duration) => Math.max(0, duration))
        expect(woken.map((wake) => wake.at)).toEqual([...due].sort((a, b) => a - b))
        for (const wake of woken) expect(wake.at).toBe(Math.max(0, wake.duration))
      },
    ),
  )
})

test('what a sleep wakes runs before the next sleep ends', async () => {
  const clock = testClock({ start: at(0) })
  const said: Array<string> = []
  const nap = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(millis(ms))()
    said.push(name)
    await clock.sleep(millis(1))()
    said.push(`${name} later`)
  }
  const naps = [nap('a', 1), nap('b', 3)]
  await clock.advance(millis(3))
  expect(said).toEqual(['a', 'a later', 'b'])
  await clock.runAll()
  await Promise.all(naps)
  expect(said).toEqual(['a', 'a later', 'b', 'b later'])
})

test('an abort ends a sleep at once and takes it away; so does one that came before', async () => {
  const clock = testClock()
  const controller = new AbortController()
  const { signal } = controller
  const slept = clock.sleep(millis(10), signal)()
  expect(clock.pending()).toBe(1)
  controller.abort()
  expect(clock.pending()).toBe(0)
  await slept
  await clock.sleep(millis(10), signal)()
  expect(clock.pending()).toBe(0)
})

test('settle goes on to what the promise needs and no further', async () => {
  const clock = testClock({ start: at(0) })
  void clock.sleep(millis(100))()
  const value = await clock.settle(
    (async () => {
      await clock.sleep(millis(10))()
      await clock.sleep(millis(20))()
      return clock.now()
    })(),
  )
  expect(value).toBe(30)
  expect(clock.now()).toBe(30)
  expect(clock.pending()).toBe(1)
  await expect(clock.settle(Promise.reject(new Error('mine')))).rejects.toThrow('mine')
})

test('settle has a bound, and says when nothing is left that could settle it', async () => {
  const clock = testClock()
  const never = new Promise<never>(() => undefined)
  await expect(clock.settle(never)).rejects.toThrow('no sleep is left')
  void clock.sleep(millis(Number.POSITIVE_INFINITY))()
  await expect(clock.settle(never)).rejects.toThrow('no sleep is left')
  let stop = false
  void (async () => {
    while (!stop) await clock.sleep(millis(1))()
  })()
  await expect(clock.settle(never, { sleeps: 5 })).rejects.toThrow('after 5 sleeps')
  await expect(clock.runAll({ sleeps: 5 })).rejects.toThrow('after 5')
  stop = true
  await clock.runAll()
})

test('reads of the time are counted', () => {
  const clock = testClock()
  clock.now()
  clock.now()
  expect(clock.reads()).toBe(2)
})
