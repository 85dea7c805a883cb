/**
 * DPoP at the door (RFC 9449): whose proofs hold, and which tokens are bound to which keys. Behind it all is as with bearer tokens.
 */
import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { type Answer, empty, refusal, refused } from './Answer.js'
import type { Dpop } from './Dpop.js'
import { parseForm } from './Form.js'
import type { Incoming } from './Incoming.js'
import type { Endpoint } from './Journal.js'
import { randomToken, s256 } from './Random.js'
import { fail, ok, type Result } from './Result.js'
import type { World } from './World.js'

/** How far the clocks may be apart, in s. */
const LEEWAY = 60

interface Members {
  readonly [name: string]: unknown
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const membersOf = (part: string): Members | undefined => {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isMembers(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** What a thumbprint is of (RFC 7638 §3.2, RFC 8037 §2), in the order of the names. */
const REQUIRED: Readonly<Record<string, ReadonlyArray<string>>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
}

const thumbprintOf = (jwk: Members): string | undefined => {
  const names = REQUIRED[String(jwk['kty'])]
  return names?.every((name) => typeof jwk[name] === 'string')
    ? createHash('sha256')
        .update(JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]]))))
        .digest('base64url')
    : undefined
}

const keyOf = (jwk: JsonWebKey): KeyObject | undefined => {
  try {
    return createPublicKey({ format: 'jwk', key: jwk })
  } catch {
    return undefined
  }
}

const signatureHolds = (alg: unknown, key: KeyObject, signed: string, signature: string): boolean => {
  const raw = Buffer.from(signature, 'base64url')
  if (alg === 'EdDSA') return key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(signed), key, raw)
  return (
    alg === 'ES256' &&
    key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
    verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, raw)
  )
}

/** A proof whose signature holds: its claims, and the thumbprint of its key. */
const signed = (proof: string): Result<string, { readonly claims: Members; readonly jkt: string }> => {
  const [head = '', payload = '', signature = '', ...rest] = proof.split('.')
  const [header, claims] = [membersOf(head), membersOf(payload)]
  if (header === undefined || claims === undefined || rest.length > 0) return fail('The proof is not a valid JWT')
  const { typ, alg, jwk } = header
  if (typ !== 'dpop+jwt') return fail("The 'typ' is not dpop+jwt")
  if (!isMembers(jwk) || 'd' in jwk) return fail("The 'jwk' is no public key")
  const [key, jkt] = [keyOf(jwk), thumbprintOf(jwk)]
  if (key === undefined || jkt === undefined || !signatureHolds(alg, key, `${head}.${payload}`, signature))
    return fail('The signature does not hold')
  return ok({ claims, jkt })
}

const forgetOld = (seen: Map<string, number>, now: number): void => {
  for (const [jti, iat] of seen) {
    if (iat > now - 2 * LEEWAY) return
    seen.delete(jti)
  }
}

/** What is wrong with claims, but for their nonce. */
const wrongClaim = (
  world: World,
  dpop: Dpop,
  request: Incoming,
  claims: Members,
  token?: string,
): string | undefined => {
  const { jti, htm, htu, iat, ath } = claims
  const now = world.clock.now() / 1_000
  if (htm !== request.method) return "The 'htm' is another method"
  if (htu !== `${world.endpoints.issuer}${request.path}`) return "The 'htu' is another address"
  if (typeof iat !== 'number' || Math.abs(now - iat) > LEEWAY) return "The 'iat' is too far from now"
  if (ath !== (token === undefined ? undefined : s256(token))) return "The 'ath' is not that of the token"
  if (typeof jti !== 'string' || jti === '' || dpop.seen.has(jti)) return "The 'jti' is not new"
  forgetOld(dpop.seen, now)
  dpop.seen.set(jti, iat)
  return undefined
}

/** Why a request is not let in. */
export interface DpopRefusal {
  readonly error: 'invalid_dpop_proof' | 'use_dpop_nonce' | 'invalid_token' | 'invalid_grant'
  readonly description: string
}

const wrong = (description: string, error: DpopRefusal['error'] = 'invalid_dpop_proof'): Result<DpopRefusal, never> =>
  fail({ error, description })

