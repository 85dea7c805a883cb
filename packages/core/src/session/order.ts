import * as O from 'fp-ts/lib/Option.js'
import type { Nonce } from '../Lifecycle.js'
import type { Key } from '../TokenStore.js'
import type { Acquired } from './acquired.js'
import type { Snapshot } from './snapshot.js'

/** A login, or a token to adopt, from when it was asked for until its token is in an outbox. */
export interface Begun {
  /** The earlier logins whose tokens wait for the store, and the earlier revokes. */
  readonly earlier: ReadonlySet<Nonce>
  /** Settles after the running tries of earlier revokes. Undefined if there are none. */
  readonly revokes: Promise<unknown> | undefined
  /** Whether a later revoke has ended this login, given the record that was found. */
  readonly isOver: (found: Pick<Snapshot, 'cell'>) => boolean
  readonly end: () => void
}

/** A revoke, however often it is tried. */
export interface Revoke {
  /** The nonces of earlier logins and revokes. */
  readonly origins: ReadonlySet<Nonce>
  /** Whether this tombstone nonce belongs to a later revoke whose write is not confirmed yet. */
  readonly isOfLater: (origin: Nonce) => boolean
  /** The tokens that waited for the store when the revoke was asked for. */
  readonly earlier: ReadonlyArray<Acquired>
  /** Registers one try, so that a later login waits for it. */
  readonly track: <A>(run: Promise<A>) => Promise<A>
  /** To be called when the tombstone is written. */
  readonly buried: () => void
  /** To be called when the revoke is given up. */
  readonly end: () => void
}

/**
 * The logins, revokes and revocations at the server in progress, per key, for all sources of one collection. The record shows only the
 * order in which writes arrive. This keeps the order in which the application asked. Second purpose: some servers end a person's whole
 * grant when one token is revoked. There a login must not start during a revocation, nor a revocation during a login.
 */
export interface Order {
  readonly begin: (key: Key, origin: Nonce, isClosed: () => boolean) => Begun
  /** Registers a login whose key is not known yet, until the returned function is called or its source is closed. */
  readonly beginUnknown: (isClosed: () => boolean) => () => void
  /** Whether a login is in progress that may be of this key. */
  readonly isBeginning: (key: Key) => boolean
  readonly revoke: (key: Key, own: Nonce) => Revoke
  /** Registers a revocation at the server until it settles. */
  readonly revoking: <A>(key: Key, revocation: Promise<A>) => Promise<A>
  /** Settles when a key has no revocation at the server any more. Without a key: after all that are in progress now. */
  readonly settled: (key: Key | undefined) => Promise<void>
  /** Registers a token that waits for the store. */
  readonly wait: (key: Key, acquired: Acquired) => void
  readonly written: (key: Key, acquired: Acquired) => void
  /** Tokens of the key that were queued before this one. */
  readonly before: (key: Key, acquired: Acquired) => ReadonlyArray<Acquired>
}

interface Asked {
  readonly turn: number
  /** The try in progress. */
  run: Promise<unknown> | undefined
}

/** The operations in progress for one key. */
interface OnTheWay {
  /** Session nonce → whether the login's source is closed. */
  readonly logins: Map<Nonce, () => boolean>
  readonly waiting: Set<Acquired>
  /** Tombstone nonce → the revoke, until its tombstone is written or it is given up. */
  readonly revokes: Map<Nonce, Asked>
  readonly revocations: Set<Promise<unknown>>
  /** The turn of the last revoke that has written its tombstone. */
  buried: number
}

const originsOf = (acquired: Iterable<Acquired>): ReadonlyArray<Nonce> =>
  Array.from(acquired).flatMap(({ origin }) => (O.isSome(origin) ? [origin.value] : []))

const isOpen = (isClosed: () => boolean): boolean => !isClosed()

export const makeOrder = (): Order => {
  const keys = new Map<Key, OnTheWay>()
  const unknown = new Set<() => boolean>()
  let turns = 0

  const of = (key: Key): OnTheWay => {
    const there = keys.get(key) ?? {
      logins: new Map(),
      waiting: new Set(),
      revokes: new Map(),
      revocations: new Set(),
      buried: 0,
    }
    keys.set(key, there)
    return there
  }
  const forget = (key: Key): void => {
    const { logins, waiting, revokes, revocations } = of(key)
    if (logins.size + waiting.size + revokes.size + revocations.size === 0) keys.delete(key)
  }
  const revocationsOf = (key: Key | undefined): ReadonlyArray<Promise<unknown>> =>
    key === undefined
      ? Array.from(keys.values()).flatMap(({ revocations }) => [...revocations])
      : Array.from(keys.get(key)?.revocations ?? [])

  return {
    begin: (key, origin, isClosed) => {
      const there = of(key)
      const { logins, waiting, revokes } = there
      const turn = ++turns
      logins.set(origin, isClosed)
      const runs = Array.from(revokes.values()).flatMap(({ run }) => (run === undefined ? [] : [run]))
      return {
        earlier: new Set([...originsOf(waiting), ...revokes.keys()]),
        revokes: runs.length === 0 ? undefined : Promise.allSettled(runs),
        isOver: ({ cell }) => {
          // A revoke keeps its turn when it is tried again.
          const isOfLater = (origin: Nonce): boolean => (revokes.get(origin)?.turn ?? 0) > turn
          return there.buried > turn || O.exists(isOfLater)(cell.origin)
        },
        end: () => {
          logins.delete(origin)
          forget(key)
        },
      }
    },
    beginUnknown: (isClosed) => {
      const login = (): boolean => isClosed()
      unknown.add(login)
      return () => void unknown.delete(login)
    },
    isBeginning: (key) => [...unknown, ...(keys.get(key)?.logins.values() ?? [])].some(isOpen),
    revoke: (key, own) => {
      const { logins, waiting, revokes } = of(key)
      const asked: Asked = { turn: ++turns, run: undefined }
      const origins = new Set([...logins.keys(), ...originsOf(waiting), ...revokes.keys()])
      revokes.set(own, asked)
      const end = (): void => {
        of(key).revokes.delete(own)
        forget(key)
      }
      return {
        origins,
        isOfLater: (origin) => (keys.get(key)?.revokes.get(origin)?.turn ?? 0) > asked.turn,
        earlier: [...waiting],
        track: (run) => {
          const ended = (): void => {
            asked.run = undefined
          }
          asked.run = run
          run.then(ended, ended)
          return run
        },
        buried: () => {
          const there = of(key)
          there.buried = Math.max(there.buried, asked.turn)
          end()
        },
        end,
      }
    },
    revoking: (key, revocation) => {
      const forgotten = (): void => {
        of(key).revocations.delete(revocation)
        forget(key)
      }
      of(key).revocations.add(revocation)
      revocation.then(forgotten, forgotten)
      return revocation
    },
    settled: async (key) => {
      do await Promise.allSettled(revocationsOf(key))
      while (key !== undefined && revocationsOf(key).length > 0)
    },
    wait: (key, acquired) => void of(key).waiting.add(acquired),
    written: (key, acquired) => {
      of(key).waiting.delete(acquired)
      forget(key)
    },
    before: (key, acquired) => {
      const all = Array.from(keys.get(key)?.waiting ?? [])
      return all.slice(0, Math.max(0, all.indexOf(acquired)))
    },
  }
}
