/**
 * What commands need of a store, and that of one which machines share: a Redis, or a database.
 */
import { type AuthError, type Cipher, encrypted, type Key, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Invocation } from './invocation.js'
import { bury } from './onlooker.js'

/** What a store has: a session, or a file that does not tell whose it is. */
export interface Listed {
  readonly key: E.Either<AuthError, Key>
  readonly file: O.Option<string>
}

/** What is left of a session: nothing, or a tombstone, which keeps processes from bringing it back. */
export type Removal = 'nothing' | 'tombstone'

export interface SessionStore {
  readonly store: TokenStore
  /** How it keeps them, in a word. */
  readonly kind: string
  /** The folder, or the URL without its password. */
  readonly place: string
  /** The file of a session, where there is one. */
  readonly file: (key: Key) => Task<O.Option<string>>
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<Listed>>
  /** Ends a session, readable or not, for all who share the store. */
  readonly end: (key: Key) => TE.TaskEither<AuthError, Removal>
  /** Removes what there is of a session that no process remembers. */
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
  readonly close: Task<void>
}

/** Sessions of a store that machines share, with their records sealed. */
export interface SharedSessions {
  readonly store: TokenStore
  /** Sealed with a record. */
  readonly namespace: string
  readonly list: TE.TaskEither<AuthError, ReadonlyArray<Key>>
  readonly remove: (key: Key) => TE.TaskEither<AuthError, void>
  readonly close: Task<void>
}

const isUndecodable = (error: AuthError): boolean => error._tag === 'StoreFailed' && error.operation === 'decode'

/**
 * Opens what either has sealed. What does not open in the first is not overwritten by it, and the other, which opens it, writes it as
 * it was sealed. The error is that of the first.
 */
const openedBy = (first: TokenStore, other: TokenStore): TokenStore => {
  const either = <A>(use: (store: TokenStore) => TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
    pipe(
      use(first),
      TE.orElse((error) =>
        isUndecodable(error)
          ? pipe(
              use(other),
              TE.mapLeft((second) => (isUndecodable(second) ? error : second)),
            )
          : TE.left(error),
      ),
    )
  return {
    ...first,
    get: (key) => either((store) => store.get(key)),
    compareAndSet: (key, expected, next) => either((store) => store.compareAndSet(key, expected, next)),
  }
}

/** Seals its records; one of a program that says no namespace opens, too, and stays sealed so. */
export const sealed = (
  opening: Pick<Invocation, 'shared' | 'signal'>,
  kind: string,
  place: string,
  cipher: Cipher,
  { store: raw, namespace, list, remove, close }: SharedSessions,
): SessionStore => {
  const store = openedBy(encrypted(cipher, { namespace })(raw), encrypted(cipher)(raw))
  return {
    store,
    kind: `${kind} (encrypted)`,
    place,
    file: () => () => Promise.resolve(O.none),
    list: pipe(list, TE.map(RA.map((key) => ({ key: E.right(key), file: O.none })))),
    end: (key) =>
      pipe(
        bury(opening, store, key),
        TE.map((): Removal => 'tombstone'),
        // What cannot be read here cannot be followed by a tombstone.
        TE.orElse((error) =>
          isUndecodable(error)
            ? pipe(
                remove(key),
                TE.map((): Removal => 'nothing'),
              )
            : TE.left(error),
        ),
      ),
    remove,
    close,
  }
}