/** The thumbprint of the key that a request proves to have (§4.3). */
const proven = (world: World, dpop: Dpop, request: Incoming, token?: string): Result<DpopRefusal, string> => {
  if (request.dpop === undefined) return wrong('There is no proof')
  const proof = signed(request.dpop)
  if (!proof.ok) return wrong(proof.error)
  const { claims, jkt } = proof.value
  const claim = wrongClaim(world, dpop, request, claims, token)
  if (claim !== undefined) return wrong(claim)
  return dpop.nonceUses === null || claims['nonce'] === dpop.nonce || claims['nonce'] === dpop.previous
    ? ok(jkt)
    : wrong('The authorization server requires a nonce in the proof', 'use_dpop_nonce')
}

/** Counts a request of the nonce, and tells the one that is good from now on. */
const withNonce = (dpop: Dpop, answer: Answer): Answer => {
  if (dpop.nonceUses === null) return answer
  dpop.left--
  if (dpop.left <= 0) {
    dpop.previous = dpop.nonce
    dpop.nonce = randomToken('nonce')
    dpop.left = dpop.nonceUses
  }
  return { ...answer, headers: { ...answer.headers, 'dpop-nonce': dpop.nonce } }
}

type Next = (request: Incoming) => Answer

const isPublic = (world: World, clientId: string): boolean => world.clients.get(clientId)?.client.secret === null

/** Binds what was issued. */
const bound = (world: World, dpop: Dpop, jkt: string, answer: Answer): Answer => {
  if (answer.status !== 200 || typeof answer.body !== 'string') return answer
  const issued: unknown = JSON.parse(answer.body)
  if (!isMembers(issued)) return answer
  dpop.tokens.set(String(issued['access_token']), jkt)
  const refresh = world.refresh.get(String(issued['refresh_token']))
  if (refresh !== undefined && isPublic(world, refresh.session.clientId)) dpop.sessions.set(refresh.session.id, jkt)
  return { ...answer, body: JSON.stringify({ ...issued, token_type: 'DPoP' }) }
}

const atToken = (world: World, dpop: Dpop, request: Incoming, next: Next): Answer => {
  const jkt = proven(world, dpop, request)
  if (!jkt.ok) return refused(refusal(jkt.error.error, jkt.error.description))
  const form = parseForm(request.body.toString('utf8'))
  const refresh = form.ok ? world.refresh.get(form.value.get('refresh_token') ?? '') : undefined
  const of = refresh === undefined ? undefined : dpop.sessions.get(refresh.session.id)
  if (of !== undefined && of !== jkt.value)
    return refused(refusal('invalid_grant', 'The refresh token is bound to another key'))
  return bound(world, dpop, jkt.value, next(request))
}

const challenged = ({ error, description }: DpopRefusal): Answer =>
  empty(401, { 'www-authenticate': `DPoP error="${error}", error_description="${description}", algs="ES256 EdDSA"` })

/** Tokens that are bound come with a proof; others, of `issue()` say, as they are. */
const atApi = (world: World, dpop: Dpop, request: Incoming, next: Next): Answer => {
  const [, scheme = '', token = ''] = /^(\S+) +(\S+) *$/.exec(request.authorization ?? '') ?? []
  const jkt = dpop.tokens.get(token)
  if (scheme.toLowerCase() !== 'dpop') {
    return jkt === undefined
      ? next(request)
      : challenged({ error: 'invalid_token', description: 'The token is bound to a key' })
  }
  const proof = proven(world, dpop, request, token)
  if (!proof.ok) return challenged(proof.error)
  if (jkt !== proof.value)
    return challenged({ error: 'invalid_token', description: 'The token is bound to another key' })
  return next({ ...request, authorization: `Bearer ${token}` })
}

/** Lets a request in whose proof holds, where the endpoint wants one. */
export const throughDpop = (world: World, endpoint: Endpoint, request: Incoming, next: Next): Answer => {
  const { dpop } = world
  if (dpop === null || (endpoint !== 'token' && endpoint !== 'api')) return next(request)
  return withNonce(dpop, (endpoint === 'token' ? atToken : atApi)(world, dpop, request, next))
}
