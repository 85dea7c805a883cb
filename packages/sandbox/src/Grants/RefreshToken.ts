/**
 * `refresh_token`: RFC 6749 §6. What a token that was already redeemed is good for, `Rotation.ts` says.
 */
import { refusal } from '../Answer.js'
import { fail, ok } from '../Result.js'
import { redeem } from '../Rotation.js'
import { allowedBy, parseScope } from '../Scope.js'
import { tokenAnswer } from '../Tokens.js'
import { type Grant, invalidGrant, missing } from './Grant.js'

export const refreshToken: Grant = (world, form, asker) => {
  const value = form.get('refresh_token')
  if (value === undefined) return missing('refresh_token')
  const token = world.refresh.get(value)
  if (token === undefined || token.session.clientId !== asker.client.id) return invalidGrant('Invalid refresh token')
  const wanted = form.get('scope')
  const scope = wanted === undefined ? token.session.scope : parseScope(wanted)
  if (!allowedBy(token.session.scope, scope))
    return fail(refusal('invalid_scope', 'The scope exceeds the one that was granted'))
  const pair = redeem(world, token, scope)
  return pair.ok ? ok(tokenAnswer(world, pair.value)) : pair
}
