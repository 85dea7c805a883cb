/**
 * Which client asks, and can it prove it (RFC 6749 §2.3, RFC 7523 §2.2)?
 * `client_secret_post`, `client_secret_basic`, `private_key_jwt`, and `none` for public clients.
 */
import { type Refusal, refusal } from './Answer.js'
import { claimedClient, verifyClientAssertion } from './Assertion.js'
import type { Registration } from './Client.js'
import type { Form } from './Form.js'
import { randomToken, sameSecret } from './Random.js'
import { fail, ok, type Result } from './Result.js'
import type { World } from './World.js'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface Basic {
  readonly id: string
  readonly secret: string
}

/** The two are form-encoded inside the Basic credentials (RFC 6749 §2.3.1). */
const parseBasic = (header: string): Basic | undefined => {
  const text = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header)?.[1]
  if (text === undefined) return undefined
  const pair = Buffer.from(text, 'base64').toString('utf8')
  const at = pair.indexOf(':')
  if (at < 0) return undefined
  try {
    const decode = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '))
    return { id: decode(pair.slice(0, at)), secret: decode(pair.slice(at + 1)) }
  } catch {
    return undefined
  }
}

const invalidClient = (basic: boolean): Result<Refusal, never> => {
  const description = 'The client credentials are invalid'
  // RFC 6749 §5.2: 401 is owed to who used the Authorization header; everyone else gets Box's 400
  return fail(
    basic
      ? { ...refusal('invalid_client', description, 401), headers: { 'www-authenticate': 'Basic realm="Service"' } }
      : refusal('invalid_client', description),
  )
}

const secretMatches = (registration: Registration | undefined, given: string): boolean => {
  const secret = registration?.client.secret ?? null
  // compared against something in any case, so that an unknown client takes as long as a wrong secret
  return sameSecret(given, secret ?? randomToken('none')) && secret !== null
}

/** Does the request carry anything that identifies a client? */
export const identifiesClient = (form: Form, authorization: string | undefined): boolean =>
  authorization !== undefined || ['client_id', 'client_secret', 'client_assertion'].some((name) => form.get(name))

export const authenticateClient = (
  world: World,
  form: Form,
  authorization: string | undefined,
): Result<Refusal, Registration> => {
  const secret = form.get('client_secret')
  const assertion = form.get('client_assertion')
  const methods = [authorization, secret, assertion].filter((given) => given !== undefined)
  if (methods.length > 1)
    return fail(refusal('invalid_request', 'Only one method of client authentication may be used in a request'))
  const named = form.get('client_id')

  if (authorization !== undefined) {
    const basic = parseBasic(authorization)
    if (basic === undefined) return invalidClient(true)
    if (named !== undefined && named !== basic.id)
      return fail(refusal('invalid_request', 'The client_id differs from the one of the Authorization header'))
    const registration = world.clients.get(basic.id)
    const matches = secretMatches(registration, basic.secret)
    return registration !== undefined && matches ? ok(registration) : invalidClient(true)
  }

  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== assertionType)
      return fail(refusal('invalid_request', 'The client_assertion_type is missing or unknown'))
    const id = claimedClient(assertion)
    const registration = id === undefined ? undefined : world.clients.get(id)
    if (registration === undefined || (named !== undefined && named !== id)) return invalidClient(false)
    const proved = verifyClientAssertion(world, registration.client.id, registration.keys, assertion)
    return proved ? ok(registration) : invalidClient(false)
  }

  if (named === undefined) return fail(refusal('invalid_request', 'The client_id is missing'))
  const registration = world.clients.get(named)
  if (secret !== undefined) {
    const matches = secretMatches(registration, secret)
    return registration !== undefined && matches ? ok(registration) : invalidClient(false)
  }
  return registration !== undefined && registration.client.secret === null ? ok(registration) : invalidClient(false)
}
