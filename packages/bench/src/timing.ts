import { measure } from 'mitata'
import type { Ask } from './peers/Peer.js'

// Enough for the optimizer, and little enough for many rounds.
const OPTIONS = { gc: false, min_samples: 12, batch_samples: 1_024, batch_threshold: 20_000 }

/** How long one call takes, awaited where it is a promise, in ns: the median of batches. */
export const timeOf = async (work: () => unknown, milliseconds: number): Promise<number> =>
  (await measure(work, { ...OPTIONS, min_cpu_time: milliseconds * 1e6 })).p50

/** How long so many take where each of the askers asks again at once, in ms. */
export const timeOfMany = async (asks: ReadonlyArray<Ask>, count: number): Promise<number> => {
  let left = count
  const lane = async (ask: Ask): Promise<void> => {
    while (left-- > 0) await ask()
  }
  const startedAt = performance.now()
  await Promise.all(asks.map(lane))
  return performance.now() - startedAt
}

/** Lets each of the askers ask again and again, for so long, in ms. */
export const warm = async (asks: ReadonlyArray<Ask>, milliseconds: number): Promise<void> => {
  const end = performance.now() + milliseconds
  await Promise.all(
    asks.map(async (ask) => {
      while (performance.now() < end) await ask()
    }),
  )
}
