import type { Ask } from './peers/Peer.js'

/** All at once: how long until the last has its answer, in ms, and how many got none. */
export const crowd = async (
  ask: Ask,
  count: number,
): Promise<{ readonly elapsed: number; readonly failures: number }> => {
  const startedAt = performance.now()
  const answers = await Promise.allSettled(Array.from({ length: count }, ask))
  return {
    elapsed: performance.now() - startedAt,
    failures: answers.filter(({ status }) => status === 'rejected').length,
  }
}
