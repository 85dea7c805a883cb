import type { Duration } from '@tessera/core'
import type { SqlPort, SqlRow } from '../SqlPort.js'
import { isPassing, problem } from './reason.js'
import { within } from './within.js'

/** Runs one statement. */
export type Run = (text: string, parameters: ReadonlyArray<string>) => Promise<ReadonlyArray<SqlRow>>

/** Runs statements that end within a time limit. */
export type Running = <A>(use: (run: Run) => Promise<A>) => Promise<A>

const FIRST_PAUSE = 2
const LONGEST_PAUSE = 50

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

/**
 * What a database wants to be tried again (a deadlock, a serialization failure, a file that another process writes to) is, after a
 * pause of random length, as long as there is time: each statement finds its own version there if it was made. When the time is over
 * in a pause, the failure is what the database had said.
 */
export const running =
  (port: SqlPort, timeout: Duration): Running =>
  (use) => {
    let refused: unknown
    const late = (): unknown => refused ?? problem(`no answer in ${timeout} ms`)
    return within(timeout, late, (signal, rest) =>
      use(async (text, parameters) => {
        for (let longest = FIRST_PAUSE; ; longest = Math.min(2 * longest, LONGEST_PAUSE)) {
          if (rest() <= 0) throw late()
          refused = undefined
          try {
            return await port.query(text, parameters, signal)
          } catch (error) {
            const next = longest * Math.random()
            if (!isPassing(error) || rest() <= next) throw error
            refused = error
            await pause(next)
          }
        }
      }),
    )
  }
