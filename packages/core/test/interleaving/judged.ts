import { type InterleavingsConfig, interleavings, type Law, type LawParameters, type Rotation } from '@tessera/testing'
import { millis, type Strategy, type TokenStore } from '../../src/index.js'
import { type Core, loadCore } from './loadCore.js'

/** The modes of the server under which the core is judged. */
export const modes = {
  strict: { _tag: 'Strict', killsFamily: true },
  'grace until use': { _tag: 'GraceUntilUsed' },
  // Longer than any run: whether somebody asks in time is the application's part.
  'grace for a time': { _tag: 'GraceFor', grace: millis(1e12) },
} satisfies Readonly<Record<string, Rotation>>

export type Mode = keyof typeof modes

/** What is put around a core's own parts. */
export interface Options {
  readonly store?: (core: Core) => TokenStore
  readonly decorate?: (core: Core, strategy: Strategy<unknown>) => Strategy<unknown>
}

/** Scheduled runs of 2 to 4 processes over one session, with the sources of a core. */
export const judging = (
  core: Core,
  mode: Mode,
  { store = ({ memoryStore }) => memoryStore(), decorate = (_, strategy) => strategy }: Options = {},
  { given = {}, ...parameters }: LawParameters & { readonly given?: Partial<InterleavingsConfig> } = {},
): Law =>
  interleavings(
    {
      make: ({ strategy, env, ...parts }) => core.TokenSource.make<unknown>(parts)(decorate(core, strategy))(env)(),
      store: () => store(core),
      mode: modes[mode],
      turn: () => new Promise((resolve) => setImmediate(resolve)),
      ...given,
    },
    parameters,
  )

const RUNS = Number(process.env['INTERLEAVINGS'] ?? 3_400)

/** The core, at a server of one mode. */
export const judged = (mode: Mode): void => {
  const { run } = judging(loadCore(), mode, {}, { numRuns: RUNS })
  test(`scheduled runs of 2 to 4 processes over one session keep every property: ${mode}`, run, 600_000)
}
