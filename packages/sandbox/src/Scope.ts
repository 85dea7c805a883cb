/**
 * Box's scopes and which of them contain which others.
 */

/** Box's scopes. */
export const knownScopes: ReadonlyArray<string> = [
  'root_readonly',
  'root_readwrite',
  'base_explorer',
  'base_picker',
  'base_preview',
  'base_sidebar',
  'base_upload',
  'item_read',
  'item_readwrite',
  'item_preview',
  'item_upload',
  'item_share',
  'item_delete',
  'item_download',
  'item_rename',
  'annotation_edit',
  'annotation_view_all',
  'annotation_view_self',
  'manage_app_users',
  'manage_data_retention',
  'manage_enterprise_properties',
  'manage_groups',
  'manage_managed_users',
  'manage_webhook',
]

const readOnly = [
  'root_readonly',
  'base_explorer',
  'base_picker',
  'base_preview',
  'base_sidebar',
  'item_read',
  'item_preview',
  'item_download',
  'annotation_view_all',
  'annotation_view_self',
]

const contained: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['root_readonly', new Set(readOnly)],
  ['root_readwrite', new Set(knownScopes.filter((scope) => !scope.startsWith('manage_')))],
  [
    'item_readwrite',
    new Set(['item_read', 'item_preview', 'item_upload', 'item_share', 'item_delete', 'item_download', 'item_rename']),
  ],
  ['item_download', new Set(['item_preview'])],
  ['annotation_edit', new Set(['annotation_view_all', 'annotation_view_self'])],
  ['annotation_view_all', new Set(['annotation_view_self'])],
])

/** Does a token that holds `held` hold `wanted` too, by name or within a wider scope? */
export const covers = (held: ReadonlyArray<string>, wanted: string): boolean =>
  held.some((scope) => scope === wanted || contained.get(scope)?.has(wanted) === true)

/** Parts of the API, by what a token is good for there. */
export type Part = 'information' | 'listing' | 'content' | 'deletion' | 'upload' | 'writing'

/** What opens a part of the API: each of these scopes, and all that contain one of them. */
const opening: Readonly<Record<Part, ReadonlyArray<string>>> = {
  /** What is known of a file, which a preview begins with. */
  information: ['item_read', 'item_preview', 'base_preview', 'base_explorer', 'base_picker', 'base_sidebar'],
  /** What is in a folder. */
  listing: ['item_read', 'base_explorer', 'base_picker'],
  content: ['item_download'],
  deletion: ['item_delete'],
  upload: ['item_upload'],
  writing: ['item_readwrite'],
}

/** Does a token that holds `held` open `part`? */
export const opens = (held: ReadonlyArray<string>, part: Part): boolean =>
  opening[part].some((scope) => covers(held, scope))

/** Splits a `scope` parameter (RFC 6749 §3.3). */
export const parseScope = (text: string): ReadonlyArray<string> => [...new Set(text.split(' ').filter((s) => s !== ''))]

/** Are all of `wanted` covered by `held`? */
export const allowedBy = (held: ReadonlyArray<string>, wanted: ReadonlyArray<string>): boolean =>
  wanted.every((scope) => covers(held, scope))
