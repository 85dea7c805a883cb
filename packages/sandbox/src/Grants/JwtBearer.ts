/**
 * `urn:ietf:params:oauth:grant-type:jwt-bearer`: RFC 7523 §2.1 with Box's claims. No refresh token is issued.
 */
import { verifyGrantAssertion } from '../Assertion.js'
import { ok } from '../Result.js'
import { issueAccess, openSession, tokenAnswer } from '../Tokens.js'
import { type Grant, missing } from './Grant.js'

export const jwtBearer: Grant = (world, form, asker) => {
  const assertion = form.get('assertion')
  if (assertion === undefined) return missing('assertion')
  const userId = verifyGrantAssertion(world, asker.client.id, asker.keys, assertion)
  if (!userId.ok) return userId
  const session = openSession(asker.client.id, userId.value, asker.client.scope)
  return ok(tokenAnswer(world, { access: issueAccess(world, session), refresh: null }))
}
