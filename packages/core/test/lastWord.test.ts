/** What a strategy may still say after its deadline, in a process that is late itself. */
import { setImmediate } from 'node:timers/promises'
import {
  AuthError,
  type Clock,
  type ClockEnv,
  type Instant,
  memoryStore,
  millis,
  plus,
  type Strategy,
  seconds,
  TokenSource,
} from '@tessera/core'
import { testRandom } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { START } from './support/basics.js'
import { living } from './support/opened.js'

/** The clock of a process that is stopped now and then: what was due meanwhile comes at once when it goes on. */
const stoppable = () => {
  let time = START
  let sleeps: ReadonlyArray<{ readonly until: Instant; readonly wake: () => void }> = []
  const clock: Clock = {
    now: () => time,
    sleep: (duration) => () =>
      new Promise((wake) => {
        sleeps = [...sleeps, { until: plus(time, duration), wake }]
      }),
  }
  return {
    clock,
    stop: (ms: number): void => {
      time = plus(time, millis(ms))
      const due = sleeps.filter(({ until }) => until <= time)
      sleeps = sleeps.filter(({ until }) => until > time)
      for (const { wake } of [...due].sort((a, b) => a.until - b.until)) wake()
    },
  }
}

const TIMEOUT = seconds(15)
const notSent = AuthError.timedOut('a connection')

/** Says at its deadline, so many turns of the event loop later, that nothing was sent. */
const honest =
  (turns: number): Strategy<ClockEnv> =>
  ({ deadline }) =>
  ({ clock }) =>
  async () => {
    await clock.sleep(millis(deadline - clock.now()))()
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    return E.left(notSent)
  }

/** What comes of it in a process that is stopped for so many ms, one stop after the other. */
const outcome = async <A>(
  stops: ReadonlyArray<number>,
  begin: (clock: Clock) => Promise<A>,
): Promise<A | 'waiting'> => {
  const { clock, stop } = stoppable()
  let result: A | 'waiting' = 'waiting'
  void begin(clock).then((settled) => {
    result = settled
  })
  for (const ms of [0, ...stops]) {
    await setImmediate()
    stop(ms)
  }
  await setImmediate()
  return result
}

// Together less than the time of a whole renewal, with the wait for another holder.
const later = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 4, maxLength: 4 })
const first = fc.integer({ min: TIMEOUT, max: TIMEOUT + 5_000 })

test('"nothing was sent" is believed, however late the process sees the deadline', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3 }), first, later, async (turns, stop, stops) => {
      const renewal = (clock: Clock) =>
        pipe(
          honest(turns),
          TokenSource.make({ store: memoryStore(), timeout: TIMEOUT }),
        )({ clock, random: testRandom(1) })().get()
      expect(await outcome([stop, ...stops], renewal)).toEqual(E.left(notSent))
    }),
  ))

test('so it is of a derived token', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3 }), first, later, async (turns, stop, stops) => {
      const exchange = (clock: Clock) =>
        pipe(
          (): ReturnType<Strategy<ClockEnv>> => () => async () => E.right(living('parent')),
          TokenSource.make({ store: memoryStore() }),
          TokenSource.downscoped({ scope: ['a'], timeout: TIMEOUT, exchange: () => honest(turns) }),
        )({ clock, random: testRandom(1) })().get()
      expect(await outcome([stop, ...stops], exchange)).toEqual(E.left(notSent))
    }),
  ))

test('whoever says nothing is waited for 50 ms, in a process that is not late', async () => {
  const silent: Strategy<ClockEnv> = () => () => () => new Promise(() => undefined)
  const renewal = (clock: Clock) =>
    pipe(silent, TokenSource.make({ store: memoryStore(), timeout: TIMEOUT }))({ clock, random: testRandom(1) })().get()
  const turns = [10, 10, 10, 10]
  expect(await outcome([TIMEOUT, ...turns], renewal)).toBe('waiting')
  expect(await outcome([TIMEOUT, ...turns, 10], renewal)).toMatchObject(E.left({ _tag: 'OutcomeUnknown' }))
})
