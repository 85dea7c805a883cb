/**
 * `client_credentials`: RFC 6749 §4.4, on Box with `box_subject_type` and `box_subject_id`. No refresh token is issued.
 */
import { refusal } from '../Answer.js'
import type { Form } from '../Form.js'
import { fail, ok } from '../Result.js'
import { allowedBy, parseScope } from '../Scope.js'
import { actingUser } from '../Subject.js'
import { issueAccess, openSession, tokenAnswer } from '../Tokens.js'
import type { World } from '../World.js'
import { type Grant, invalidGrant } from './Grant.js'

/** One without the other names nobody, and Box acts for nobody. */
const boxSubject = (world: World, form: Form): string | undefined => {
  const type = form.get('box_subject_type')
  const id = form.get('box_subject_id')
  return (type === 'enterprise' || type === 'user') && id !== undefined ? actingUser(world, { type, id }) : undefined
}

export const clientCredentials: Grant = (world, form, asker) => {
  if (asker.client.secret === null && asker.keys.size === 0)
    return fail(refusal('unauthorized_client', 'A public client cannot act on its own'))
  const userId = world.dialect === 'box' ? boxSubject(world, form) : world.serviceAccount
  if (userId === undefined) return invalidGrant('Grant credentials are invalid')
  const wanted = form.get('scope')
  const scope = wanted === undefined ? asker.client.scope : parseScope(wanted)
  if (!allowedBy(asker.client.scope, scope))
    return fail(refusal('invalid_scope', 'The scope exceeds the one of the application'))
  const session = openSession(asker.client.id, userId, scope)
  return ok(tokenAnswer(world, { access: issueAccess(world, session), refresh: null }))
}
