/**
 * Scripted capabilities: an HTTP that answers from a list, a clock that moves when somebody sleeps, counted randomness.
 */
import { createHash } from 'node:crypto'
import {
  type Attempt,
  type AuthError,
  type Clock,
  instant,
  millis,
  plus,
  Secret,
  seconds,
  type TokenSet,
  TokenSet as TokenSets,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Client,
  ClientAuthentication,
  type Digest,
  type HttpFailure,
  type HttpRequest,
  type HttpResponse,
  type Signer,
} from '../src/index.js'

export const NOW = instant(1_700_000_000_000)

/** An answer of a scripted server. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export const response = ({ status = 200, headers = {}, body = '' }: Answer): HttpResponse => ({
  status,
  header: (name) => O.fromNullable(headers[name]),
  body: Secret.make('Body', typeof body === 'string' ? body : JSON.stringify(body)),
})

export const issued = { access_token: 'A1', token_type: 'bearer', expires_in: 3600, refresh_token: 'R1' }

type Step = Answer | HttpFailure | ((request: HttpRequest) => Answer | HttpFailure)

const isFailure = (step: Answer | HttpFailure): step is HttpFailure => '_tag' in step

/** The environment of a test, and what was seen of it. */
export const world = (...script: ReadonlyArray<Step>) => {
  const requests: Array<HttpRequest> = []
  const sleeps: Array<number> = []
  const steps = [...script]
  let now = NOW
  let drawn = 0
  const clock: Clock = {
    now: () => now,
    // Time passes when nothing else goes on: what is ready settles in microtasks, before the next turn of the event loop.
    sleep: (duration, signal) => () =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => resolve()
        signal?.addEventListener('abort', wake, { once: true })
        setImmediate(() => {
          if (signal?.aborted) return
          signal?.removeEventListener('abort', wake)
          sleeps.push(duration)
          now = plus(now, duration)
          resolve()
        })
      }),
  }
  const http = {
    send: (request: HttpRequest): TE.TaskEither<HttpFailure, HttpResponse> =>
      TE.fromIOEither(() => {
        requests.push(request)
        const step = steps.length > 1 ? steps.shift() : steps[0]
        if (step === undefined) return E.left({ _tag: 'NotSent', cause: 'connection', reason: 'no script' } as const)
        const answer = typeof step === 'function' ? step(request) : step
        return isFailure(answer) ? E.left(answer) : E.right(response(answer))
      }),
  }
  const random = {
    bytes: (size: number) => () => {
      drawn += 1
      return createHash('shake256', { outputLength: size }).update(String(drawn)).digest()
    },
  }
  const digest: Digest = { sha256: (ascii) => createHash('sha256').update(ascii).digest() }
  return {
    env: { clock, http, random, digest },
    requests,
    sleeps,
    advance: (by: number) => {
      now = plus(now, millis(by))
    },
    forms: () => requests.map((request) => new URLSearchParams(bodyOf(request))),
  }
}

export const bodyOf = (request: HttpRequest | undefined): string =>
  request !== undefined && O.isSome(request.body) ? Secret.open(request.body.value) : ''

export const headerOf = (request: HttpRequest | undefined, name: string): string | undefined => {
  const value = request?.headers.find(([key]) => key === name)?.[1]
  return Secret.is(value) ? Secret.open(value) : value
}

export const attempt = (given: Partial<Attempt> = {}): Attempt => ({
  previous: O.none,
  deadline: plus(NOW, seconds(30)),
  signal: new AbortController().signal,
  ...given,
})

export const holding = (refreshToken: string | undefined, known: Partial<TokenSet> = {}): TokenSet =>
  TokenSets.make(Secret.make('AccessToken', 'A0'), {
    refreshToken: refreshToken === undefined ? O.none : O.some(Secret.make('RefreshToken', refreshToken)),
    ...known,
  })

export const endpoints = {
  tokenEndpoint: 'https://as.example/token',
  authorizationEndpoint: 'https://as.example/authorize',
  revocationEndpoint: 'https://as.example/revoke',
  deviceAuthorizationEndpoint: 'https://as.example/device',
}

/** In the form, where the tests read it. */
export const client = Client.make({ id: 'app', authentication: ClientAuthentication.post('S3CRET'), ...endpoints })

export const signer: Signer = {
  algorithm: 'RS256',
  keyId: O.some('k1'),
  sign: () => TE.right('c2lnbmF0dXJl'),
}

/** A setting that is not there, where the types say that it is: `process.env.CLIENT_ID!`, or JavaScript. */
export const { missing }: { readonly missing: string } = JSON.parse('{}')

export const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw new Error(`expected a success, got ${JSON.stringify(result.left)}`)
  return result.right
}

export const left = <A>(result: E.Either<AuthError, A>): AuthError => {
  if (E.isRight(result)) throw new Error('expected an error')
  return result.left
}

/** What is there: a verifier, unless the provider takes no challenge. */
export const there = <A>(value: A | undefined): A => {
  if (value === undefined) throw new Error('it is not there')
  return value
}

/** A part of a JWT, decoded. */
export const jwtPart = (jwt: string, part: 0 | 1): Readonly<Record<string, unknown>> => {
  const decoded: unknown = JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString())
  return { ...(typeof decoded === 'object' ? decoded : {}) }
}
