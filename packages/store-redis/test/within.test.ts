import { setImmediate } from 'node:timers/promises'
import { within } from '../src/internal/within.js'

const never = () => new Promise<never>(() => undefined)

test('the signal aborts when the time is over, whenever it was asked for', async () => {
  let late: () => AbortSignal = () => new AbortController().signal
  let early: AbortSignal | undefined
  let isAborted = true
  const given = within(500, (signal) => {
    early = signal()
    isAborted = early.aborted
    late = signal
    return never()
  })
  await expect(given).rejects.toThrow('no answer in 500 ms')
  expect(isAborted).toBe(false)
  expect(early?.aborted).toBe(true)
  expect(late()).toBe(early)
})

test('nobody asked for it: the time is over all the same', async () => {
  let late: () => AbortSignal = () => new AbortController().signal
  await expect(
    within(1, (signal) => {
      late = signal
      return never()
    }),
  ).rejects.toThrow('no answer in 1 ms')
  expect(late().aborted).toBe(true)
})

test('a call that settles in time says so itself, and leaves no timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  expect(await within(60_000, async () => 'done')).toBe('done')
  await expect(within(60_000, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  expect(timers()).toBe(before)
})

test('[A01] once its time is over nothing is sent any more, though a stall has kept the timer from saying so', async () => {
  let isAborted = false
  const given = within(20, async (signal) => {
    await setImmediate()
    const over = performance.now() + 20
    while (performance.now() < over);
    isAborted = signal().aborted
    return 'the answer to what was sent before'
  })
  expect(await given).toBe('the answer to what was sent before')
  expect(isAborted).toBe(true)
})

test('[A01] what waits in a queue when its time is over is not sent in the turns in which answers are read', async () => {
  const done: Array<string> = []
  let given: Promise<never> = never()
  await new Promise<void>((resolve) => {
    // So long that no stall at the start has used it up before the listener is there.
    given = within(500, async (signal) => {
      signal().addEventListener('abort', () => done.push('taken out of the queue'))
      // Of the same time as the other, and begun later: it is over right after that.
      setTimeout(() => {
        done.push('the socket is ready')
        resolve()
      }, 500)
      return never()
    })
    given.catch(() => undefined)
  })
  await expect(given).rejects.toThrow('no answer in 500 ms')
  expect(done).toEqual(['taken out of the queue', 'the socket is ready'])
})

test('what a client says of a command that it took out of its queue is no reason', async () => {
  const given = within(500, (signal) => {
    const given = signal()
    return new Promise((_, reject) =>
      given.addEventListener('abort', () => reject(new Error('The command was aborted'))),
    )
  })
  await expect(given).rejects.toThrow('no answer in 500 ms')
})

test.each([
  ['Node', {}, 2],
  ['Deno, which reads in one turn of 61', { Deno: {} }, 2 * 61],
])('[A01] an answer that is read some turns later than the time is over counts: %s', async (_, runtime, turns) => {
  Object.assign(globalThis, runtime)
  try {
    const given = within(
      // So long that no stall at the start has used it up before the listener is there.
      500,
      (signal) =>
        new Promise((resolve) => {
          // A timer of its own might be due a millisecond later on a busy machine, and so many turns.
          signal().addEventListener('abort', async () => {
            for (let turn = 0; turn < turns; turn++) await setImmediate()
            resolve('answered')
          })
        }),
    )
    expect(await given).toBe('answered')
  } finally {
    Reflect.deleteProperty(globalThis, 'Deno')
  }
})
