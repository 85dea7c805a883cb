/**
 * `/2.0/files/…`: what is known of a file, its content, its end.
 */
import { createHash } from 'node:crypto'
import { apiError, empty, json, redirect } from './Answer.js'
import { authorized, badRequest, insufficientScope, notFound, parameterOf, sees, withFile } from './Api.js'
import { itemsIn } from './Folders.js'
import type { Handler, Incoming } from './Incoming.js'
import { randomToken } from './Random.js'
import { opens } from './Scope.js'
import { fileShapes, withFields } from './Shapes.js'

/** `GET /2.0/files/:id`. */
export const readFile = withFile('information', ({ world, request, item, user }) =>
  json(200, withFields(fileShapes(world, user, item), parameterOf(request, 'fields'))),
)

/** `PUT` or `POST /2.0/files/:id`: tells how many bytes came, and their digest. */
export const writeFile = withFile('writing', ({ world, request, item, user }) =>
  json(200, {
    ...fileShapes(world, user, item).mini,
    received: { bytes: request.body.length, sha256: createHash('sha256').update(request.body).digest('hex') },
  }),
)

/** `DELETE /2.0/files/:id`. */
export const deleteFile = withFile('deletion', ({ world, item }) => {
  world.files.delete(item.id)
  return empty(204)
})

/** How long the address of a download is good, in milliseconds of the server's clock. */
const patience = 15 * 60 * 1000

/** `GET /2.0/files/:id/content`: as at Box, the content is at another address, which needs no token. */
export const downloadFile = withFile('content', ({ world, item }) => {
  const ticket = randomToken('download')
  world.downloads.set(ticket, { file: item, expiresAt: world.clock.now() + patience })
  return redirect(302, `${world.endpoints.issuer}/download?ticket=${ticket}`)
})

/** `GET /download`, with the ticket of that address. */
export const download: Handler = (world, request) => {
  const found = world.downloads.get(parameterOf(request, 'ticket') ?? '')
  if (found === undefined || world.clock.now() >= found.expiresAt) return notFound(request)
  const { name, content } = found.file
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
    body: content,
  }
}

interface Wish {
  readonly name: string
  readonly folder: string
}

/** What the JSON of a wish may have; nothing is known of it yet. */
interface Asked {
  readonly name?: unknown
  readonly parent?: { readonly id?: unknown } | null
}

const wishOf = (request: Incoming): Wish | undefined => {
  try {
    const asked: Asked | null = JSON.parse(request.body.toString('utf8'))
    const [name, folder] = [asked?.name, asked?.parent?.id]
    return typeof name === 'string' && typeof folder === 'string' ? { name, folder } : undefined
  } catch {
    return undefined
  }
}

/** `OPTIONS /2.0/files/content`: could a file of this name be uploaded? Some clients look for a file so. */
export const checkUpload = authorized((world, request, token) => {
  const wish = wishOf(request)
  if (wish === undefined) return badRequest(request, 'The name or the id of the parent is missing')
  if (!sees(world, token, { type: 'folder', id: wish.folder })) return notFound(request)
  if (!opens(token.scope, 'upload')) return insufficientScope(request)
  const user = world.users.get(token.session.userId)
  const there = itemsIn(world, wish.folder).find(({ item }) => item.name.toLowerCase() === wish.name.toLowerCase())
  if (there === undefined || user === undefined) return json(200, { upload_token: null, upload_url: null })
  return apiError(409, 'item_name_in_use', 'Item with the same name already exists', request.id, {
    context: { conflicts: there.shapes(user).mini },
  })
})
