/** Clock, digest and randomness of this platform. */
import { setImmediate } from 'node:timers/promises'
import { millis } from '@tessera/core'
import fc from 'fast-check'
import { nodeEnv, systemClock, systemDigest, systemRandom } from '../src/index.js'

describe('the clock', () => {
  // A timer waits for two turns of the event loop besides.
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await setImmediate()
  }
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate'] }))
  afterEach(() => jest.useRealTimers())

  test('an aborted sleep ends at once and leaves no timer and no listener', async () => {
    const abort = new AbortController()
    const removed = jest.spyOn(abort.signal, 'removeEventListener')
    const sleep = systemClock.sleep(millis(1e12), abort.signal)()
    expect(jest.getTimerCount()).toBe(1)
    abort.abort()
    await sleep
    expect(jest.getTimerCount()).toBe(0)
    await systemClock.sleep(millis(1e12), abort.signal)()
    expect(jest.getTimerCount()).toBe(0)
    expect(removed).toHaveBeenCalledTimes(1)
  })

  test('a sleep that ends by itself leaves no listener', async () => {
    const { signal } = new AbortController()
    const removed = jest.spyOn(signal, 'removeEventListener')
    const sleep = systemClock.sleep(millis(10), signal)()
    jest.advanceTimersByTime(10)
    await sleep
    expect(removed).toHaveBeenCalledTimes(1)
  })

  test('a timer that is called off is gone; another one wakes once, at its time', async () => {
    const wake = jest.fn()
    systemClock.timer?.(millis(10), wake)()
    expect(jest.getTimerCount()).toBe(0)
    const cancel = systemClock.timer?.(millis(10), wake)
    await jest.advanceTimersByTimeAsync(9)
    await turns()
    expect(wake).not.toHaveBeenCalled()
    await jest.advanceTimersByTimeAsync(20)
    await turns()
    cancel?.()
    expect(wake).toHaveBeenCalledTimes(1)
  })

  test('property: a sleep takes what it says, also beyond 2³¹ ms', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 * 2 ** 31 }), async (duration) => {
        let awake = false
        const sleep = systemClock
          .sleep(millis(duration))()
          .then(() => {
            awake = true
          })
        await jest.advanceTimersByTimeAsync(duration - 1)
        await turns()
        const early = awake
        await jest.advanceTimersByTimeAsync(1)
        await sleep
        return !early
      }),
      { numRuns: 100, examples: [[2 ** 31 - 1], [2 ** 31], [2 ** 32]] },
    )
  })
})

// FIPS 180-4, of NIST's example values.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('the digest of "%s" is that of the standard', (text, digest) => {
  expect(Buffer.from(systemDigest.sha256(text)).toString('hex')).toBe(digest)
})

test.each([
  ['drawn one by one', systemRandom],
  ['of an environment, drawn in blocks', nodeEnv().random],
])('random bytes %s are as many as asked for, and differ', (_, random) => {
  // More than a block in all, and the last more than one by itself.
  const sizes = [...Array.from({ length: 1_000 }, () => 16), 4_096, 10_000]
  const drawn = sizes.map((size) => random.bytes(size)())
  expect(drawn.map(({ length }) => length)).toEqual(sizes)
  expect(new Set(drawn.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(sizes.length)
  // What was drawn stays as it was, whatever is drawn after it; each byte is set somewhere.
  const seen = new Set(drawn.flatMap((bytes) => [...bytes]))
  expect(seen.size).toBe(256)
})
