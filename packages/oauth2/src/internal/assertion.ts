import {
  type AuthError,
  alphanumeric,
  type Clock,
  type Duration,
  type Instant,
  type Limits,
  plus,
  type Random,
  Secret,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { base64urlText } from '../base64url.js'
import type { MacSigner, Signer } from '../Signer.js'
import { signing } from './limits.js'

/** The claims of an assertion (RFC 7523 §3). */
export type Claims = Readonly<Record<string, unknown>>

/** A `jti`: 43 characters, 256 bits. */
export const jti: (random: Random) => () => string = alphanumeric(43)

/** Seconds since the epoch, rounded down so that an assertion never lives longer than asked (RFC 7519 §2). */
export const expiry = (now: Instant, lifetime: Duration): number => Math.floor(plus(now, lifetime) / 1_000)

/** The encoded header of a signer's tokens (RFC 7515 §4). */
export const header = ({ algorithm, keyId }: Pick<Signer | MacSigner, 'algorithm' | 'keyId'>, typ = 'JWT'): string =>
  base64urlText(JSON.stringify({ alg: algorithm, ...(O.isSome(keyId) && { kid: keyId.value }), typ }))

/** Signs claims as a JWS in its compact form (RFC 7515 §7.1). The header, with its `typ`, is encoded once. */
export const assertion = (
  signer: Signer | MacSigner,
  typ?: string,
): ((claims: Claims, limits: Required<Limits>, clock: Clock) => TaskEither<AuthError, Secret<'Assertion'>>) => {
  const encoded = header(signer, typ)
  return (claims, limits, clock) => {
    const input = `${encoded}.${base64urlText(JSON.stringify(claims))}`
    const sign = signing(clock, limits, () => signer.sign(input))
    return async () => {
      const signature = await sign()
      return E.isLeft(signature) ? signature : E.right(Secret.make('Assertion', `${input}.${signature.right}`))
    }
  }
}
