/**
 * Sources of tokens: the namespace `TokenSource`. It is also `@tessera/core/TokenSource`: a bundler takes of a namespace that comes from
 * there what a program uses, and all of one that comes out of `@tessera/core`.
 *
 * @packageDocumentation
 */
export { closing } from './closing.js'
export { downscoped, downscoping } from './downscoped.js'
export { keyed } from './keyed.js'
export { make } from './makeSource.js'
export type { TokenSource } from './TokenSource.js'
