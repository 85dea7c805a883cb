/**
 * Revocation (RFC 7009). One token of a pair takes the whole session with it; an unknown token is a success.
 */
import { type Answer, empty, type Refusal, refusal, refused } from './Answer.js'
import { authenticateClient } from './ClientAuthentication.js'
import { formOf, type Handler, type Incoming } from './Incoming.js'
import { fail, ok, type Result } from './Result.js'
import { killSession } from './Tokens.js'
import type { World } from './World.js'

const answer = (world: World, request: Incoming): Result<Refusal, Answer> => {
  const form = formOf(request)
  if (!form.ok) return form
  const asker = authenticateClient(world, form.value, request.authorization)
  if (!asker.ok) return asker
  const value = form.value.get('token')
  if (value === undefined) return fail(refusal('invalid_request', 'The token is missing'))
  const session = (world.access.get(value) ?? world.refresh.get(value))?.session
  if (session !== undefined && session.clientId !== asker.value.client.id)
    return fail(refusal('unauthorized_client', 'The token was not issued to this client'))
  if (session !== undefined) killSession(world, session)
  return ok(empty(200))
}

export const revoke: Handler = (world, request) => {
  const result = answer(world, request)
  return result.ok ? result.value : refused(result.error)
}
