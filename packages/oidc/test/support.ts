/** A provider of OpenID Connect in one process: its keys, what it signs, and a network that counts. */
import { createHmac, generateKeyPairSync, type KeyObject, sign as signature } from 'node:crypto'
import { type AuthError, type Instant, instant, Secret, TokenSet } from '@tessera/core'
import { systemDigest } from '@tessera/node'
import { Client, type HttpFailure, type HttpRequest, type HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { ValidationEnv } from '../src/index.js'

export const NOW = instant(1_700_000_000_000)
export const seconds = NOW / 1_000

export const issuer = 'https://as.example'
export const client = Client.make({
  id: 'app',
  secret: 'S3CRET of the client, of 64 bytes: '.padEnd(64, 'x'),
  issuer,
  tokenEndpoint: `${issuer}/token`,
  jwksUri: `${issuer}/jwks`,
  userinfoEndpoint: `${issuer}/me`,
  endSessionEndpoint: `${issuer}/logout`,
})

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const anotherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const ed = generateKeyPairSync('ed25519')

export type Jwk = Readonly<Record<string, unknown>>
export const jwk = (key: KeyObject, about: Jwk): Jwk => ({ ...key.export({ format: 'jwk' }), ...about })
/** What the provider publishes. */
export const published: ReadonlyArray<Jwk> = [
  jwk(rsa.publicKey, { kid: 'k1', use: 'sig' }),
  jwk(ec.publicKey, { kid: 'e1', use: 'sig' }),
  jwk(ed.publicKey, { kid: 'd1', use: 'sig' }),
]

/** What stands in a token: a text as it is, anything else as JSON. */
export const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

type Signing = (input: Buffer) => Buffer
export const by = {
  rs256: (input) => signature('sha256', input, rsa.privateKey),
  rs384: (input) => signature('sha384', input, rsa.privateKey),
  another: (input) => signature('sha256', input, anotherRsa.privateKey),
  es256: (input) => signature('sha256', input, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
  eddsa: (input) => signature(null, input, ed.privateKey),
} satisfies Readonly<Record<string, Signing>>
export const hs256 =
  (secret: string): Signing =>
  (input) =>
    createHmac('sha256', secret).update(input).digest()

export const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' }
export const good = { iss: issuer, sub: 'user 7', aud: 'app', exp: seconds + 300, iat: seconds, nonce: 'n' }

/** A signed token. */
export const jws = (payload: unknown, about: unknown = header, sign: Signing = by.rs256): string => {
  const input = `${part(about)}.${part(payload)}`
  return `${input}.${sign(Buffer.from(input)).toString('base64url')}`
}

export const ACCESS = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'

/** A token set as it comes from a token endpoint. */
export const holding = (idToken: unknown): TokenSet =>
  TokenSet.make(Secret.make('AccessToken', ACCESS), {
    members: new Map([['id_token', Secret.make('Member', JSON.stringify(idToken))]]),
  })

/** A network, and a clock that stands still. */
export const world = (keys: ReadonlyArray<Jwk> = published) => {
  let now: Instant = NOW
  let process = 0
  const requests: Array<HttpRequest> = []
  const answers: {
    body: unknown
    failure: HttpFailure | undefined
  } = { body: { keys }, failure: undefined }
  const env: ValidationEnv = {
    clock: { now: () => now, monotonic: () => process, sleep: () => () => Promise.resolve() },
    digest: systemDigest,
    http: {
      send:
        (request): TE.TaskEither<HttpFailure, HttpResponse> =>
        async () => {
          requests.push(request)
          // On the way while the next one asks.
          await new Promise((resolve) => setImmediate(resolve))
          if (answers.failure !== undefined) return E.left(answers.failure)
          const body = typeof answers.body === 'string' ? answers.body : JSON.stringify(answers.body)
          return E.right({ status: 200, header: () => O.none, body: Secret.make('Body', body) })
        },
    },
  }
  return {
    env,
    requests,
    publish: (published: ReadonlyArray<Jwk>) => {
      answers.body = { keys: published }
    },
    answer: (body: unknown) => {
      answers.body = body
    },
    fail: (failure: HttpFailure | undefined) => {
      answers.failure = failure
    },
    advance: (by: number) => {
      now = instant(now + by)
      process += by
    },
    setDate: (by: number) => {
      now = instant(now + by)
    },
  }
}

export const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw new Error(`expected a success, got ${JSON.stringify(result.left)}`)
  return result.right
}

export const left = <A>(result: E.Either<AuthError, A>): AuthError => {
  if (E.isRight(result)) throw new Error('expected an error')
  return result.left
}
