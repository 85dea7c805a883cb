import type { Ask } from './peers/Peer.js'

/** How our own calls fail. */
const isLeft = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && '_tag' in value && value._tag === 'Left'

/** All at once: how long until the last has its answer, in ms, and how many got none. */
export const crowd = async (
  ask: Ask,
  count: number,
): Promise<{ readonly elapsed: number; readonly failures: number }> => {
  const startedAt = performance.now()
  const answers = await Promise.allSettled(Array.from({ length: count }, ask))
  return {
    elapsed: performance.now() - startedAt,
    failures: answers.filter((answer) => answer.status === 'rejected' || isLeft(answer.value)).length,
  }
}
