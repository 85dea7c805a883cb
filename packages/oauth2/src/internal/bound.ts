import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Dpop } from '../Dpop.js'
import type { TokenResponseDecoder } from '../tokenResponse.js'
import { isDpopToken } from './dpopToken.js'

const bearerRefused = AuthError.malformed({ what: 'token response', path: 'token_type', expected: '"DPoP"' })

/**
 * Reads the answer to a request that had a proof: the token remembers the key. A bearer token is refused where proofs are required,
 * unless its refusal would lose the session.
 */
export const bound =
  ({ jkt, required }: Dpop, decode: TokenResponseDecoder, grantType: string): TokenResponseDecoder =>
  (body, sentAt) => {
    const token = decode(body, sentAt)
    if (E.isLeft(token)) return token
    const isWanted = !required || grantType === 'refresh_token' || isDpopToken(token.right)
    // `N_A` is no access token (RFC 8693 §2.2.1).
    return isWanted || token.right.tokenType.toUpperCase() === 'N_A'
      ? E.right({ ...token.right, jkt: O.some(jkt) })
      : E.left(bearerRefused)
  }
