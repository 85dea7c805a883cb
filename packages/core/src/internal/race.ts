import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Clock } from '../Clock.js'
import { between, type Instant } from '../Time.js'

/** What bounds a wait. */
export interface Limits {
  readonly deadline: Instant
  readonly signal?: AbortSignal | undefined
}

/**
 * The first of: the task's result, the deadline, the signal. The task itself is not stopped; a timer never outlives the
 * race.
 */
export const race =
  <Error, A>(
    clock: Clock,
    limits: Limits,
    onDeadline: Error,
    onAbort: Error,
    task: TaskEither<Error, A>,
  ): TaskEither<Error, A> =>
  async () => {
    if (limits.signal?.aborted) return E.left(onAbort)
    const timer = new AbortController()
    // With a reason, since the default one is an error with a stack trace.
    const cancel = () => timer.abort(null)
    limits.signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await Promise.race([
        task(),
        clock
          .sleep(between(clock.now(), limits.deadline), timer.signal)()
          .then(() => E.left(limits.signal?.aborted ? onAbort : onDeadline)),
      ])
    } finally {
      limits.signal?.removeEventListener('abort', cancel)
      cancel()
    }
  }
