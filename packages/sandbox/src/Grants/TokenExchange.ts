/**
 * `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693), as Box's downscoping: a token with less scope, for one
 * item. The new token dies with its subject token's session, and no later than the subject token.
 */
import { type Refusal, refusal } from '../Answer.js'
import { unverifiedClaims } from '../Assertion.js'
import type { Form } from '../Form.js'
import { contains } from '../Resources.js'
import { fail, ok, type Result } from '../Result.js'
import { allowedBy, parseScope } from '../Scope.js'
import { accessActive, issueAccess, openSession, tokenAnswer } from '../Tokens.js'
import type { Resource, World } from '../World.js'
import { type Grant, invalidGrant, missing } from './Grant.js'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const idTokenType = 'urn:ietf:params:oauth:token-type:id_token'

const invalidTarget = (description: string): Result<Refusal, never> => fail(refusal('invalid_target', description))

/** `…/2.0/files/123` or `…/2.0/folders/789`, below this server's API or Box's own. */
const parseResource = (world: World, address: string): Resource | undefined => {
  const base = [world.endpoints.api, 'https://api.box.com/2.0'].find((one) => address.startsWith(`${one}/`))
  if (base === undefined) return undefined
  const match = /^\/(file|folder)s\/(\d{1,20})$/.exec(address.slice(base.length))
  const [, type, id] = match ?? []
  if (id === undefined || (type !== 'file' && type !== 'folder')) return undefined
  return (type === 'file' ? world.files : world.folders).has(id) ? { type, id } : undefined
}

const target = (world: World, form: Form): Result<Refusal, Resource | null> => {
  const address = form.get('resource')
  const link = form.get('box_shared_link')
  if (address !== undefined && link !== undefined)
    return fail(refusal('invalid_request', 'Only one of resource and box_shared_link may be given'))
  if (address !== undefined) {
    const resource = parseResource(world, address)
    return resource === undefined ? invalidTarget('The resource is invalid or does not exist') : ok(resource)
  }
  if (link === undefined) return ok(null)
  const file = [...world.files.values()].find((one) => one.sharedLink === link)
  return file === undefined ? invalidTarget('The box_shared_link is invalid') : ok({ type: 'file', id: file.id })
}

/** An actor token is an unsigned ID token that names a user from outside Box. */
const actorFits = (world: World, clientId: string, form: Form): boolean => {
  const actor = form.get('actor_token')
  if (actor === undefined) return form.get('actor_token_type') === undefined
  const claims = unverifiedClaims(actor)
  return (
    form.get('actor_token_type') === idTokenType &&
    claims !== undefined &&
    claims.iss === clientId &&
    claims.box_sub_type === 'external' &&
    typeof claims.sub === 'string' &&
    typeof claims.exp === 'number' &&
    claims.exp * 1000 > world.clock.now()
  )
}

export const tokenExchange: Grant = (world, form, asker) => {
  const value = form.get('subject_token')
  if (value === undefined) return missing('subject_token')
  if (form.get('subject_token_type') !== accessTokenType)
    return fail(refusal('invalid_request', 'The subject_token_type is missing or unknown'))
  const subject = world.access.get(value)
  if (subject === undefined || !accessActive(world, subject) || subject.session.clientId !== asker.client.id)
    return invalidGrant('The subject_token provided is invalid')
  if (!actorFits(world, asker.client.id, form))
    return fail(refusal('invalid_request', 'The actor_token provided is invalid'))
  const wanted = form.get('scope')
  const scope = wanted === undefined ? subject.scope : parseScope(wanted)
  if (!allowedBy(subject.scope, scope))
    return fail(refusal('invalid_scope', 'The scope exceeds the one of the subject_token'))
  const resource = target(world, form)
  if (!resource.ok) return resource
  if (subject.resource !== null && resource.value !== null && !contains(world, subject.resource, resource.value))
    return invalidTarget('The resource is outside the one of the subject_token')
  const session = openSession(subject.session.clientId, subject.session.userId, scope, subject.session)
  const access = issueAccess(world, session, {
    resource: resource.value ?? subject.resource,
    notAfter: subject.expiresAt,
  })
  return ok(tokenAnswer(world, { access, refresh: null }, { issued_token_type: accessTokenType }))
}
