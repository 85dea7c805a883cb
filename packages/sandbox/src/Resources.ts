import type { Resource, World } from './World.js'

const foldersOf = (world: World, { type, id }: Resource): ReadonlyArray<string> =>
  (type === 'file' ? world.files : world.folders).get(id)?.folders ?? []

/** Is `inner` within `outer`: the same item, or anywhere in that folder? */
export const contains = (world: World, outer: Resource, inner: Resource): boolean =>
  (outer.type === inner.type && outer.id === inner.id) ||
  (outer.type === 'folder' && foldersOf(world, inner).includes(outer.id))
