import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again and again until it holds, for so long, with pauses between, both in ms. Tells whether it came to hold. */
export const within = async (
  patience: number,
  holds: () => boolean | Promise<boolean>,
  pause = 20,
): Promise<boolean> => {
  for (const end = performance.now() + patience; performance.now() < end; await sleep(pause)) {
    if (await holds()) return true
  }
  return false
}
