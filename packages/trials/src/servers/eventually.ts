import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again until it holds: for what a server does in its own time. */
export const eventually = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds().catch(() => false)) return
    await sleep(20)
  }
  throw new Error(`never came about: ${what}`)
}
