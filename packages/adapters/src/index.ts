/**
 * A source of tokens as what other libraries take, by their shapes: nothing of theirs is imported. Each is also a path of its own,
 * `@tessera/adapters/axios`, say.
 *
 * @packageDocumentation
 */
export {
  type AxiosAdapter,
  type AxiosAdapterOptions,
  type AxiosAnswer,
  type AxiosRequest,
  axiosAdapter,
} from './axios.js'
export type { HttpTokens } from './internal/httpTokens.js'
export { type TokenProvider, type TokenProviderOptions, tokenProvider } from './tokenProvider.js'
