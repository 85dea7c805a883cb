/**
 * Ctrl-C, and how else a person or a system ends a program.
 */
import { setMaxListeners } from 'node:events'
import type { IO } from 'fp-ts/lib/IO.js'
import { ExitCode } from './exitCode.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What a program that runs another one passes on to it. */
const PASSED = [...SIGNALS, 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** npx passes on what the terminal has sent to both: what comes so soon (ms) is of the same key. */
const SAME = 100

/** What becomes of the signals that end a program. */
export interface Interruption {
  readonly signal: AbortSignal
  /** From then on signals go to `take`, and interrupt nothing here, until the function that it answers is called. */
  readonly passTo: (take: (signal: NodeJS.Signals) => void) => IO<void>
}

/** The first signal asks for a clean end, by the abort. The next one, of whatever kind, ends the process at once. */
export const interruptedBy = (host: NodeJS.Process): Interruption => {
  const interruption = new AbortController()
  // Whatever is under way listens to it, and Node.js would warn of more than ten.
  setMaxListeners(0, interruption.signal)
  let askedAt = Number.POSITIVE_INFINITY
  const interrupt = (): void => {
    if (performance.now() > askedAt + SAME) host.exit(ExitCode.interrupted)
    askedAt = Math.min(askedAt, performance.now())
    interruption.abort()
  }
  for (const signal of SIGNALS) host.on(signal, interrupt)
  return {
    signal: interruption.signal,
    passTo: (take) => {
      for (const signal of SIGNALS) host.off(signal, interrupt)
      for (const signal of PASSED) host.on(signal, take)
      return () => {
        for (const signal of PASSED) host.off(signal, take)
        for (const signal of SIGNALS) host.on(signal, interrupt)
      }
    },
  }
}
