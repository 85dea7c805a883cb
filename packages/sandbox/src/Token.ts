/**
 * The token endpoint (RFC 6749 §3.2): a form, a client, a grant.
 */
import { type Answer, type Refusal, refusal, refused } from './Answer.js'
import type { GrantType, Registration } from './Client.js'
import { authenticateClient, identifiesClient } from './ClientAuthentication.js'
import type { Form } from './Form.js'
import { authorizationCode } from './Grants/AuthorizationCode.js'
import { clientCredentials } from './Grants/ClientCredentials.js'
import { deviceCode } from './Grants/DeviceCode.js'
import type { Grant } from './Grants/Grant.js'
import { jwtBearer } from './Grants/JwtBearer.js'
import { refreshToken } from './Grants/RefreshToken.js'
import { tokenExchange } from './Grants/TokenExchange.js'
import { formOf, type Handler, type Incoming } from './Incoming.js'
import { fail, ok, type Result } from './Result.js'
import type { World } from './World.js'

const grants: ReadonlyMap<string, Grant> = new Map<GrantType, Grant>([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['client_credentials', clientCredentials],
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', jwtBearer],
  ['urn:ietf:params:oauth:grant-type:token-exchange', tokenExchange],
  ['urn:ietf:params:oauth:grant-type:device_code', deviceCode],
])

/** Box downscopes for whoever holds the subject token: without client credentials, its client is the asker. */
const holder = (world: World, form: Form): Result<Refusal, Registration> => {
  const token = world.access.get(form.get('subject_token') ?? '')
  const registration = token === undefined ? undefined : world.clients.get(token.session.clientId)
  return registration === undefined
    ? fail(refusal('invalid_grant', 'The subject_token provided is invalid'))
    : ok(registration)
}

const answer = (world: World, request: Incoming, form: Form): Result<Refusal, Answer> => {
  const type = form.get('grant_type')
  if (type === undefined) return fail(refusal('invalid_request', 'The grant_type is missing'))
  const grant = grants.get(type)
  if (grant === undefined) return fail(refusal('unsupported_grant_type', 'The grant_type is not supported'))
  const asker =
    grant === tokenExchange && !identifiesClient(form, request.authorization)
      ? holder(world, form)
      : authenticateClient(world, form, request.authorization)
  if (!asker.ok) return asker
  if (!asker.value.client.grants.some((allowed) => allowed === type))
    return fail(refusal('unauthorized_client', 'The grant type is unauthorized for this client_id'))
  return grant(world, form, asker.value)
}

export const token: Handler = (world, request) => {
  const form = formOf(request)
  const result = form.ok ? answer(world, request, form.value) : form
  return result.ok ? result.value : refused(result.error)
}
