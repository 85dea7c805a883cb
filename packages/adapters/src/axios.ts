/**
 * A source as the adapter of an axios instance.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { type Handed, handOut, refuse, renewed } from './internal/handed.js'
import { type HttpTokens, mayGet } from './internal/httpTokens.js'
import { isStream } from './internal/isStream.js'

/** `InternalAxiosRequestConfig` of axios 1, as far as it is read here. */
export interface AxiosRequest {
  readonly url?: string | undefined
  readonly baseURL?: string | undefined
  readonly allowAbsoluteUrls?: boolean | undefined
  readonly data?: unknown
  readonly signal?: unknown
  readonly headers: {
    readonly has: (name: string) => boolean
    readonly concat: (headers: Readonly<Record<string, string>>) => unknown
  }
}

/** `AxiosResponse` of axios 1, as far as it is read here. */
export interface AxiosAnswer<Config> {
  readonly status: number
  config: Config
}

/** `AxiosAdapter` of axios 1: sends one request. */
export type AxiosAdapter<Config, Answer> = (config: Config) => Promise<Answer>

/** The parameters of {@link axiosAdapter}. */
export interface AxiosAdapterOptions<Config, Answer> extends HttpTokens {
  /** What sends: `axios.getAdapter('http')`, say. */
  readonly adapter: AxiosAdapter<Config, Answer>
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const get = (of: unknown, name: string): unknown => (isObject(of) ? Reflect.get(of, name) : undefined)

/** The URL, as far as its origin goes, by the rule of axios. */
const urlOf = ({ url = '', baseURL, allowAbsoluteUrls }: AxiosRequest): string => {
  const isAbsolute = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i.test(url)
  return baseURL === undefined || (isAbsolute && allowAbsoluteUrls !== false) ? url : baseURL
}

/** Answers and errors of axios have the configuration and the request in them, and so the token: it is printed with them. */
const withoutToken = <A>(of: A, config: object): A => {
  for (const one of [of, get(of, 'response')]) {
    if (!isObject(one)) continue
    if ('config' in one) Reflect.set(one, 'config', config)
    if ('request' in one) Object.defineProperty(one, 'request', { enumerable: false })
  }
  return of
}

/**
 * An adapter for `axios.create({ adapter })` which sends a token that renews itself. On a 401 it refuses the token that was used, asks once
 * more, and sends again once; the second 401 is the caller's, and so is the first where the source stands by its token. A request to
 * another origin, or with an `authorization` of its own, passes untouched. A stream is not sent again: its caller gets the first 401, and
 * the token is refused all the same. Where axios follows a redirect to another origin it takes the token off itself.
 *
 * `config` of answers and errors is without the token, and what they keep of the request is not printed.
 *
 * @throws A typed error (`AuthError.toError`) when one of `origins` is neither https, nor of this machine, nor in `allowHttp`.
 *
 * @example
 * import { axiosAdapter } from '@tessera/adapters/axios'
 * import type { TokenSource } from '@tessera/core'
 * import axios from 'axios'
 *
 * const clientOf = (tokens: TokenSource) =>
 *   axios.create({
 *     baseURL: 'https://api.example/v1',
 *     adapter: axiosAdapter({ tokens, origins: ['https://api.example'], adapter: axios.getAdapter('http') }),
 *   })
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const axiosAdapter = <Config extends AxiosRequest, Answer extends AxiosAnswer<Config>>({
  adapter,
  ...options
}: AxiosAdapterOptions<Config, Answer>): AxiosAdapter<Config, Answer> => {
  const isForToken = mayGet(options)

  const send = async (config: Config, tokens: Tokens, { token, text }: Handed): Promise<Answer> => {
    const headers = config.headers.concat({ Authorization: `Bearer ${text}` })
    try {
      const answer = await adapter(Object.assign({}, config, { headers }))
      if (answer.status >= 200 && answer.status < 300) tokens.accept?.(token.accessToken)
      return withoutToken(answer, config)
    } catch (error) {
      throw withoutToken(error, config)
    }
  }

  return async (config) => {
    if (!isForToken(urlOf(config)) || config.headers.has('authorization')) return adapter(config)
    const { signal } = config
    const tokens = signal instanceof AbortSignal ? options.tokens.within({ signal }) : options.tokens
    const used = await handOut(tokens)
    const first = send(config, tokens, used)
    const status = await first.then(
      (answer) => answer.status,
      (error: unknown) => get(get(error, 'response'), 'status'),
    )
    if (status !== 401) return first
    if (isStream(config.data)) {
      await refuse(tokens, used.text)
      return first
    }
    const next = await renewed(tokens, used.text)
    return next === undefined ? first : send(config, tokens, next)
  }
}
