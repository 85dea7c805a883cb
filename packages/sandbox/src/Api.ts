/**
 * A sliver of Box's API, to have something that tokens open: the current user, and a few files.
 */
import { createHash } from 'node:crypto'
import { type Answer, apiError, empty, json } from './Answer.js'
import type { Handler, Incoming } from './Incoming.js'
import { contains } from './Resources.js'
import { fail, ok, type Result } from './Result.js'
import { covers } from './Scope.js'
import { sessionAlive } from './Tokens.js'
import type { AccessToken, World } from './World.js'

const challenge = (error: string, description: string): string =>
  `Bearer realm="Service", error="${error}", error_description="${description}"`

// Box's 401 has no body: all is in the challenge (RFC 6750 §3)
const unauthorized = (description: string): Result<Answer, never> =>
  fail(empty(401, { 'www-authenticate': challenge('invalid_token', description) }))

const bearer = (world: World, request: Incoming): Result<Answer, AccessToken> => {
  // no error code for a request without credentials (RFC 6750 §3.1)
  if (request.authorization === undefined) return fail(empty(401, { 'www-authenticate': 'Bearer realm="Service"' }))
  const value = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(request.authorization)?.[1]
  const token = value === undefined ? undefined : world.access.get(value)
  if (token === undefined || !sessionAlive(token.session)) return unauthorized('The access token provided is invalid.')
  if (world.clock.now() >= token.expiresAt) return unauthorized('The access token provided has expired.')
  token.used = true
  return ok(token)
}

const insufficientScope = (request: Incoming): Answer =>
  apiError(403, 'access_denied_insufficient_permissions', 'Access denied - insufficient permission', request.id, {
    'www-authenticate': challenge(
      'insufficient_scope',
      'The request requires higher privileges than provided by the access token.',
    ),
  })

type Authorized = (world: World, request: Incoming, token: AccessToken) => Answer

/** Lets a request in whose bearer is good (RFC 6750). */
export const authorized =
  (use: Authorized): Handler =>
  (world, request) => {
    const token = bearer(world, request)
    return token.ok ? use(world, request, token.value) : token.error
  }

/** `GET /2.0/users/me`. Not for a token that is limited to items. */
export const currentUser = authorized((world, request, token) => {
  const user = world.users.get(token.session.userId)
  const aboutUsers = world.dialect === 'generic' || token.scope.some((scope) => /^(root|base|manage)_/.test(scope))
  if (user === undefined || !aboutUsers || token.resource !== null) return insufficientScope(request)
  return json(200, { type: 'user', id: user.id, name: user.name, login: user.login })
})

const withFile = (
  scope: string,
  use: (file: Readonly<Record<string, unknown>>, request: Incoming) => Answer,
): Handler =>
  authorized((world, request, token) => {
    const id = request.path.split('/').at(-1) ?? ''
    const file = world.files.get(id)
    // outside its resource a downscoped token does not even learn that a file exists
    if (file === undefined || (token.resource !== null && !contains(world, token.resource, { type: 'file', id })))
      return apiError(404, 'not_found', 'Not Found', request.id)
    if (!covers(token.scope, scope)) return insufficientScope(request)
    return use({ type: 'file', id: file.id, name: file.name }, request)
  })

/** `GET /2.0/files/:id`, with `item_read` or wider. */
export const readFile = withFile('item_read', (file) => json(200, file))

/** `PUT` or `POST /2.0/files/:id`, with `item_readwrite` or wider: tells how many bytes came, and their digest. */
export const writeFile = withFile('item_readwrite', (file, request) =>
  json(200, {
    ...file,
    received: { bytes: request.body.length, sha256: createHash('sha256').update(request.body).digest('hex') },
  }),
)
