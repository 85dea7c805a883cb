import { setTimeout as sleep } from 'node:timers/promises'

/** In ms: a database that starts on a busy machine takes its time. */
const PATIENCE = 120_000

/** Asks again until it holds, for so long (ms): for what a server does in its own time. */
export const eventually = async (
  what: string,
  holds: () => Promise<boolean>,
  patience: number = PATIENCE,
): Promise<void> => {
  let cause: unknown
  for (const end = performance.now() + patience; performance.now() < end; await sleep(20)) {
    try {
      if (await holds()) return
    } catch (error) {
      cause = error
    }
  }
  throw new Error(`never came about: ${what}`, { cause })
}
