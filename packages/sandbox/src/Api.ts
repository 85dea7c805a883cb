/**
 * The door of the protected API, a sliver of Box's: whose token is good (RFC 6750), and for which items.
 */
import { type Answer, apiError, empty } from './Answer.js'
import { parseForm } from './Form.js'
import type { Handler, Incoming } from './Incoming.js'
import { contains } from './Resources.js'
import { fail, ok, type Result } from './Result.js'
import { opens, type Part } from './Scope.js'
import { sessionAlive } from './Tokens.js'
import type { AccessToken, Resource, User, World } from './World.js'

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

export const insufficientScope = (request: Incoming): Answer =>
  apiError(403, 'access_denied_insufficient_permissions', 'Access denied - insufficient permission', request.id, {
    headers: {
      'www-authenticate': challenge(
        'insufficient_scope',
        'The request requires higher privileges than provided by the access token.',
      ),
    },
  })

export const badRequest = (request: Incoming, message: string): Answer =>
  apiError(400, 'bad_request', message, request.id)

export const notFound = (request: Incoming): Answer => apiError(404, 'not_found', 'Not Found', request.id)

/** A parameter of the query; `undefined` if it is absent or empty. */
export const parameterOf = (request: Incoming, name: string): string | undefined => {
  const query = parseForm(request.query)
  return query.ok ? query.value.get(name) : undefined
}

type Authorized = (world: World, request: Incoming, token: AccessToken) => Answer

/** Lets a request in whose bearer is good (RFC 6750). */
export const authorized =
  (use: Authorized): Handler =>
  (world, request) => {
    const token = bearer(world, request)
    return token.ok ? use(world, request, token.value) : token.error
  }

/** May the token see the item? Outside its resource a downscoped one does not even learn that an item exists. */
export const sees = (world: World, token: AccessToken, item: Resource): boolean =>
  (item.type === 'file' ? world.files : world.folders).has(item.id) &&
  (token.resource === null || contains(world, token.resource, item))

/** What a handler is given of the item that it is about. */
export interface Access<A> {
  readonly world: World
  readonly request: Incoming
  readonly item: A
  /** Whose token it is, who counts as the owner of all items. */
  readonly user: User
}

/** Lets a request for `/2.0/files/:id…` or `/2.0/folders/:id…` in whose token sees the item and opens that part of it. */
const withItem =
  <A>(type: Resource['type'], itemsOf: (world: World) => ReadonlyMap<string, A>) =>
  (part: Part, use: (access: Access<A>) => Answer): Handler =>
    authorized((world, request, token) => {
      const id = request.path.split('/')[3] ?? ''
      const item = itemsOf(world).get(id)
      const user = world.users.get(token.session.userId)
      if (item === undefined || user === undefined || !sees(world, token, { type, id })) return notFound(request)
      return opens(token.scope, part) ? use({ world, request, item, user }) : insufficientScope(request)
    })

export const withFile = withItem('file', (world) => world.files)
export const withFolder = withItem('folder', (world) => world.folders)
