import type { Resource, World } from './World.js'

/** Is `inner` within `outer`: the same item, or a file of that folder? */
export const contains = (world: World, outer: Resource, inner: Resource): boolean =>
  (outer.type === inner.type && outer.id === inner.id) ||
  (outer.type === 'folder' && inner.type === 'file' && world.files.get(inner.id)?.folders.includes(outer.id) === true)
