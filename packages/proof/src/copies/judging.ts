/** A copy of core under the interleavings. */
import { nextTick } from 'node:process'
import { type Duration, millis, type Strategy, type TokenStore } from '@tessera/core'
import {
  type InterleavingsConfig,
  interleavings,
  type Law,
  type LawParameters,
  type MakeSource,
  type Rotation,
} from '@tessera/testing'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Core } from './loadCore.js'

/** The modes of the server under which a core is judged. */
export const modes = {
  strict: { _tag: 'Strict', killsFamily: true },
  'grace until use': { _tag: 'GraceUntilUsed' },
  // Longer than any run: whether somebody asks in time is the application's part.
  'grace for a time': { _tag: 'GraceFor', grace: millis(1e12) },
} satisfies Readonly<Record<string, Rotation>>

export type Mode = keyof typeof modes

/** What is put around a core's own parts. */
export interface Around {
  readonly store?: (store: TokenStore) => TokenStore
  readonly decorate?: (core: Core, strategy: Strategy<unknown>) => Strategy<unknown>
}

/** How a core is judged. */
export interface Judging extends LawParameters, Pick<InterleavingsConfig, 'properties' | 'focus'> {}

/** Lets everything run that waits for nothing: ticks come when no microtask is left, but before them where none is running. */
export const turn: Task<void> = async () => {
  await null
  await new Promise<void>((resolve) => nextTick(resolve))
}

/** The sources of a core. */
export const sourcesOf =
  (
    core: Core,
    { decorate = (_, strategy) => strategy }: Pick<Around, 'decorate'> = {},
    settings: { readonly timeout?: Duration } = {},
  ): MakeSource =>
  ({ strategy, env, ...parts }) =>
    core.TokenSource.make<unknown>({ ...parts, ...settings })(decorate(core, strategy))(env)()

/** Scheduled runs of 2 to 4 processes over one session, with the sources of a core. */
export const judging = (
  core: Core,
  mode: Rotation,
  around: Around = {},
  { properties, focus, ...parameters }: Judging = {},
): Law => {
  const { store = (memory) => memory } = around
  return interleavings(
    {
      make: sourcesOf(core, around),
      store: () => store(core.memoryStore()),
      mode,
      turn,
      ...(properties !== undefined && { properties }),
      ...(focus !== undefined && { focus }),
    },
    parameters,
  )
}
