/**
 * Proofs of possession (RFC 9449), as a value of a client.
 *
 * @packageDocumentation
 */
import { type AuthError, type ClockEnv, checking, type RandomEnv, raised, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { base64url, base64urlText } from './base64url.js'
import type { DigestEnv } from './Digest.js'
import { dpopClaims } from './dpopClaims.js'
import { optional } from './internal/arguments.js'
import { jti } from './internal/assertion.js'
import { isRecord } from './internal/isRecord.js'
import { makeNonces } from './internal/nonces.js'
import { type PublicJwk, thumbprint } from './thumbprint.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/**
 * A key pair that signs proofs: in this process, or in a key service. It has digests and randomness of its own, since a proof needs them
 * wherever it is made.
 */
export interface DpopKey extends DigestEnv, RandomEnv {
  readonly algorithm: 'ES256' | 'EdDSA'
  /** What every proof shows. */
  readonly publicJwk: PublicJwk
  /** The signature of an ASCII signing input, in base64url without padding (RFC 7515 §5.1). */
  readonly sign: (input: string) => TaskEither<AuthError, string>
}

/** The request that a proof is for. */
export interface Proved {
  readonly method: string
  readonly url: string
  /** Of a request that has a token: the proof is for that one alone. */
  readonly accessToken?: Secret | undefined
}

/** A proof for one request, never sent twice. */
export interface Proof {
  /** The value of the `DPoP` header. */
  readonly jwt: Secret<'DpopProof'>
  /** Tells what the server answered: true where it brought a nonce that this proof has not. */
  readonly answered: (nonce: O.Option<string>) => boolean
}

/** What a client proves its possession by. It remembers the last nonce of each server: of 100 origins, those that were used last. */
export interface Dpop {
  readonly key: DpopKey
  /** The thumbprint of the key (RFC 7638): `dpop_jkt` of an authorization request, `jkt` of a token. */
  readonly jkt: string
  readonly required: boolean
  /** A fresh proof, with the last nonce of the server that the request goes to. */
  readonly prove: (request: Proved, env: ClockEnv) => TaskEither<AuthError, Proof>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** The parameters of {@link dpop}. */
export interface DpopOptions {
  /** One key for all processes that share a session. */
  readonly key: DpopKey
  /**
   * Whether a server that issues bearer tokens all the same is refused. A grant whose answer is a bearer token is `Malformed` then. A
   * renewal is not, since that would lose the session: its token is kept, and nothing here sends it to an API. Default: false, since a
   * server may bind the refresh token alone (RFC 9449 §5).
   */
  readonly required?: boolean | undefined
}

const isKey = (value: unknown): boolean =>
  isRecord(value) && isRecord(value['publicJwk']) && typeof value['sign'] === 'function'

const ascii = (digest: DigestEnv['digest'], text: string): string => base64url(digest.sha256(text))

/**
 * Proofs by a key. Each has a `jti` of its own and is bound to the method and the address of its request, to the token that goes with it,
 * and to the nonce of the server.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given no key.
 *
 * @example
 * import { generateDpopKey } from '@tessera/node'
 * import { Client, dpop } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   dpop: dpop({ key: generateDpopKey()() }),
 * })
 * assert.match(client.dpop?.jkt ?? '', /^[\w-]{43}$/)
 */
export const dpop: (options: DpopOptions) => Dpop = checking(
  'dpop takes { key, required? }',
  {
    key: { is: isKey, expected: 'a key, such as dpopKeyFile of @tessera/node gives' },
    required: optional({ is: (value) => typeof value === 'boolean', expected: 'true or false' }),
  },
  raised,
  ({ key, required = false }) => {
    const { algorithm, publicJwk, digest, random } = key
    const draw = jti(random)
    const nonces = makeNonces()
    const header = base64urlText(JSON.stringify({ typ: 'dpop+jwt', alg: algorithm, jwk: publicJwk }))
    return {
      key,
      jkt: thumbprint(digest)(publicJwk),
      required,
      prove:
        ({ method, url, accessToken }, { clock }) =>
        async () => {
          const nonce = nonces.get(url)
          const claims = dpopClaims({
            jti: draw(),
            method,
            url,
            now: clock.now(),
            accessTokenHash: accessToken === undefined ? undefined : ascii(digest, Secret.open(accessToken)),
            nonce,
          })
          const input = `${header}.${base64urlText(JSON.stringify(claims))}`
          const signature = await key.sign(input)()
          if (E.isLeft(signature)) return signature
          return E.right({
            jwt: Secret.make('DpopProof', `${input}.${signature.right}`),
            answered: (told) => O.isSome(told) && nonces.keep(url, told.value) && told.value !== nonce,
          })
        },
    }
  },
)
