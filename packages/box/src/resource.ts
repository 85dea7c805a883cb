/**
 * What a downscoped token is restricted to.
 *
 * @packageDocumentation
 */
import { AuthError, checking, raised } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { optional, TEXT } from './internal/arguments.js'

/**
 * The id of a file or a folder: digits. A literal is checked by the compiler, a text that comes from outside by
 * {@link itemId}.
 */
export type ItemId = `${bigint}`

const API = 'https://api.box.com'

/**
 * Checks that a text is an item's id. The error is `Misconfigured` and does not repeat the text.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const request = { params: { id: '123' } }
 * const resource = pipe(Box.itemId(request.params.id), E.map((id) => Box.file(id)))
 * assert.deepStrictEqual(resource, E.right('https://api.box.com/2.0/files/123'))
 * assert.ok(E.isLeft(Box.itemId('../users/me')))
 */
export const itemId = (text: string): E.Either<AuthError, ItemId> =>
  isItemId(text) ? E.right(text) : E.left(AuthError.misconfigured('resource', 'the id of a Box item has digits only'))

const isItemId = (text: string): text is ItemId => /^\d+$/.test(text)

/** The parameters of {@link file} and {@link folder}. */
export interface ItemOptions {
  /** The base of the API. Default: `https://api.box.com`. */
  readonly api?: string | undefined
}

const item = (kind: 'files' | 'folders'): ((id: ItemId, options?: ItemOptions) => string) => {
  const base: (options?: ItemOptions) => string = checking(
    `Box.${kind.slice(0, -1)} takes (id, { api? })`,
    { api: optional(TEXT) },
    raised,
    ({ api = API }: ItemOptions = {}) => `${api.replace(/\/+$/, '')}/2.0/${kind}`,
  )
  // Encoded, so that not even an unchecked text can name anything but an item.
  return (id, options) => `${base(options)}/${encodeURIComponent(id)}`
}

/**
 * A file, as its full URL: what Box's `resource` parameter wants (RFC 8693 §2.1).
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.file('123'), 'https://api.box.com/2.0/files/123')
 * assert.strictEqual(Box.file('123', { api: 'http://127.0.0.1:1234' }), 'http://127.0.0.1:1234/2.0/files/123')
 */
export const file: (id: ItemId, options?: ItemOptions) => string = item('files')

/**
 * A folder, as its full URL. The root folder is `0`.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.folder('9'), 'https://api.box.com/2.0/folders/9')
 */
export const folder: (id: ItemId, options?: ItemOptions) => string = item('folders')

/**
 * A shared link, as the parameter `box_shared_link` of a token exchange. Box takes it in place of a resource, never with
 * one, and not for a link with a password.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.deepStrictEqual(Box.sharedLink('https://app.box.com/s/abc'), { box_shared_link: 'https://app.box.com/s/abc' })
 */
export const sharedLink = (url: string): { readonly box_shared_link: string } => ({ box_shared_link: url })
