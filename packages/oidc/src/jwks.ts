/**
 * The public keys of a provider (RFC 7517 §5), as it publishes them.
 *
 * @packageDocumentation
 */
import { AuthError, type ClockEnv, checking, type Duration, minutes, seconds } from '@tessera/core'
import { type ClientOrServer, decodeValue, type HttpEnv, jsonDocument } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import { createLocalJWKSet, errors, type LocalJWKSet } from 'jose'
import { CLIENT_OR_SERVER } from './internal/arguments.js'
import { elapsed, type Moment, momentOf } from './internal/moment.js'
import { verifyBy } from './internal/verify.js'
import type { Keys, Signature } from './Keys.js'

/** The parameters of {@link jwks}. */
export type JwksOptions = ClientOrServer & {
  /** How old the set may be, in ms: a key that the provider has taken out is trusted for no longer. Default: 10 minutes. */
  readonly maxAge?: Duration | undefined
  /** How long after a request another one is sent for a key that the set does not have, in ms. Default: 30 s. */
  readonly coolDown?: Duration | undefined
  /** How long a request may take, in ms. Default: 10 s. */
  readonly timeout?: Duration | undefined
}

type Env = HttpEnv & ClockEnv

/** A set, and when it was asked for. */
interface Known {
  readonly keyOf: LocalJWKSet
  readonly at: Moment
}

const WHAT = 'JWK set'
/** After a request that failed, the next one waits so long: whoever asks meanwhile gets its error. */
const PAUSE = seconds(1)

const PUBLIC: Keys['algorithms'] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

const decode = decodeValue(WHAT, t.type({ keys: t.array(t.type({ kty: t.string })) }))

const toSet = (document: unknown): E.Either<AuthError, LocalJWKSet> =>
  pipe(
    decode(document),
    E.flatMap((set) =>
      E.tryCatch(
        () => createLocalJWKSet(set),
        () => AuthError.malformed({ what: WHAT, path: 'keys', expected: 'a list of keys', repeatable: true }),
      ),
    ),
  )

const expectedOf = (error: unknown, algorithm: string): string => {
  if (error instanceof errors.JWKSNoMatchingKey) return `of a key that the issuer publishes for ${algorithm}`
  return error instanceof errors.JWKSMultipleMatchingKeys
    ? `of one key: the issuer has several for ${algorithm}`
    : `of a key that can be used with ${algorithm}`
}

/** Verifies by the key of a set. */
const verifyIn = async ({ keyOf }: Known, signature: Signature): Promise<E.Either<AuthError, Uint8Array>> => {
  const { what, algorithm, keyId } = signature
  try {
    const key = await keyOf({ alg: algorithm, ...(keyId !== undefined && { kid: keyId }) })
    return verifyBy(signature)(key)()
  } catch (error) {
    return E.left(AuthError.malformed({ what, path: 'kid', expected: expectedOf(error, algorithm) }))
  }
}

/** A newer set may have the key; so it may, where the token names none, if the one that there is does not fit. */
const mayBeRotated = (error: AuthError, { keyId }: Signature): boolean =>
  error._tag === 'Malformed' && (error.path === 'kid' || (error.path === 'signature' && keyId === undefined))

/**
 * The keys at the `jwks_uri` of a server. They are asked for when the first signature is verified, and kept by this value: make it once,
 * and give it to each validation. A set that is older than `maxAge` is not trusted, and one that lacks a key is asked for again, once in
 * `coolDown`, so that rotated keys are found and made-up ones cost no requests. One request is under way at a time. A set has at most
 * 64 KiB.
 *
 * Errors: `Misconfigured` where the server has no `jwksUri`, `Malformed` where the key is not there.
 *
 * @example
 * import { Client } from '@tessera/oauth2'
 * import { jwks } from '@tessera/oidc'
 *
 * const client = Client.make({
 *   id: 'app',
 *   issuer: 'https://as.example',
 *   tokenEndpoint: 'https://as.example/token',
 *   jwksUri: 'https://as.example/jwks',
 * })
 * assert.strictEqual(jwks({ client }).algorithms[0], 'RS256')
 */
export const jwks: (options: JwksOptions) => Keys = checking(
  'jwks takes { client | server, maxAge?, coolDown?, timeout? }',
  CLIENT_OR_SERVER,
  (error): Keys => ({ algorithms: ['RS256'], verify: () => RTE.left(error) }),
  ({ maxAge = minutes(10), coolDown = seconds(30), timeout = seconds(10), ...from }): Keys => {
    const { jwksUri, allowHttp } = from.client === undefined ? from.server : from.client.server
    const document = jsonDocument({ what: WHAT, field: 'jwksUri', url: jwksUri, allowHttp, timeout })
    let known: Known | undefined
    let failed: { readonly error: AuthError; readonly at: Moment } | undefined
    let reading: Promise<E.Either<AuthError, Known>> | undefined
    /** Of the last request. */
    let askedAt: Moment | undefined

    const ask = async (env: Env, at: Moment): Promise<E.Either<AuthError, Known>> => {
      const read = pipe(
        await document(env)(),
        E.flatMap(toSet),
        E.map((keyOf): Known => ({ keyOf, at })),
      )
      reading = undefined
      failed = E.isLeft(read) ? { error: read.left, at: momentOf(env) } : undefined
      if (E.isRight(read)) known = read.right
      return read
    }

    const read = (env: Env): Promise<E.Either<AuthError, Known>> => {
      if (reading !== undefined) return reading
      if (failed !== undefined && elapsed(env, failed.at) < PAUSE) return Promise.resolve(E.left(failed.error))
      askedAt = momentOf(env)
      reading = ask(env, askedAt)
      return reading
    }

    const verify = async (env: Env, signature: Signature): Promise<E.Either<AuthError, Uint8Array>> => {
      const isTrusted = known !== undefined && elapsed(env, known.at) < maxAge
      const there = isTrusted && known !== undefined ? E.right(known) : await read(env)
      if (E.isLeft(there)) return there
      const first = await verifyIn(there.right, signature)
      if (E.isRight(first) || !mayBeRotated(first.left, signature)) return first
      const isCooling = reading === undefined && askedAt !== undefined && elapsed(env, askedAt) < coolDown
      const again = isCooling ? there : await read(env)
      if (E.isLeft(again)) return again
      return again.right === there.right ? first : verifyIn(again.right, signature)
    }

    return {
      algorithms: PUBLIC,
      verify: (signature) => (env) => () => verify(env, signature),
    }
  },
)
