import { json } from './Answer.js'
import { authorized, insufficientScope, parameterOf } from './Api.js'
import { userShapes, withFields } from './Shapes.js'

/** `GET /2.0/users/me`. Not for a token that is limited to items. */
export const currentUser = authorized((world, request, token) => {
  const user = world.users.get(token.session.userId)
  const aboutUsers = world.dialect === 'generic' || token.scope.some((scope) => /^(root|base|manage)_/.test(scope))
  if (user === undefined || !aboutUsers || token.resource !== null) return insufficientScope(request)
  return json(200, withFields(userShapes(world, user), parameterOf(request, 'fields')))
})
