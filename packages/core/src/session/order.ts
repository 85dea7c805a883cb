import * as O from 'fp-ts/lib/Option.js'
import type { Nonce } from '../Lifecycle.js'
import type { Key } from '../TokenStore.js'
import type { Acquired } from './acquired.js'
import type { Snapshot } from './records.js'

/** A login, or a token to adopt, from when it was asked for until its token is in an outbox. */
export interface Begun {
  /** The logins whose tokens wait for the store, and the revokes, that were asked for before it. */
  readonly earlier: ReadonlySet<Nonce>
  /** The end of the revokes that were asked for before it; none where there is nothing to wait for. */
  readonly revokes: Promise<unknown> | undefined
  /** A revoke that was asked for after it has ended the session that is found. */
  readonly isOver: (found: Pick<Snapshot, 'cell'>) => boolean
  readonly end: () => void
}

/** A revoke, however often it is tried. */
export interface Revoke {
  /** The logins and revokes that were asked for before it. */
  readonly origins: ReadonlySet<Nonce>
  /** Whether a tombstone is that of a revoke that was asked for after it, and whose answer is on its way. */
  readonly isOfLater: (origin: Nonce) => boolean
  /** The tokens that waited for the store. */
  readonly earlier: ReadonlyArray<Acquired>
  /** One try. */
  readonly track: <A>(run: Promise<A>) => Promise<A>
  /** Its tombstone is written. */
  readonly buried: () => void
  /** It is not tried again. */
  readonly end: () => void
}

/**
 * What is under way of each key, by all sources of one collection, and in which order logins and revokes were asked for: each takes its
 * time until the record hears of it, and the record knows no other order than that. And where a server ends all that a person has granted
 * by one token, a login must not begin while a token is revoked there, nor a token be revoked while a login is under way.
 */
export interface Order {
  readonly begin: (key: Key, origin: Nonce, isClosed: () => boolean) => Begun
  /** A login of a key that nobody knows yet, until what is returned is called, or its source is closed. */
  readonly beginUnknown: (isClosed: () => boolean) => () => void
  /** A login is under way that may be of this key. */
  readonly isBeginning: (key: Key) => boolean
  readonly revoke: (key: Key, own: Nonce) => Revoke
  /** Tokens of a key are revoked at the server. */
  readonly revoking: <A>(key: Key, revocation: Promise<A>) => Promise<A>
  /** The end of the revocations at the server of a key, or of all that are under way now. */
  readonly settled: (key: Key | undefined) => Promise<void>
  /** A token waits for the store. */
  readonly wait: (key: Key, acquired: Acquired) => void
  readonly written: (key: Key, acquired: Acquired) => void
  /** Those of a key that have waited for longer. */
  readonly before: (key: Key, acquired: Acquired) => ReadonlyArray<Acquired>
}

interface Asked {
  readonly turn: number
  /** The try that is under way. */
  run: Promise<unknown> | undefined
}

/** What is on its way to one record, or to the server. */
interface OnTheWay {
  /** By the nonces of their sessions; of each, whether its source is closed. */
  readonly logins: Map<Nonce, () => boolean>
  readonly waiting: Set<Acquired>
  /** By the nonces of their tombstones, until that is written or nobody tries any more. */
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
          // One that is tried again keeps its turn.
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
