/** The clock of the store, and what it says of the end of a token. */
import {
  CellCodec,
  type Instant,
  Lifecycle,
  millis,
  minutes,
  plus,
  recordCallbackStore,
  type StoredRecord,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { scriptedStrategy, type TestClock } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { right, START, testEnv, textOf, token } from './support/basics.js'
import { at, HOUR, holding, living, open, until } from './support/opened.js'
import { tellingTime } from './support/stores.js'

describe("the store's clock", () => {
  const skewed = (clock: TestClock, skew: number): TokenStore => {
    const rows = new Map<string, StoredRecord>()
    return recordCallbackStore({
      load: async (key) => {
        const now = clock.now() + skew
        return { ...rows.get(key), now }
      },
      compareAndSwap: async (key, expected, next) => {
        if ((rows.get(key)?.version ?? null) !== expected) return false
        rows.set(key, next)
        return true
      },
    })
  }

  test("however far it is off, a token ends by the process's clock", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -31_536_000_000, max: 31_536_000_000 }), async (skew) => {
        const env = testEnv()
        const store = skewed(env.clock, skew)
        const { strategy, attempts } = scriptedStrategy([
          E.right(living('a')),
          E.right(until(plus(START, minutes(180)), 'b')),
        ])
        const make = () => pipe(strategy, TokenSource.make({ store, key: 'shared', renewBefore: millis(0) }))(env)()
        const first = make()
        expect(right(await first.get())).toEqual(living('a'))
        const second = make()
        expect(right(await second.get())).toEqual(living('a'))
        await env.clock.advance(millis(HOUR - 1))
        expect(textOf(await second.get())).toBe('a')
        await env.clock.advance(millis(1))
        expect(textOf(await env.clock.settle(second.get()))).toBe('b')
        expect(attempts()).toHaveLength(2)
        expect(right(await first.inspect()).expiresAt).toEqual(O.some(START + minutes(180)))
      }),
      { numRuns: 30 },
    )
  })
})

describe('a store with a clock of its own that takes its time', () => {
  /** How long a read takes until the store looks at its clock, and from there on, in ms; and by how much its clock is ahead. */
  interface Trip {
    readonly there: number
    readonly back: number
    readonly ahead: number
  }
  const FAST: Trip = { there: 0, back: 0, ahead: 0 }

  const slow = async () => {
    const env = testEnv()
    const { changes: _untold, ...held } = await holding({ token: O.some(living('a')) })
    const told = tellingTime(env, held)
    let trip = FAST
    const store: TokenStore = {
      ...told,
      get: (key) => async () => {
        const { there, back, ahead } = trip
        await env.clock.sleep(millis(there))()
        const read = await told.get(key)()
        await env.clock.sleep(millis(back))()
        return pipe(
          read,
          E.map((of) => ({ ...of, now: O.map((now: Instant) => plus(now, millis(ahead)))(of.now) })),
        )
      },
    }
    const { source } = open([], { env, store })
    return {
      /** Reads the record: when its token ends, by the process. */
      read: async (next: Trip) => {
        trip = next
        right(await env.clock.settle(source.inspect()))
        return O.toNullable(O.toNullable(source.peek())?.expiresAt ?? O.none)
      },
      /** Another process writes a token that ends an hour after the start, by the store's clock. */
      renew: async (generation: number) => {
        const { version } = right(await held.get('default')())
        const later = token(`of ${generation}`, { expiresAt: O.some(at(HOUR)) })
        const record = CellCodec.encode({ ...Lifecycle.empty, epoch: 1, generation, token: O.some(later) })
        right(await held.compareAndSet('default', version, { version: `${generation}`, record })())
      },
    }
  }
  const trips = (ahead: fc.Arbitrary<number>) =>
    fc.array(fc.record({ there: fc.nat(500), back: fc.nat(500), ahead }), { minLength: 1, maxLength: 10 })

  test('after one fast read, slow ones do not end a token early', () =>
    fc.assert(
      fc.asyncProperty(trips(fc.constant(0)), async (all) => {
        const { read } = await slow()
        expect(await read(FAST)).toBe(at(HOUR))
        for (const trip of all) expect(await read(trip)).toBe(at(HOUR))
      }),
    ))

  test('its clock may be set: a token ends too early or too late by no more than a read takes, and not too late after a large step', () =>
    fc.assert(
      fc.asyncProperty(trips(fc.integer({ min: -2_000, max: 2_000 })), async (all) => {
        const { read, renew } = await slow()
        let before = Number.POSITIVE_INFINITY
        for (const [index, trip] of all.entries()) {
          await renew(index + 2)
          const early = at(HOUR - trip.ahead) - Number(await read(trip))
          // Set by more than two reads can take, it says nothing of before.
          const isNew = Math.abs(trip.ahead - before) > 1_000
          expect(early).toBeGreaterThanOrEqual(isNew ? 0 : -trip.back)
          expect(early).toBeLessThanOrEqual(trip.there)
          before = trip.ahead
        }
      }),
    ))
})
