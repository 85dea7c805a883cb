import { createHash } from 'node:crypto'

/** Numbers in [0, 1) that a seed decides. */
export const makeRandom = (seed: string): (() => number) => {
  let turn = 0
  return () => createHash('sha256').update(`${seed} ${turn++}`).digest().readUInt32BE() / 2 ** 32
}

/** A whole number, both bounds included. */
export const whole = (random: () => number, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1))

/** One of them; throws where there is none. */
export const pick = <A>(random: () => number, of: ReadonlyArray<A>): A => {
  const [one] = of.slice(Math.floor(random() * of.length))
  if (one === undefined) throw new Error('nothing to pick from')
  return one
}

/** The same in another order. */
export const shuffled = <A>(random: () => number, of: ReadonlyArray<A>): ReadonlyArray<A> =>
  of
    .map((each) => ({ each, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each)

/** So many of them, each about as often as any other. */
export const dealt = <A>(random: () => number, of: ReadonlyArray<A>, count: number): ReadonlyArray<A> => {
  const hands: A[] = []
  while (hands.length < count && of.length > 0) hands.push(...shuffled(random, of))
  return hands.slice(0, count)
}

/** A secret that is in no text by accident, with characters that encodings change. */
export const canary = (random: () => number, name: string): string =>
  `${name}-${makeText(random, 24)}/+=~${makeText(random, 8)}`

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const makeText = (random: () => number, length: number): string =>
  Array.from({ length }, () => ALPHABET[whole(random, 0, ALPHABET.length - 1)]).join('')
