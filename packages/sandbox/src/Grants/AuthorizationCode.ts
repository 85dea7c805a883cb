/**
 * `authorization_code`: RFC 6749 §4.1.3 with PKCE (RFC 7636 §4.5).
 */
import { idTokenMember } from '../Identity.js'
import { randomToken, s256, sameSecret } from '../Random.js'
import { ok } from '../Result.js'
import { issuePair, killSession, openSession, tokenAnswer } from '../Tokens.js'
import type { Code } from '../World.js'
import { type Grant, invalidGrant, missing } from './Grant.js'

/** Was `verifier` what `challenge` was made of? A verifier for a code without a challenge is refused as well (RFC 9700 §2.1.1). */
const verifierFits = (challenge: string | null, verifier: string | undefined): boolean => {
  if (challenge === null || verifier === undefined) return challenge === null && verifier === undefined
  return /^[A-Za-z0-9._~-]{43,128}$/.test(verifier) && sameSecret(s256(verifier), challenge)
}

export const newCode = (fields: Omit<Code, 'value' | 'session'>): Code => ({
  value: randomToken('code'),
  session: null,
  ...fields,
})

export const authorizationCode: Grant = (world, form, asker) => {
  const value = form.get('code')
  if (value === undefined) return missing('code')
  const code = world.codes.get(value)
  if (code === undefined || code.clientId !== asker.client.id)
    return invalidGrant("Auth code doesn't exist or is invalid for the client")
  if (code.session !== null) {
    // RFC 6749 §4.1.2: a code that comes twice may have been stolen, so what it gave is taken back
    if (code.session.alive) world.journal.familiesKilled += 1
    killSession(world, code.session)
    return invalidGrant("Auth code doesn't exist or is invalid for the client")
  }
  if (world.clock.now() >= code.expiresAt) return invalidGrant('The authorization code has expired')
  // Box asks for the redirect URI on the first leg only; when it is sent it has to be the same
  const redirectUri = form.get('redirect_uri')
  if (redirectUri !== undefined && redirectUri !== code.redirectUri)
    return invalidGrant('The redirect_uri is not the one that the code was issued to')
  if (!verifierFits(code.challenge, form.get('code_verifier')))
    return invalidGrant('The code_verifier does not match the code_challenge')
  const session = openSession(code.clientId, code.userId, code.scope)
  code.session = session
  return ok(tokenAnswer(world, issuePair(world, session), idTokenMember(world, session, code.nonce)))
}
