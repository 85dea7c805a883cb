import { randomBytes } from 'node:crypto'
import { type Attempt, type Clock, instant, plus, Secret, seconds, type TokenSet } from '@tessera/core'
import type { HttpRequest, HttpResponse, Signer } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

export const NOW = instant(1_700_000_000_000)

/** An answer of the server. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The same each time, or made from the form that was sent. */
  readonly body?: unknown
}

export const TOKEN: Answer = { body: { access_token: 'issued', token_type: 'bearer', expires_in: 3600 } }

const formOf = ({ body }: HttpRequest): string => (O.isSome(body) ? Secret.open(body.value) : '')

const response = (request: HttpRequest, { status = 200, headers = {}, body: given }: Answer): HttpResponse => {
  const body: unknown = typeof given === 'function' ? given(formOf(request)) : given
  return {
    status,
    header: (name) => O.fromNullable(headers[name]),
    body: Secret.make('Body', typeof body === 'string' ? body : JSON.stringify(body)),
  }
}

const clock: Clock = {
  now: () => NOW,
  // Time stands still: a sleep ends by its signal only.
  sleep: (_duration, signal) => () =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true })),
}

/** An environment whose server gives the answers in turn, the last one for ever, and what it was asked. */
export const scripted = (...answers: ReadonlyArray<Answer>) => {
  const requests: HttpRequest[] = []
  return {
    env: {
      clock,
      random: { bytes: (size: number) => () => randomBytes(size) },
      http: {
        send: (request: HttpRequest) => {
          requests.push(request)
          return TE.right(response(request, answers[Math.min(requests.length, answers.length) - 1] ?? TOKEN))
        },
      },
    },
    urls: () => requests.map(({ url }) => url),
    /** The parameters of each request, in their order. */
    forms: () => requests.map((request) => [...new URLSearchParams(formOf(request)).entries()]),
  }
}

export const attempt = (previous?: TokenSet): Attempt => ({
  previous: O.fromNullable(previous),
  deadline: plus(NOW, seconds(30)),
  signal: new AbortController().signal,
})

export const signer: Signer = {
  algorithm: 'RS256',
  keyId: O.some('kid'),
  sign: () => TE.right('c2lnbmF0dXJl'),
}

/** The header and the claims of a JWT, and what follows them. */
export const jwtParts = (token: string) => {
  const [header = '', claims = '', signature] = token.split('.')
  const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  return { header: parse(header), claims: parse(claims), signature }
}

export const parameter = (form: ReadonlyArray<readonly [string, string]> | undefined, name: string): string =>
  form?.find(([each]) => each === name)?.[1] ?? `no ${name}`
