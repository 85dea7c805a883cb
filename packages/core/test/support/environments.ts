/** Environments whose clock or randomness is what a test wants it to be. */
import { type Duration, instant } from '@tessera/core'
import { START, type TestEnv, testEnv } from './basics.js'

/** An environment whose clock stands at what was set, or runs on from there. */
export const settable = () => {
  const env = testEnv()
  let read = (): number => env.clock.now()
  return {
    env: { ...env, clock: { ...env.clock, now: () => instant(read()) } },
    setBack: (by: Duration): void => {
      read = () => env.clock.now() - by
    },
    stopAt: (ms: number): void => {
      read = () => START + ms
    },
  }
}

/** An environment whose random fractions are all near the least, or the most. */
export const drawing = (byte: number): TestEnv => {
  const env = testEnv()
  const bytes: TestEnv['random']['bytes'] = (size) =>
    size === 4 ? () => new Uint8Array(4).fill(byte) : env.random.bytes(size)
  return { ...env, random: { ...env.random, bytes } }
}
