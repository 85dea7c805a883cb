/** Breaks of the layer that encrypts records. */
import type { Mutant } from './Mutant.js'

const FILE = 'encrypted.ts'

export const encrypted: ReadonlyArray<Mutant> = [
  {
    name: 'a record that does not open is taken for none',
    patches: [
      {
        file: FILE,
        find: 'E.map((record): Stamped => {',
        replace:
          'E.orElse(() => E.right(undefined)), E.map((record): Stamped => { if (record === undefined) return { ...there, record: O.none }',
      },
    ],
    judges: { unopened: true },
  },
  {
    name: 'a record that does not open is not read before it is written over',
    patches: [
      {
        file: FILE,
        find: 'expected === Store.absent || opened.get(key) === expected ? E.right(undefined) : get(key)()',
        replace: 'E.right(undefined)',
      },
    ],
    judges: { unopened: true },
  },
]
