/**
 * What a mistyped name may have meant.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'

const MOST = 3

/** Of names, those that are near a text, the nearest first: a part of a name, or one with few other letters. */
export const near =
  (text: string, names: ReadonlyArray<string>): Task<ReadonlyArray<string>> =>
  async () => {
    // Only here, where a name is wrong.
    const { default: leven } = await import('leven')
    const farthest = Math.max(1, Math.floor(text.length / 3))
    const distance = (name: string): number => (text.length > 1 && name.includes(text) ? 0 : leven(text, name))
    return [...new Set(names)]
      .map((name) => ({ name, far: distance(name) }))
      .filter(({ far }) => far <= farthest)
      .sort((one, other) => one.far - other.far || (one.name < other.name ? -1 : 1))
      .slice(0, MOST)
      .map(({ name }) => name)
  }

/** The same in words, for the `likely` of a problem. */
export const meant = (names: ReadonlyArray<string>): O.Option<string> =>
  names.length === 0 ? O.none : O.some(`you meant ${names.join(', or ')}`)
