/**
 * Ctrl-C, and how else a person or a system ends a program.
 */
import { setMaxListeners } from 'node:events'
import { ExitCode } from './exitCode.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npx passes on what the terminal has sent to both: what comes so soon (ms) is of the same key. */
const SAME = 100

/** The first signal asks for a clean end, by the abort. The next one, of whatever kind, ends the process at once. */
export const interruptedBy = (host: NodeJS.Process): AbortSignal => {
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
  return interruption.signal
}
