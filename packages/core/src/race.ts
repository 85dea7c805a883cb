/**
 * A task against its limits.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Clock } from './Clock.js'
import { between, type Duration, type Instant } from './Time.js'

/** What bounds a wait. The attempt of a strategy is one. */
export interface Bounds {
  readonly deadline: Instant
  readonly signal?: AbortSignal | undefined
}

/** A store in memory, and a signer on the event loop, are there by then: a timer costs more than they do. */
const atOnce = (): Promise<void> => Promise.resolve().then(constVoid)

/** By the clock's timer, or by its sleep. Answers how to call it off. */
const startTimer = (clock: Clock, duration: Duration, wake: () => void): (() => void) => {
  if (clock.timer !== undefined) return clock.timer(duration, wake)
  const over = new AbortController()
  // One that rejects when it is called off, as those of Node.js do, must not end the process.
  void clock.sleep(duration, over.signal)().then(wake, wake)
  // With a reason, since the default one is an error with a stack trace.
  return () => over.abort(null)
}

/**
 * The first of: the task's result, the deadline (`onDeadline`), the signal (`onAbort`). The task itself is not stopped, and is
 * not begun where the signal has aborted already. A timer never outlives the race, and there is none for a task that settles
 * at once.
 *
 * @example
 * import { AuthError, type Clock, instant, race } from '@tessera/core'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const clock: Clock = { now: () => instant(0), sleep: () => () => Promise.resolve() }
 * const bounds = { deadline: instant(1_000) }
 * const vault = TE.right('answer')
 * void race(clock, bounds, AuthError.timedOut('the vault'), AuthError.aborted, vault)().then((result) => {
 *   assert.strictEqual(result._tag, 'Right')
 * })
 */
export const race =
  <Error, A>(
    clock: Clock,
    { deadline, signal }: Bounds,
    onDeadline: Error,
    onAbort: Error,
    task: TaskEither<Error, A>,
  ): TaskEither<Error, A> =>
  () =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return resolve(E.left(onAbort))
      let isOver = false
      let release = constVoid
      const end = (): void => {
        if (isOver) return
        isOver = true
        release()
      }
      const stop = (): void => {
        end()
        resolve(E.left(signal?.aborted ? onAbort : onDeadline))
      }
      const fail = (error: unknown): void => {
        end()
        reject(error)
      }
      const bound = (): void => {
        if (isOver) return
        const wait = between(clock.now(), deadline)
        const cancel = wait === Number.POSITIVE_INFINITY ? constVoid : startTimer(clock, wait, stop)
        signal?.addEventListener('abort', stop)
        release = () => {
          cancel()
          signal?.removeEventListener('abort', stop)
        }
        // The timer may have waked at once.
        if (isOver) release()
        else if (signal?.aborted) stop()
      }
      task().then((result) => {
        end()
        resolve(result)
      }, fail)
      atOnce().then(bound).catch(fail)
    })
