/**
 * `/2.0/folders/…`: what is in a folder.
 */
import { json } from './Answer.js'
import { badRequest, parameterOf, withFolder } from './Api.js'
import { byMarker, byOffset } from './Paging.js'
import { fileShapes, folderShapes, type Shapes, sizeOf, withFields } from './Shapes.js'
import type { File, Folder, User, World } from './World.js'

export interface Entry {
  readonly type: 'folder' | 'file'
  readonly item: File | Folder
  readonly size: number
  readonly shapes: (owner: User) => Shapes
}

const folderEntry = (world: World, item: Folder): Entry => ({
  type: 'folder',
  item,
  size: 0,
  shapes: (owner) => folderShapes(world, owner, item),
})

const fileEntry = (world: World, item: File): Entry => ({
  type: 'file',
  item,
  size: sizeOf(item),
  shapes: (owner) => fileShapes(world, owner, item),
})

/** What is in a folder itself, not further down. */
export const itemsIn = (world: World, id: string): ReadonlyArray<Entry> => {
  const entries = [
    ...[...world.folders.values()].map((folder) => folderEntry(world, folder)),
    ...[...world.files.values()].map((file) => fileEntry(world, file)),
  ]
  return entries.filter(({ item }) => item.folders.at(-1) === id)
}

type Order = (one: Entry, other: Entry) => number

const byText =
  (text: (entry: Entry) => string): Order =>
  (one, other) => {
    const [a, b] = [text(one), text(other)]
    return a < b ? -1 : Number(a > b)
  }

/** Names an entry. In the order of these texts, folders come before files. */
const keyOf = ({ type, item }: Entry): string => `${type === 'folder' ? 0 : 1}:${item.id}`

const byType: Order = byText(({ type }) => (type === 'folder' ? '0' : '1'))

const orders: ReadonlyMap<string, Order> = new Map([
  ['id', byText(({ item }) => item.id)],
  ['name', byText(({ item }) => item.name)],
  ['size', (one: Entry, other: Entry) => one.size - other.size],
  // all are of one date
  ['date', () => 0],
])

/** Entries in the order that `sort` names, from the top or from the bottom; `undefined` for an order that there is not. */
export const inOrder = (
  entries: ReadonlyArray<Entry>,
  by: string,
  direction: string,
): ReadonlyArray<Entry> | undefined => {
  const order = orders.get(by)
  if (order === undefined || (direction !== 'ASC' && direction !== 'DESC')) return undefined
  return [...entries].sort(
    (one, other) => byType(one, other) || (direction === 'ASC' ? order(one, other) : order(other, one)),
  )
}

/**
 * `GET /2.0/folders/:id/items`: by offset, in the order that `sort` and `direction` say, or with `usemarker=true` by a marker.
 * https://developer.box.com/reference/get-folders-id-items
 */
export const listFolder = withFolder('listing', ({ world, request, item, user }) => {
  const get = (name: string): string | undefined => parameterOf(request, name)
  const entries = itemsIn(world, item.id)
  const by = get('sort') ?? 'name'
  const direction = get('direction') ?? 'ASC'
  const sorted = inOrder(entries, by, direction)
  if (sorted === undefined)
    return badRequest(request, 'sort is one of id, name, date and size, and direction is ASC or DESC')
  const named = [
    { by: 'type', direction: 'ASC' },
    { by, direction },
  ]
  const page =
    get('usemarker') === 'true' ? byMarker([...entries].sort(byText(keyOf)), keyOf, get) : byOffset(sorted, named, get)
  if (!page.ok) return badRequest(request, page.error)
  const fields = get('fields')
  return json(200, {
    ...page.value,
    // without `fields`, a list has the mini representations
    entries: page.value.entries.map(({ shapes }) => withFields(shapes(user), fields ?? '')),
  })
})
