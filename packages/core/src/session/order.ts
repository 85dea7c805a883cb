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
  /** The tokens that waited for the store. */
  readonly earlier: ReadonlyArray<Acquired>
  /** One try. */
  readonly track: <A>(run: Promise<A>) => Promise<A>
  /** Its tombstone is written. */
  readonly buried: () => void
}

/**
 * In which order logins and revokes of one key were asked for, by all sources of one collection: each takes its time until the record
 * hears of it, and the record knows no other order than that.
 */
export interface Order {
  readonly begin: (key: Key, origin: Nonce) => Begun
  readonly revoke: (key: Key, own: Nonce) => Revoke
  /** A token waits for the store. */
  readonly wait: (key: Key, acquired: Acquired) => void
  readonly written: (key: Key, acquired: Acquired) => void
  /** Those of a key that have waited for longer. */
  readonly before: (key: Key, acquired: Acquired) => ReadonlyArray<Acquired>
}

/** What is on its way to one record. A revoke is told by the nonce of its tombstone. */
interface OnTheWay {
  readonly logins: Set<Nonce>
  readonly waiting: Set<Acquired>
  readonly revokes: Map<Promise<unknown>, { readonly own: Nonce; readonly turn: number }>
  /** The turn of the last revoke that has written its tombstone. */
  buried: number
}

const originsOf = (acquired: Iterable<Acquired>): ReadonlyArray<Nonce> =>
  Array.from(acquired).flatMap(({ origin }) => (O.isSome(origin) ? [origin.value] : []))

export const makeOrder = (): Order => {
  const keys = new Map<Key, OnTheWay>()
  let turns = 0

  const of = (key: Key): OnTheWay => {
    const there = keys.get(key) ?? { logins: new Set(), waiting: new Set(), revokes: new Map(), buried: 0 }
    keys.set(key, there)
    return there
  }
  const forget = (key: Key): void => {
    const there = keys.get(key)
    if (there?.logins.size === 0 && there.waiting.size === 0 && there.revokes.size === 0) keys.delete(key)
  }

  return {
    begin: (key, origin) => {
      const { logins, waiting, revokes } = of(key)
      const turn = ++turns
      logins.add(origin)
      const earlier = new Set([...originsOf(waiting), ...Array.from(revokes.values(), ({ own }) => own)])
      return {
        earlier,
        revokes: revokes.size === 0 ? undefined : Promise.allSettled([...revokes.keys()]),
        isOver: ({ cell }) => {
          const there = keys.get(key)
          // One that is tried again keeps its turn.
          const later = Array.from(there?.revokes.values() ?? []).filter((of) => of.turn > turn)
          const isOfLater = (origin: Nonce): boolean => later.some(({ own }) => own === origin)
          return (there?.buried ?? 0) > turn || O.exists(isOfLater)(cell.origin)
        },
        end: () => {
          logins.delete(origin)
          forget(key)
        },
      }
    },
    revoke: (key, own) => {
      const turn = ++turns
      const there = keys.get(key)
      return {
        origins: new Set(
          there === undefined
            ? []
            : [...there.logins, ...originsOf(there.waiting), ...Array.from(there.revokes.values(), (of) => of.own)],
        ),
        earlier: Array.from(there?.waiting ?? []),
        track: (run) => {
          const { revokes } = of(key)
          const ended = (): void => {
            revokes.delete(run)
            forget(key)
          }
          revokes.set(run, { own, turn })
          run.then(ended, ended)
          return run
        },
        buried: () => {
          const now = of(key)
          now.buried = Math.max(now.buried, turn)
        },
      }
    },
    wait: (key, acquired) => void of(key).waiting.add(acquired),
    written: (key, acquired) => {
      keys.get(key)?.waiting.delete(acquired)
      forget(key)
    },
    before: (key, acquired) => {
      const all = Array.from(keys.get(key)?.waiting ?? [])
      return all.slice(0, Math.max(0, all.indexOf(acquired)))
    },
  }
}
