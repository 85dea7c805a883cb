import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as O from 'fp-ts/lib/Option.js'
import { exclusively } from '../src/internal/lock.js'
import { temporary } from './support/values.js'

const mockBeforeRename: Array<(from: string) => void> = []
jest.mock('node:fs/promises', () => {
  const actual = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises')
  return {
    ...actual,
    rename: (from: string, to: string) => {
      mockBeforeRename.shift()?.(from)
      return actual.rename(from, to)
    },
  }
})

test.each([
  ['the socket', (claim: string) => rmSync(join(claim, basename(claim, '.new')))],
  ['all of it', (claim: string) => rmSync(claim, { recursive: true })],
])('a claim of which %s is swept before it enters does not count', async (_, sweeps) => {
  const folder = temporary()
  mockBeforeRename.push(sweeps)
  const inside = await exclusively(folder, 'lock', 30_000, () =>
    exclusively(folder, 'lock', 50, async () => 'two at once'),
  )
  expect(inside).toEqual(O.some(O.none))
})
