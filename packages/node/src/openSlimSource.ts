/**
 * A source in the live environment without a dependency.
 *
 * @packageDocumentation
 */
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import { type SlimEnv, slimEnv } from './slimEnv.js'

/** As `openSource` of `@tessera/node`, in {@link slimEnv}. */
export function openSource<A>(source: ReaderIO<SlimEnv, A>): A
export function openSource<R, A>(source: ReaderIO<R, A>, env: R): A
export function openSource<A>(source: ReaderIO<SlimEnv, A>, env: SlimEnv = slimEnv()): A {
  return source(env)()
}
