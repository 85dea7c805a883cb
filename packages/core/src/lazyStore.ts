/**
 * A store that is opened when it is needed.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import { expectFunctions } from './internal/expected.js'
import type { TokenStore } from './TokenStore.js'

/** A store that was opened, and what ends that. */
export interface OpenedStore {
  readonly store: TokenStore
  readonly close: Task<void>
}

/** The parameters of {@link lazyStore}. */
export interface LazyStoreOptions {
  /** Opens a store that processes share. What it answers besides is not asked for again. */
  readonly open: TE.TaskEither<AuthError.AuthError, OpenedStore>
  /** As of the store that is opened. Default: false. */
  readonly mayLoseWrites?: boolean
}

/** A store that ends what it has opened. */
export interface ClosableStore extends TokenStore {
  /** Ends what was opened, if it was. Later operations fail. */
  readonly close: Task<void>
}

/**
 * A shared store that is opened when it is first used, once for all callers; where that fails, so does the operation, and the next one
 * tries again.
 *
 * @throws A {@link AuthError.toError | typed error} where `open` is no function, from JavaScript.
 *
 * @example
 * import { lazyStore, memoryStore } from '@tessera/core'
 * import * as T from 'fp-ts/lib/Task.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const store = lazyStore({ open: TE.right({ store: memoryStore(), close: T.of(undefined) }) })
 * void store.close()
 */
export const lazyStore = (options: LazyStoreOptions): ClosableStore => {
  expectFunctions('lazyStore takes { open }', options, ['open'])
  const { open, mayLoseWrites = false } = options
  /** Who waits for the store to hear of its changes. */
  const listeners = new Set<(store: TokenStore) => void>()
  /** Where it is open, or is being opened. */
  let under: Promise<E.Either<AuthError.AuthError, OpenedStore>> | undefined
  let opened: TokenStore | undefined
  let isClosed = false

  const opening = async (): Promise<E.Either<AuthError.AuthError, OpenedStore>> => {
    const result = await open()
    if (E.isLeft(result)) under = undefined
    else {
      opened = result.right.store
      for (const listen of listeners) listen(opened)
      listeners.clear()
    }
    return result
  }
  const openOnce = (): Promise<E.Either<AuthError.AuthError, OpenedStore>> => {
    under ??= opening()
    return under
  }

  const on =
    (operation: 'get' | 'compareAndSet') =>
    <A>(use: (store: TokenStore) => TE.TaskEither<AuthError.AuthError, A>): TE.TaskEither<AuthError.AuthError, A> =>
    async () => {
      if (isClosed) return E.left(AuthError.storeFailed(operation, 'the store is closed'))
      const result = await openOnce()
      return E.isLeft(result) ? result : use(result.right.store)()
    }

  return {
    guarantee: 'shared',
    mayLoseWrites,
    get: (key) => on('get')((store) => store.get(key)),
    compareAndSet: (key, expected, next) => on('compareAndSet')((store) => store.compareAndSet(key, expected, next)),
    changes: (key, onChange) => {
      if (opened !== undefined) return opened.changes?.(key, onChange) ?? (() => undefined)
      let end: IO<void> | undefined
      const listen = (store: TokenStore): void => {
        end = store.changes?.(key, onChange)
      }
      listeners.add(listen)
      if (!isClosed) void openOnce()
      return () => {
        listeners.delete(listen)
        end?.()
      }
    },
    close: async () => {
      isClosed = true
      const result = await under
      under = undefined
      if (result !== undefined && E.isRight(result)) await result.right.close()
    },
  }
}
