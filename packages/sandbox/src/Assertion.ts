/**
 * JWT assertions (RFC 7515, RFC 7519, RFC 7523), checked as Box checks them and refused in Box's words.
 */
import { type KeyObject, verify } from 'node:crypto'
import { type Refusal, refusal } from './Answer.js'
import { fail, ok, type Result } from './Result.js'
import { actingUser } from './Subject.js'
import type { World } from './World.js'

/** The members of a header or claim set that are looked at; nothing is known of their types yet. */
interface Claims {
  readonly alg?: unknown
  readonly crit?: unknown
  readonly kid?: unknown
  readonly iss?: unknown
  readonly sub?: unknown
  readonly aud?: unknown
  readonly exp?: unknown
  readonly nbf?: unknown
  readonly jti?: unknown
  readonly box_sub_type?: unknown
}

/** Signature algorithms that are accepted, and what node:crypto calls them. */
export const algorithms: ReadonlyMap<string, string> = new Map([
  ['RS256', 'RSA-SHA256'],
  ['RS384', 'RSA-SHA384'],
  ['RS512', 'RSA-SHA512'],
])

const wrong = (description: string): Result<Refusal, never> => fail(refusal('invalid_grant', description))

const claim = (name: string, detail: string): Result<Refusal, never> =>
  wrong(`Please check the '${name}' claim. ${detail}`)

const parseObject = (part: string): Claims | undefined => {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

const signatureHolds = (algorithm: string, key: KeyObject, signed: string, signature: string): boolean => {
  try {
    return verify(algorithm, Buffer.from(signed), key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/** The key that a header names; one that names none means the only one, where an application has one. */
const keyOf = ({ kid }: Claims, keys: ReadonlyMap<string, KeyObject>): Result<Refusal, KeyObject> => {
  const [only, another] = keys.values()
  if (kid === undefined && another !== undefined)
    return claim('kid', 'A value is required: the application has more than one key.')
  const key = kid === undefined ? only : keys.get(String(kid))
  return key === undefined ? claim('kid', "The 'kid' specified is invalid.") : ok(key)
}

/** The claims of a compact JWS that one of `keys` signed. */
export const verifySignature = (token: string, keys: ReadonlyMap<string, KeyObject>): Result<Refusal, Claims> => {
  const [head = '', payload = '', signature = '', ...rest] = token.split('.')
  const header = parseObject(head)
  const claims = parseObject(payload)
  if (header === undefined || claims === undefined || rest.length > 0) return wrong('The assertion is not a valid JWT')
  const algorithm = typeof header.alg === 'string' ? algorithms.get(header.alg) : undefined
  // an unknown `crit` extension must not be ignored (RFC 7515 §4.1.11), and this server knows none
  if (algorithm === undefined || header.crit !== undefined) return wrong("Please check the 'alg' header.")
  const key = keyOf(header, keys)
  if (!key.ok) return key
  if (key.value.asymmetricKeyType !== 'rsa' || !signatureHolds(algorithm, key.value, `${head}.${payload}`, signature))
    return wrong('OAuth JWT signature verification failed')
  return ok(claims)
}

/** Checks `aud`, `exp`, `nbf` and `jti`, and remembers the `jti` if nothing else is wrong. */
export const checkUse = (
  world: World,
  clientId: string,
  claims: Claims,
  rules: { readonly audiences: ReadonlyArray<string>; readonly furthest: number; readonly jtiLength: number },
): Result<Refusal, void> => {
  const now = world.clock.now()
  const { aud, exp, nbf, jti } = claims
  const audiences: ReadonlyArray<unknown> = Array.isArray(aud) ? aud : [aud]
  if (!audiences.some((one) => typeof one === 'string' && rules.audiences.includes(one)))
    return claim('aud', "The 'aud' specified is invalid.")
  if (exp === undefined) return claim('exp', "An 'exp' value is required.")
  if (typeof exp !== 'number' || !Number.isSafeInteger(exp)) return claim('exp', 'Should be an integer')
  if (exp * 1000 <= now)
    return wrong("Current date/time MUST be before the expiration date/time listed in the 'exp' claim")
  if (exp * 1000 > now + rules.furthest * 1000)
    return claim('exp', `The 'exp' value exceeds the maximum value of ${rules.furthest} seconds beyond the issue time.`)
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf * 1000 > now))
    return claim('nbf', "The 'nbf' value is in the future.")
  if (typeof jti !== 'string' || jti.length < rules.jtiLength || jti.length > 128)
    return claim('jti', `Should be a string of ${rules.jtiLength} to 128 characters.`)
  const use = `${clientId}:${jti}`
  const seen = world.assertions.get(use)
  if (seen !== undefined && seen > now) return claim('jti', "A unique 'jti' value is required.")
  forgetExpired(world.assertions, now)
  world.assertions.set(use, exp * 1000)
  return ok(undefined)
}

/** Oldest first, and only as far as they have expired: a few at each assertion, instead of all. */
const forgetExpired = (assertions: Map<string, number>, now: number): void => {
  for (const [use, expiresAt] of assertions) {
    if (expiresAt > now) return
    assertions.delete(use)
  }
}

/** Whom assertions are for at Box itself: what some of its clients write, whatever the server that they send to. */
const boxAudience = 'https://api.box.com/oauth2/token'

/** The user as whom an authorization grant assertion (RFC 7523 §2.1, with Box's `box_sub_type`) lets a client act. */
export const verifyGrantAssertion = (
  world: World,
  clientId: string,
  keys: ReadonlyMap<string, KeyObject>,
  assertion: string,
): Result<Refusal, string> => {
  const verified = verifySignature(assertion, keys)
  if (!verified.ok) return verified
  const { iss, sub, box_sub_type: type } = verified.value
  if (iss !== clientId) return claim('iss', "The 'iss' specified is invalid.")
  if (type !== 'enterprise' && type !== 'user')
    return claim('box_sub_type', "The 'box_sub_type' should be 'enterprise' or 'user'.")
  const userId = typeof sub === 'string' ? actingUser(world, { type, id: sub }) : undefined
  if (userId === undefined) return claim('sub', "The 'sub' specified is invalid.")
  const used = checkUse(world, clientId, verified.value, {
    audiences: world.dialect === 'box' ? [world.endpoints.token, boxAudience] : [world.endpoints.token],
    furthest: 60,
    jtiLength: 16,
  })
  return used.ok ? ok(userId) : used
}

/** Does the assertion authenticate the client (RFC 7523 §2.2, `private_key_jwt`)? */
export const verifyClientAssertion = (
  world: World,
  clientId: string,
  keys: ReadonlyMap<string, KeyObject>,
  assertion: string,
): boolean => {
  const verified = verifySignature(assertion, keys)
  if (!verified.ok) return false
  const { iss, sub } = verified.value
  if (iss !== clientId || sub !== clientId) return false
  const { token, revoke, deviceAuthorization, issuer } = world.endpoints
  const audiences = [token, revoke, deviceAuthorization, issuer]
  return checkUse(world, clientId, verified.value, { audiences, furthest: 600, jtiLength: 1 }).ok
}

/** The claims of a JWT that nobody signed: only good for what may be claimed without proof. */
export const unverifiedClaims = (token: string): Claims | undefined => parseObject(token.split('.')[1] ?? '')

/** The `sub` that a client assertion claims, to find the client whose keys can tell. */
export const claimedClient = (assertion: string): string | undefined => {
  const sub = unverifiedClaims(assertion)?.sub
  return typeof sub === 'string' ? sub : undefined
}
