/**
 * Verification of signed JWTs: an id token, or an assertion of one's own.
 *
 * @packageDocumentation
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { AuthError, Secret } from '@tessera/core'
import type { Algorithm } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { codeOf } from './internal/code.js'

/** The parameters of {@link verifyJwt}. */
export interface VerifyConfig {
  /** The public key, as PEM or loaded. */
  readonly key: string | KeyObject
  /** What may have been used; a token's own header never widens it. */
  readonly algorithms: ReadonlyArray<Algorithm>
  readonly audience: string
  readonly issuer: string
}

const EXPECTED: ReadonlyArray<readonly [start: string, path: string, expected: string]> = [
  ['jwt expired', 'exp', 'in the future'],
  ['jwt not active', 'nbf', 'in the past'],
  ['jwt audience', 'aud', 'the expected audience'],
  ['jwt issuer', 'iss', 'the expected issuer'],
  ['invalid exp', 'exp', 'a number'],
  ['invalid nbf', 'nbf', 'a number'],
  ['invalid algorithm', 'alg', 'one of the expected algorithms'],
  ['invalid signature', 'signature', 'by the expected key'],
]

const wrong = (path: string, expected: string): E.Either<AuthError, never> =>
  E.left(AuthError.malformed({ what: 'JWT', path, expected }))

/** What is not given is not asked for: an `aud` or an `iss` that is empty, `process.env.X ?? ''` say, lets anybody's token in. */
const unasked = ({ algorithms, audience, issuer }: VerifyConfig): AuthError | undefined => {
  for (const [field, value] of Object.entries({ audience, issuer })) {
    if (typeof value !== 'string' || value.trim() === '') {
      return AuthError.misconfigured(
        field,
        "it is empty, so that anybody's token would do: give the one that you expect",
      )
    }
  }
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    return AuthError.misconfigured('algorithms', "it is empty: list what the issuer signs with, ['RS256'] say")
  }
  return algorithms.includes('EdDSA')
    ? AuthError.misconfigured('algorithms', 'jsonwebtoken, which verifies here, knows no EdDSA')
    : undefined
}

/**
 * Verifies signature, `exp`, `nbf`, `aud` and `iss` (RFC 7519 §7.2) with jsonwebtoken, and answers the claims. A token without
 * `exp` does not hold, nor does one whose header has `crit`: none of the extensions that it may name are understood (RFC 7515
 * §4.1.11). What does not hold is `Malformed` and names the claim; a key that cannot be read is `Misconfigured`, and so is an
 * audience, an issuer or a list of algorithms that is empty, and one that has EdDSA.
 *
 * @example
 * import { generateKeyPairSync } from 'node:crypto'
 * import { Secret } from '@tessera/core'
 * import { verifyJwt } from '@tessera/node'
 *
 * const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
 * const verify = verifyJwt({ key: publicKey, algorithms: ['RS256'], audience: 'client', issuer: 'https://as.example' })
 * void verify(Secret.make('IdToken', 'a.b.c'))().then((result) => assert.strictEqual(result._tag, 'Left'))
 */
export const verifyJwt = (config: VerifyConfig) => {
  const { key, algorithms, audience, issuer } = config
  const wrongConfig = unasked(config)
  let publicKey = typeof key === 'string' ? undefined : key
  return (jwt: Secret): TaskEither<AuthError, Readonly<Record<string, unknown>>> =>
    async () => {
      if (wrongConfig !== undefined) return E.left(wrongConfig)
      try {
        publicKey ??= createPublicKey(key)
      } catch (error) {
        return E.left(AuthError.misconfigured('key', `is no public key as PEM (${codeOf(error)})`))
      }
      // Loaded when it is needed: most programs never verify.
      const { default: jsonwebtoken } = await import('jsonwebtoken')
      try {
        const options = { algorithms, audience, issuer, complete: true } as const
        const { header, payload } = jsonwebtoken.verify(Secret.open(jwt), publicKey, options)
        if ('crit' in header) return wrong('crit', 'absent')
        if (typeof payload !== 'object' || payload === null) return wrong('claims', 'an object')
        // JSON has numbers that are none here, 1e999 say.
        return 'exp' in payload && Number.isFinite(payload.exp) ? E.right({ ...payload }) : wrong('exp', 'a number')
      } catch (error) {
        const message = error instanceof Error ? error.message : ''
        const [, path, expected] = EXPECTED.find(([start]) => message.startsWith(start)) ?? [
          '',
          'token',
          'a signed JWT',
        ]
        return wrong(path, expected)
      }
    }
}
