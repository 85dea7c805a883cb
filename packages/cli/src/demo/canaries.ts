/**
 * Every secret of a run, to be looked for in what the run has written.
 */
import { Secret } from '@tessera/core'
import type { Http, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

export interface Canaries {
  readonly remember: (...secrets: ReadonlyArray<string>) => void
  readonly size: () => number
  /** How many of the secrets are in a text, in any of the forms that `Secret.forms` knows. */
  readonly foundIn: (text: string) => number
}

// Shorter ones are in any text by accident.
const SHORTEST = 8

export const makeCanaries = (): Canaries => {
  const known = new Set<string>()
  return {
    remember: (...secrets) => {
      for (const secret of secrets) if (secret.length >= SHORTEST) known.add(secret)
    },
    size: () => known.size,
    foundIn: (text) => [...known].filter((secret) => Secret.forms(secret).some((form) => text.includes(form))).length,
  }
}

/** The parameters of a token request that may be seen by nobody. */
const SENT = [
  'client_secret',
  'refresh_token',
  'code',
  'code_verifier',
  'assertion',
  'client_assertion',
  'subject_token',
  'actor_token',
  'device_code',
  'token',
]
const RECEIVED = ['access_token', 'refresh_token', 'device_code', 'id_token']

const sent = ({ headers, body }: HttpRequest): ReadonlyArray<string> => {
  const form = new URLSearchParams(O.isSome(body) ? Secret.open(body.value) : '')
  return [
    ...SENT.flatMap((name) => form.getAll(name)),
    ...headers.flatMap(([, value]) => (typeof value === 'string' ? [] : [Secret.open(value)])),
  ]
}

const received = ({ body }: HttpResponse): ReadonlyArray<string> => {
  try {
    const answer: unknown = JSON.parse(Secret.open(body))
    if (typeof answer !== 'object' || answer === null) return []
    return Object.entries(answer).flatMap(([name, value]) =>
      RECEIVED.includes(name) && typeof value === 'string' ? [value] : [],
    )
  } catch {
    return []
  }
}

/** HTTP that remembers every secret that goes by, and counts the requests to one endpoint. */
export const watched = (
  http: Http,
  canaries: Canaries,
  endpoint: string,
): { readonly http: Http; readonly requests: () => number } => {
  let requests = 0
  return {
    requests: () => requests,
    http: {
      send: (request) => async () => {
        if (request.url === endpoint) requests += 1
        canaries.remember(...sent(request))
        const answer = await http.send(request)()
        if (E.isRight(answer)) canaries.remember(...received(answer.right))
        return answer
      },
    },
  }
}

/** The lines of a private key, and the whole. */
export const pemLines = (pem: string): ReadonlyArray<string> => [
  pem,
  ...pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----')),
]
