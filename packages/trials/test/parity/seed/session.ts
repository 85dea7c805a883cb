/**
 * A model of how the seed sends requests: `Session` and `AuthorizedSession`. Written from what they do; as large as the laws need.
 */
import type { Form } from '../support/world.js'

/** What the seed raises. */
export interface SeedError extends Error {
  readonly name: 'BoxAPIException' | 'BoxOAuthException' | 'ValueError' | 'TypeError'
  readonly status?: number
  readonly code?: string | null
  readonly said?: string | null
  readonly answer?: Answer
}

export const seedError = (
  name: SeedError['name'],
  message: string,
  about: Partial<Pick<SeedError, 'status' | 'code' | 'said' | 'answer'>> = {},
): SeedError => Object.assign(new Error(message), { name, ...about })

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly ok: boolean
  readonly headers: Headers
  readonly text: string
}

export const jsonOf = ({ text }: Answer): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** One request. A parameter without a value is left out, as its HTTP library does. */
export interface Request {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly data?: Readonly<Record<string, string | null>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Its surroundings. */
export interface Surroundings {
  /** In seconds. */
  readonly sleep: (seconds: number) => Promise<void>
  readonly log: (line: string) => void
  readonly now: () => number
}

export interface Session {
  readonly request: (request: Request) => Promise<Answer>
  /** Every form that went out. */
  readonly sent: ReadonlyArray<{ readonly url: string; readonly form: Form }>
  readonly surroundings: Surroundings
}

/** Of a request that is logged, these are hidden. */
const HIDDEN = [
  'Authorization',
  'access_token',
  'refresh_token',
  'subject_token',
  'token',
  'client_id',
  'client_secret',
  'code',
]

const shown = (values: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, HIDDEN.includes(name) ? '---' : value])),
  )

/** Python's `float`. */
const float = (text: string): number => {
  const value = Number(text)
  if (Number.isNaN(value)) throw seedError('ValueError', 'could not convert string to float')
  return value
}

const RETRIES = 10

export const surroundings = (): Surroundings => ({
  sleep: async () => undefined,
  log: () => undefined,
  now: Date.now,
})

export const makeSession = (around: Surroundings = surroundings()): Session => {
  const sent: Array<{ readonly url: string; readonly form: Form }> = []

  const once = async ({ method, url, data, headers = {} }: Request): Promise<Answer> => {
    const form = Object.entries(data ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
    around.log(`${method} ${url} ${shown({ ...data, ...headers })}`)
    if (data !== undefined) sent.push({ url, form })
    const body = new URLSearchParams(form.map(([name, value]): [string, string] => [name, value]))
    const response = await fetch(url, { method, headers, ...(data !== undefined && { body }) })
    const text = await response.text()
    around.log(`${method} ${url} ${response.status} ${JSON.stringify([...response.headers])} ${text}`)
    return { status: response.status, ok: response.ok, headers: response.headers, text }
  }

  return {
    sent,
    surroundings: around,
    request: async (request) => {
      let answer = await once(request)
      for (let attempt = 0; attempt < RETRIES; attempt++) {
        if (answer.status !== 202 && answer.status !== 429 && answer.status < 500) break
        const asked = answer.headers.get('retry-after')
        await around.sleep(asked === null ? 2 ** attempt : float(asked))
        answer = await once(request)
      }
      const json = jsonOf(answer)
      if (!answer.ok || json === undefined) {
        throw seedError('BoxAPIException', 'unsuccessful, or not JSON', { status: answer.status, answer })
      }
      return answer
    },
  }
}
