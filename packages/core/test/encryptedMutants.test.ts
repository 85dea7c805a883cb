import { type Core, coreLoader } from '@tessera/proof'
import { recordAfter } from './encryption.js'

const patch = (find: string, replace: string): Core => coreLoader()([{ file: 'encrypted.ts', find, replace }])

test.each([
  [
    'takes it for none',
    patch(
      'E.map((record): Stamped => {',
      'E.orElse(() => E.right(undefined)), E.map((record): Stamped => { if (record === undefined) return { ...there, record: O.none }',
    ),
  ],
  [
    'does not read it before it is written over',
    patch(
      'expected === Store.absent || opened.get(key) === expected ? E.right(undefined) : get(key)()',
      'E.right(undefined)',
    ),
  ],
])('a session whose record does not open stays in the store: a mutant that %s is noticed', async (_, core) => {
  expect((await recordAfter(core)).isKept).toBe(false)
})
