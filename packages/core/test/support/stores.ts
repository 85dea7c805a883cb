/** Stores that say what they were asked, do as they are told, or tell the time. */
import { AuthError, memoryStore, millis, plus, type Stamped, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Use } from './answers.js'
import { START, type TestEnv } from './basics.js'

export const away = AuthError.storeFailed('get', 'away')
export const failing = <A>(): Use<A> => TE.left(away)
export const throwing = <A>(): Use<A> => {
  throw new Error('mine')
}

/** A store without notifications that says what it was asked, and does as it is told. */
export const watched = (memory: TokenStore = memoryStore()) => {
  const calls: Array<'get' | 'compareAndSet'> = []
  const same = <A>(use: Use<A>): Use<A> => use
  const way: { get: typeof same; compareAndSet: typeof same } = { get: same, compareAndSet: same }
  const { changes: _, ...silent } = memory
  const store: TokenStore = {
    ...silent,
    get: (key) => {
      calls.push('get')
      return way.get(memory.get(key))
    },
    compareAndSet: (...given) => {
      calls.push('compareAndSet')
      return way.compareAndSet(memory.compareAndSet(...given))
    },
  }
  return { store, way, same, asked: () => calls.splice(0) }
}

/** A store that counts its calls. */
export const counted = (store: TokenStore = memoryStore()) => {
  const calls = { get: 0, compareAndSet: 0 }
  const counting: TokenStore = {
    ...store,
    get: (key) => () => {
      calls.get++
      return store.get(key)()
    },
    compareAndSet: (key, expected, next) => () => {
      calls.compareAndSet++
      return store.compareAndSet(key, expected, next)()
    },
  }
  return { store: counting, calls }
}

/** A store with a clock of its own, which nobody sets. */
export const tellingTime = (env: TestEnv, store: TokenStore): TokenStore => {
  const stamped = (there: Stamped): Stamped => ({
    ...there,
    now: O.some(plus(START, millis(env.clock.monotonic?.() ?? 0))),
  })
  return {
    ...store,
    get: (key) => async () => pipe(await store.get(key)(), E.map(stamped)),
    compareAndSet: (key, expected, next) => async () =>
      pipe(
        await store.compareAndSet(key, expected, next)(),
        E.map((written) => (written._tag === 'Conflict' ? { ...written, found: stamped(written.found) } : written)),
      ),
  }
}
