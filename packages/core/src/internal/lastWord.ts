import * as E from 'fp-ts/lib/Either.js'
import type { Clock } from '../Clock.js'
import { type Bounds, race } from '../race.js'
import { millis, plus } from '../Time.js'

/** How long a strategy has after its deadline, in turns and ms a turn. */
const TURNS = 5
const TURN = millis(10)

/**
 * As `race`, for running work that ends by the deadline itself: only it knows whether anything was sent, so it may say so a moment
 * later. That moment is measured from when this process sees the deadline, turn by turn: where the process was stopped or is
 * starved, the task's own timer and all that follows from it come before the next turn, however late the clock is by then.
 */
export const lastWord = <Error, A>(
  clock: Clock,
  bounds: Bounds,
  late: Error,
  running: Promise<E.Either<Error, A>>,
): Promise<E.Either<Error, A>> => {
  const until = (limits: Bounds, turns: number): Promise<E.Either<Error, A>> =>
    race(clock, limits, late, late, () => running)().then((result) =>
      turns > 0 && E.isLeft(result) && result.left === late
        ? until({ deadline: plus(clock.now(), TURN) }, turns - 1)
        : result,
    )
  return until(bounds, TURNS)
}
