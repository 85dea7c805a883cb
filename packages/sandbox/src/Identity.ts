/**
 * Who logged in, for the `generic` dialect: ID tokens (OpenID Connect Core §2), their keys, and userinfo (§5.3).
 */
import { createPublicKey, sign } from 'node:crypto'
import { type Answer, json } from './Answer.js'
import { authorized } from './Api.js'
import type { Handler } from './Incoming.js'
import type { Session, User, World } from './World.js'

/** The scopes of OpenID Connect (Core §5.4, §11) that this server knows. */
export const identityScopes: ReadonlyArray<string> = ['openid', 'profile', 'email', 'offline_access']

const claimsOf = (user: User, scope: ReadonlyArray<string>): Readonly<Record<string, unknown>> => ({
  sub: user.id,
  ...(scope.includes('profile') && { name: user.name }),
  ...(scope.includes('email') && { email: user.login, email_verified: true }),
})

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The ID token of a session, where one was asked for, as a member of the token answer. */
export const idTokenMember = (
  world: World,
  { clientId, userId, scope }: Session,
  nonce: string | null = null,
): { readonly id_token?: string } => {
  const user = world.users.get(userId)
  if (world.dialect !== 'generic' || user === undefined || !scope.includes('openid')) return {}
  const { kid, privateKey } = world.identityKey
  const now = Math.floor(world.clock.now() / 1000)
  const signed = [
    { alg: 'ES256', typ: 'JWT', kid },
    {
      iss: world.endpoints.issuer,
      aud: clientId,
      ...claimsOf(user, scope),
      iat: now,
      exp: now + world.lifetimes.access,
      ...(nonce !== null && { nonce }),
    },
  ]
    .map(base64url)
    .join('.')
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return { id_token: `${signed}.${signature.toString('base64url')}` }
}

const notFound: Answer = json(404, { error: 'not_found' })

/** `GET /jwks` (RFC 7517 §5). */
export const keys: Handler = ({ dialect, identityKey: { kid, privateKey } }) =>
  dialect === 'generic'
    ? json(200, {
        keys: [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }],
      })
    : notFound

/** `GET /userinfo`, for a token with the scope `openid`. */
export const userInfo: Handler = authorized((world, _, token) => {
  const user = world.users.get(token.session.userId)
  if (world.dialect !== 'generic') return notFound
  return user === undefined || !token.scope.includes('openid')
    ? json(403, { error: 'insufficient_scope' })
    : json(200, claimsOf(user, token.scope))
})

/** What the server metadata says of it (OpenID Connect Discovery §3). */
export const identityMetadata = ({ dialect, endpoints }: World): Readonly<Record<string, unknown>> =>
  dialect === 'generic'
    ? {
        jwks_uri: `${endpoints.issuer}/jwks`,
        userinfo_endpoint: `${endpoints.issuer}/userinfo`,
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      }
    : {}
