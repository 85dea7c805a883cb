/** A task, its deadline and its signal: which comes first, and that nothing of the others is left. */
import { getEventListeners } from 'node:events'
import { type Clock, type Duration, instant, millis, plus, race } from '@tessera/core'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { START, testEnv } from './support/basics.js'

/** What happens at which ms, if ever. */
const times = fc.option(fc.integer({ min: 1, max: 50 }), { nil: Number.POSITIVE_INFINITY })

test('the first wins, and leaves no timer and no listener behind, by the timer of a clock or its sleep', () =>
  fc.assert(
    fc.asyncProperty(times, times, times, fc.boolean(), async (done, deadline, aborted, hasTimer) => {
      // Of two at the same time either may be the first.
      fc.pre(Number.isFinite(deadline) && new Set([done, deadline, aborted]).size === 3)
      const { clock } = testEnv()
      let cancelled = 0
      const timer = jest.fn((duration: Duration, wake: () => void) => {
        const over = new AbortController()
        void clock.sleep(duration, over.signal)().then(wake)
        return () => {
          cancelled++
          over.abort()
        }
      })
      const abort = new AbortController()
      const bounds = { deadline: plus(START, millis(deadline)), signal: abort.signal }
      const task = async () => {
        await clock.sleep(millis(done))()
        return E.right('done')
      }
      const result = race({ ...clock, ...(hasTimer && { timer }) }, bounds, 'deadline', 'abort', task)()
      void clock
        .sleep(millis(aborted))()
        .then(() => abort.abort())
      const first = Math.min(done, deadline, aborted)
      expect(await clock.settle(result)).toEqual(
        first === done ? E.right('done') : E.left(first === deadline ? 'deadline' : 'abort'),
      )
      expect(clock.now()).toBe(START + first)
      expect(getEventListeners(abort.signal, 'abort')).toEqual([])
      // The task's own, and the abort's.
      expect(clock.pending()).toBe([done, aborted].filter((time) => time > first).length)
      await clock.advance(millis(100))
      expect(timer).toHaveBeenCalledTimes(hasTimer ? 1 : 0)
      expect(cancelled).toBe(hasTimer ? 1 : 0)
    }),
  ))

test('a task that settles at once needs no timer', async () => {
  const { clock } = testEnv()
  const sleep = jest.fn(clock.sleep)
  const bounds = { deadline: START }
  expect(await race({ ...clock, sleep }, bounds, 'deadline', 'abort', async () => E.right('done'))()).toEqual(
    E.right('done'),
  )
  // Not afterwards either.
  await clock.advance(millis(1))
  expect(sleep).not.toHaveBeenCalled()
})

test('after an abort no task is begun; one that aborts itself ends at once', async () => {
  const { clock } = testEnv()
  const begun = jest.fn(() => new Promise<never>(() => undefined))
  const bounds = { deadline: instant(Number.POSITIVE_INFINITY) }
  expect(await race(clock, { ...bounds, signal: AbortSignal.abort() }, 'deadline', 'abort', begun)()).toEqual(
    E.left('abort'),
  )
  expect(begun).not.toHaveBeenCalled()
  const own = new AbortController()
  const aborting = () => {
    own.abort()
    return begun()
  }
  expect(await race(clock, { ...bounds, signal: own.signal }, 'deadline', 'abort', aborting)()).toEqual(E.left('abort'))
  expect(clock.pending()).toBe(0)
})

test('a task that throws rejects, and leaves no timer', async () => {
  const { clock } = testEnv()
  const throwing = async () => {
    await clock.sleep(millis(1))()
    throw new Error('mine')
  }
  const result = race(clock, { deadline: plus(START, millis(10)) }, 'deadline', 'abort', throwing)()
  await expect(clock.settle(result)).rejects.toThrow('mine')
  expect(clock.pending()).toBe(0)
})

test('a timer that wakes at once is called off, and no listener stays', async () => {
  const { clock } = testEnv()
  const cancel = jest.fn()
  const timer: Clock['timer'] = (_, wake) => {
    wake()
    return cancel
  }
  const { signal } = new AbortController()
  const endless = () => new Promise<never>(() => undefined)
  expect(await race({ ...clock, timer }, { deadline: START, signal }, 'deadline', 'abort', endless)()).toEqual(
    E.left('deadline'),
  )
  expect(cancel).toHaveBeenCalledTimes(1)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a clock that throws rejects', async () => {
  const { clock } = testEnv()
  const timer = () => {
    throw new Error('mine')
  }
  const endless = () => new Promise<never>(() => undefined)
  const result = race({ ...clock, timer }, { deadline: START }, 'deadline', 'abort', endless)()
  await expect(result).rejects.toThrow('mine')
})

test('a sleep that rejects when it is called off, as those of Node.js do, harms nobody', async () => {
  const unhandled: Array<unknown> = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  try {
    const { clock } = testEnv()
    const sleep: Clock['sleep'] = (_, signal) => () =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      })
    const task = async () => {
      await clock.sleep(millis(1))()
      return E.right('done')
    }
    const result = race({ ...clock, sleep }, { deadline: plus(START, millis(10)) }, 'deadline', 'abort', task)()
    expect(await clock.settle(result)).toEqual(E.right('done'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})
