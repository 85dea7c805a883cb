/**
 * How users, files and folders look in answers. Box knows two representations of each: the mini one, and the standard one, from which
 * `fields` picks. https://developer.box.com/guides/api-calls/request-extra-fields
 */
import { createHash } from 'node:crypto'
import type { File, Folder, User, World } from './World.js'

type Members = Readonly<Record<string, unknown>>

export interface Shapes {
  readonly mini: Members
  readonly standard: Members
}

/** The standard representation, or with `fields` the mini one and what they name. */
export const withFields = ({ mini, standard }: Shapes, fields: string | undefined): Members => {
  if (fields === undefined) return standard
  const named = new Set(fields.split(','))
  return { ...mini, ...Object.fromEntries(Object.entries(standard).filter(([name]) => named.has(name))) }
}

/** Everything here is of one date. */
const date = '2026-01-01T00:00:00+00:00'

export const sizeOf = ({ content }: File): number => Buffer.byteLength(content)

const userMini = ({ id, name, login }: User): Members => ({ type: 'user', id, name, login })

/** How much a user may store. */
const space = 10 * 2 ** 30

export const userShapes = (world: World, user: User): Shapes => {
  const mini = userMini(user)
  return {
    mini,
    standard: {
      ...mini,
      created_at: date,
      modified_at: date,
      language: 'en',
      timezone: 'Etc/UTC',
      space_amount: space,
      space_used: [...world.files.values()].reduce((sum, file) => sum + sizeOf(file), 0),
      status: 'active',
    },
  }
}

const version = { etag: '0', sequence_id: '0' }

const folderMini = ({ id, name }: Folder): Members => ({ type: 'folder', id, ...version, name })

const fileMini = ({ id, name, content }: File): Members => {
  const sha1 = createHash('sha1').update(content).digest('hex')
  return { type: 'file', id, ...version, sha1, name, file_version: { type: 'file_version', id, sha1 } }
}

const link = (url: string): Members => ({
  url,
  access: 'open',
  effective_access: 'open',
  effective_permission: 'can_download',
  is_password_enabled: false,
  download_count: 0,
  preview_count: 0,
})

/** What files and folders have in common. */
const placed = (world: World, owner: User, { folders }: File | Folder): Members => {
  const path = folders.flatMap((id) => world.folders.get(id) ?? []).map(folderMini)
  return {
    created_at: date,
    modified_at: date,
    content_created_at: date,
    content_modified_at: date,
    owned_by: userMini(owner),
    parent: path.at(-1) ?? null,
    path_collection: { total_count: path.length, entries: path },
    item_status: 'active',
  }
}

export const fileShapes = (world: World, owner: User, file: File): Shapes => {
  const mini = fileMini(file)
  return {
    mini,
    standard: {
      ...mini,
      ...placed(world, owner, file),
      size: sizeOf(file),
      shared_link: file.sharedLink === null ? null : link(file.sharedLink),
    },
  }
}

export const folderShapes = (world: World, owner: User, folder: Folder): Shapes => {
  const mini = folderMini(folder)
  return { mini, standard: { ...mini, ...placed(world, owner, folder), size: 0, shared_link: null } }
}
