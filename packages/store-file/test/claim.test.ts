import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { absent } from '@tessera/core'
import { fileStore } from '@tessera/store-file'
import * as O from 'fp-ts/lib/Option.js'
import { exclusively } from '../src/internal/lock.js'
import { next, right, temporary, told } from './support/values.js'

/** Run before the next renames, one each. */
const mockBeforeRename: Array<(from: string) => Promise<void>> = []
jest.mock('node:fs/promises', () => {
  const actual = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises')
  return {
    ...actual,
    rename: async (from: string, to: string) => {
      await mockBeforeRename.shift()?.(from)
      return actual.rename(from, to)
    },
  }
})

test.each([
  ['the socket', (claim: string) => rmSync(join(claim, basename(claim, '.new')))],
  ['all of it', (claim: string) => rmSync(claim, { recursive: true })],
])('a claim of which %s is swept before it enters does not count', async (_, sweeps) => {
  const folder = temporary()
  mockBeforeRename.push(async (claim) => sweeps(claim))
  const inside = await exclusively(folder, 'lock', 30_000, () =>
    exclusively(folder, 'lock', 50, async () => 'two at once'),
  )
  expect(inside).toEqual(O.some(O.none))
})

test('what another wrote after a look and before the turn is a conflict', async () => {
  const folder = join(temporary(), 'sessions')
  const [mine, theirs] = [fileStore({ folder }), fileStore({ folder })]
  right(await mine.compareAndSet('key', absent, next('one'))())
  mockBeforeRename.push(async () => {
    right(await theirs.compareAndSet('key', 'one', next('theirs'))())
  })
  expect(right(await mine.compareAndSet('key', 'one', next('mine'))())._tag).toBe('Conflict')
  expect(told(await mine.get('key')())).toBe('theirs: record of theirs')
})
