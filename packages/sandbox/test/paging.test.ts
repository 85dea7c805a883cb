import fc from 'fast-check'
import { type Entry, inOrder } from '../src/Folders.js'
import { byMarker, byOffset, type Get, type MarkerPage } from '../src/Paging.js'
import type { Result } from '../src/Result.js'

const query =
  (parameters: Readonly<Record<string, string>>): Get =>
  (name) =>
    parameters[name]

const got = <A>(page: Result<string, A>): A => {
  if (!page.ok) throw new Error(page.error)
  return page.value
}

const keys = fc.uniqueArray(
  fc.nat(500).map((n) => String(n).padStart(3, '0')),
  { maxLength: 30 },
)
const limits = fc.integer({ min: 1, max: 12 })

describe('[P10] pages', () => {
  it('by offset have the whole list, in its order', () => {
    fc.assert(
      fc.property(keys, limits, (list, limit) => {
        const all: Array<string> = []
        for (let offset = 0; ; offset += limit) {
          const page = got(byOffset(list, [], query({ offset: String(offset), limit: String(limit) })))
          expect(page).toMatchObject({ total_count: list.length, offset, limit })
          expect(page.entries.length).toBe(Math.max(0, Math.min(limit, list.length - offset)))
          all.push(...page.entries)
          if (offset + limit >= page.total_count) break
        }
        expect(all).toEqual(list)
      }),
    )
  })

  it('by marker have all that stays, once, whatever is deleted between two of them', () => {
    fc.assert(
      fc.property(keys, limits, fc.array(fc.nat(29), { maxLength: 10 }), (list, limit, deletions) => {
        let left = [...list].sort()
        const deleted: Array<string> = []
        const all: Array<string> = []
        let marker: string | null = ''
        for (let turn = 0; marker !== null && turn <= list.length; turn++) {
          const page: MarkerPage<string> = got(byMarker(left, (key) => key, query({ marker, limit: String(limit) })))
          expect(page.entries.length).toBeLessThanOrEqual(limit)
          all.push(...page.entries)
          marker = page.next_marker
          const gone = left[deletions[turn] ?? left.length]
          if (gone !== undefined) deleted.push(gone)
          left = left.filter((key) => key !== gone)
        }
        expect(new Set(all).size).toBe(all.length)
        expect(all.filter((key) => !deleted.includes(key))).toEqual(left)
      }),
    )
  })
})

describe('[P10] the order of a folder', () => {
  const entry = fc
    .record({ isFolder: fc.boolean(), id: fc.nat(50), name: fc.string({ maxLength: 3 }), size: fc.nat(9) })
    .map(
      ({ isFolder, id, name, size }): Entry => ({
        type: isFolder ? 'folder' : 'file',
        item: { id: String(id), name, folders: [] },
        size,
        shapes: () => ({ mini: {}, standard: {} }),
      }),
    )
  const value = (by: string, { item, size }: Entry): string | number =>
    by === 'size' ? size : by === 'id' ? item.id : by === 'name' ? item.name : 0

  it('has the folders first, and each kind as it is asked for', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 20 }),
        fc.constantFrom('id', 'name', 'size', 'date'),
        fc.constantFrom('ASC', 'DESC'),
        (entries, by, direction) => {
          const sorted = inOrder(entries, by, direction) ?? []
          expect(sorted).toHaveLength(entries.length)
          expect(new Set(sorted)).toEqual(new Set(entries))
          sorted.slice(1).forEach((after, i) => {
            const before = sorted[i] ?? after
            if (before.type === after.type) {
              const [low, high] = direction === 'ASC' ? [before, after] : [after, before]
              expect(value(by, low) <= value(by, high)).toBe(true)
            } else expect([before.type, after.type]).toEqual(['folder', 'file'])
          })
        },
      ),
    )
  })
})
