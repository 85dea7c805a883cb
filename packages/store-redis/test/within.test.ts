import { within } from '../src/internal/within.js'

const never = () => new Promise<never>(() => undefined)

test('the signal aborts when the time is over, whenever it was asked for', async () => {
  let late: () => AbortSignal = () => new AbortController().signal
  let early: AbortSignal | undefined
  const given = within(1, (signal) => {
    early = signal()
    expect(early.aborted).toBe(false)
    expect(signal()).toBe(early)
    late = signal
    return never()
  })
  await expect(given).rejects.toThrow('no answer in 1 ms')
  expect(early?.aborted).toBe(true)
  expect(late().aborted).toBe(true)
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
