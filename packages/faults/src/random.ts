import { createHash } from 'node:crypto'

/** Numbers in [0, 1) that a seed decides. */
export const makeRandom = (seed: string): (() => number) => {
  let turn = 0
  return () => createHash('sha256').update(`${seed} ${turn++}`).digest().readUInt32BE() / 2 ** 32
}
