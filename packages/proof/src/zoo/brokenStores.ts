/** Stores, each broken at one place. */
import {
  AuthError,
  absent,
  CellCodec,
  committed,
  conflict,
  type Key,
  memoryStore,
  type Next,
  pairCallbackStore,
  Secret,
  type TokenPair,
  type TokenStore,
} from '@tessera/core'
import type { MakeStore } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { StoreSpecimen } from './Specimen.js'
import { type Flaws, overTable, type Rows, stamped, write } from './table.js'

/** A table whose keys or records are changed on their way in. */
const changing = (toKey: (key: Key) => Key, toRecord: (text: string) => string = (text) => text): MakeStore =>
  overTable({
    read: (rows, key) => rows.get(toKey(key)),
    write: (rows, key, expected, { version, record }) =>
      write(rows, toKey(key), expected, { version, record: Secret.make('Record', toRecord(Secret.open(record))) }),
  })

/** A memory store for everybody, with other members. */
const shared = (members: (memory: TokenStore) => Partial<TokenStore>): MakeStore => {
  const memory = memoryStore()
  return () => ({ ...memory, guarantee: 'shared', ephemeral: false, ...members(memory) })
}

const telling = (
  changes: (of: NonNullable<TokenStore['changes']>) => NonNullable<TokenStore['changes']>,
): MakeStore => {
  const memory = memoryStore()
  const of = memory.changes
  return () => ({ ...memory, guarantee: 'shared', ephemeral: false, ...(of !== undefined && { changes: changes(of) }) })
}

/** Records for everybody, messages for the opening that writes. */
const tellingItself = (): MakeStore => {
  const rows: Rows = new Map()
  return () => {
    const own = memoryStore()
    return {
      guarantee: 'shared',
      get: (key) => TE.fromIO(() => stamped(rows.get(key))),
      compareAndSet: (key, expected, next) => async () => {
        const there = await own.get(key)()
        const answer = write(rows, key, expected, next)
        // Nobody reads it: it tells.
        if (E.isRight(there)) await own.compareAndSet(key, there.right.version, next)()
        return E.right(answer)
      },
      ...(own.changes !== undefined && { changes: own.changes }),
    }
  }
}

/** The end of one subscription takes all others off the list. */
const endingAll = (): MakeStore => {
  const rows: Rows = new Map()
  const listeners = new Set<() => void>()
  return () => ({
    guarantee: 'shared',
    get: (key) => TE.fromIO(() => stamped(rows.get(key))),
    compareAndSet: (key, expected, next) =>
      TE.fromIO(() => {
        const answer = write(rows, key, expected, next)
        for (const tell of listeners) tell()
        return answer
      }),
    changes: (_, onChange) => {
      listeners.add(() => onChange(O.none))
      return () => listeners.clear()
    },
  })
}

type Lock = NonNullable<Parameters<typeof pairCallbackStore>[0]['exclusive']>

/** Pairs in a database, under a lock of the application's. */
const locking = (makeLock: () => Lock): MakeStore => {
  const pairs = new Map<Key, TokenPair | null>()
  return () =>
    pairCallbackStore({
      retrieve: (key) => pairs.get(key),
      store: (pair, key) => void pairs.set(key, pair),
      exclusive: makeLock(),
    })
}

/** One after the other; `releases`: whether a use that fails gives the lock back. */
const serial = (releases = true): Lock => {
  let last: Promise<unknown> = Promise.resolve()
  return (_, use) => {
    const turn = last.then(use)
    last = turn.then((result) => {
      const isFailure = typeof result === 'object' && result !== null && '_tag' in result && result._tag === 'Left'
      return isFailure && !releases ? new Promise(() => undefined) : undefined
    })
    return turn
  }
}

/** One lock for all openings, which a use that fails keeps. */
const neverEnding = (): MakeStore => {
  const lock = serial(false)
  return locking(() => lock)
}

const exclusively = (exclusive: NonNullable<TokenStore['exclusive']>): MakeStore => {
  const make = locking(serial)
  return async (pause, prefix) => ({ ...(await make(pause, prefix)), exclusive })
}

const isTombstone = (row: Next | undefined): boolean => {
  if (row === undefined) return false
  const cell = CellCodec.decode(O.some(row.record))
  return E.isRight(cell) && cell.right.status._tag === 'Revoked'
}

/** Each read is of a moment ago, where there was one. */
const lagging = (): MakeStore => {
  const rows: Rows = new Map()
  const before = new Map<Key, Next | undefined>()
  return () => ({
    guarantee: 'shared',
    get: (key) => TE.fromIO(() => stamped(before.has(key) ? before.get(key) : rows.get(key))),
    compareAndSet: (key, expected, next) =>
      TE.fromIO(() => {
        before.set(key, rows.get(key))
        return write(rows, key, expected, next)
      }),
  })
}

/** Looks at a version, gives way, and writes. */
const checkThenAct = (): MakeStore => {
  const rows: Rows = new Map()
  return (pause) => ({
    guarantee: 'shared',
    get: (key) => TE.fromIO(() => stamped(rows.get(key))),
    compareAndSet: (key, expected, next) => async () => {
      const seen = new Map(rows)
      await pause()
      const answer = write(seen, key, expected, next)
      if (answer._tag === 'Committed') rows.set(key, next)
      return E.right(answer)
    },
  })
}

/** Reads a record's version and its text one after the other. */
const torn = (): MakeStore => {
  const rows: Rows = new Map()
  return (pause) => ({
    guarantee: 'shared',
    get: (key) => async () => {
      const { version, now } = stamped(rows.get(key))
      await pause()
      return E.right({ version, record: stamped(rows.get(key)).record, now })
    },
    compareAndSet: (key, expected, next) => TE.fromIO(() => write(rows, key, expected, next)),
  })
}

/** Each opening remembers what it has read or written, and looks no further. */
const cached = (): MakeStore => {
  const rows: Rows = new Map()
  return () => {
    const cache: Rows = new Map()
    return {
      guarantee: 'shared',
      get: (key) =>
        TE.fromIO(() => {
          const found = cache.get(key) ?? rows.get(key)
          if (found !== undefined) cache.set(key, found)
          return stamped(found)
        }),
      compareAndSet: (key, expected, next) =>
        TE.fromIO(() => {
          const answer = write(rows, key, expected, next)
          if (answer._tag === 'Committed') cache.set(key, next)
          return answer
        }),
    }
  }
}

/** Commits what was committed once, though it was overwritten since. */
const remembering = (): MakeStore => {
  const seen = new Set<string>()
  return overTable({
    write: (rows, key, expected, next) => {
      if (seen.has(next.version)) return committed
      const answer = write(rows, key, expected, next)
      if (answer._tag === 'Committed') seen.add(next.version)
      return answer
    },
  })
}

const losing = (): StoreSpecimen => {
  const rows: Rows = new Map()
  const lost = new Set<Key>()
  const make = overTable({
    read: (_, key) => rows.get(key),
    write: (_, key, expected, next) =>
      lost.has(key) ? conflict(stamped(undefined)) : write(rows, key, expected, next),
    members: { mayLoseWrites: true },
  })
  return {
    name: 'what it has lost cannot be written again',
    make,
    lose: async (key) => {
      rows.delete(key)
      lost.add(key)
    },
  }
}

const flawed = (name: string, flaws: Flaws): StoreSpecimen => ({ name, make: overTable(flaws) })

/** The broken stores. */
export const brokenStores = (): ReadonlyArray<StoreSpecimen> => [
  flawed('stale overwrite: it writes blindly', {
    write: (rows, key, _, next) => {
      rows.set(key, next)
      return committed
    },
  }),
  flawed('it says committed, and writes nothing', { write: () => committed }),
  flawed('it writes in spite of a conflict', {
    write: (rows, key, expected, next) => {
      const answer = write(rows, key, expected, next)
      rows.set(key, next)
      return answer
    },
  }),
  flawed('it takes "nothing is there" for "whatever is there"', {
    write: (rows, key, expected, next) =>
      write(rows, key, expected === absent ? (rows.get(key)?.version ?? absent) : expected, next),
  }),
  flawed('it updates, and never inserts', {
    write: (rows, key, expected, next) =>
      rows.has(key) ? write(rows, key, expected, next) : conflict(stamped(undefined)),
  }),
  { name: 'it looks, gives way, and then writes', make: checkThenAct() },
  { name: 'a read is torn', make: torn() },
  { name: 'a read lags behind', make: lagging() },
  { name: 'each opening has a cache that never ends', make: cached() },
  flawed('a write that is sent again is a conflict', {
    write: (rows, key, expected, next) => {
      const found = rows.get(key)
      return found?.version === next.version ? conflict(stamped(found)) : write(rows, key, expected, next)
    },
  }),
  { name: 'a write that is sent again is committed, though it was overwritten', make: remembering() },
  flawed('a write that is sent again undoes what overwrote it', {
    write: (rows, key, expected, next) => {
      const answer = write(rows, key, expected, next)
      if (answer._tag === 'Conflict' && expected === absent) rows.set(key, next)
      return answer._tag === 'Conflict' && expected === absent ? committed : answer
    },
  }),
  flawed('a conflict brings nothing', {
    write: (rows, key, expected, next) => {
      const answer = write(rows, key, expected, next)
      return answer._tag === 'Conflict' ? conflict(stamped(undefined)) : answer
    },
  }),
  flawed('a conflict brings what was to be written', {
    write: (rows, key, expected, next) => {
      const answer = write(rows, key, expected, next)
      return answer._tag === 'Conflict' ? conflict(stamped(next)) : answer
    },
  }),
  flawed('versions are its own', {
    read: (rows, key) => {
      const row = rows.get(key)
      return row && { ...row, version: `${rows.size} ${row.version.length}` }
    },
  }),
  { name: 'one slot for all keys', make: changing(() => 'one') },
  { name: 'keys without capitals', make: changing((key) => key.toLowerCase()) },
  { name: 'keys without their outer spaces', make: changing((key) => key.trim()) },
  { name: 'keys of 64 characters', make: changing((key) => key.slice(0, 64)) },
  { name: 'keys as paths', make: changing((key) => new URL(`file:///${encodeURI(key)}`).pathname) },
  { name: 'keys in one Unicode form', make: changing((key) => key.normalize('NFC')) },
  {
    name: 'records of 4,096 characters',
    make: changing(
      (key) => key,
      (text) => text.slice(0, 4_096),
    ),
  },
  {
    name: 'records in Latin-1',
    make: changing(
      (key) => key,
      (text) => text.replace(/[\u0100-\uffff]/g, '?'),
    ),
  },
  flawed('it fails', { members: { get: () => TE.left(AuthError.storeFailed('get', 'always')) } }),
  flawed('a tombstone is taken for nothing', {
    read: (rows, key) => (isTombstone(rows.get(key)) ? undefined : rows.get(key)),
  }),
  flawed('a tombstone is overwritten by whoever comes', {
    write: (rows, key, expected, next) =>
      write(rows, key, isTombstone(rows.get(key)) ? (rows.get(key)?.version ?? absent) : expected, next),
  }),
  {
    name: 'it says shared, and keeps its records in the process',
    make: () => ({ ...memoryStore(), guarantee: 'shared', ephemeral: false }),
  },
  { name: 'it forgets at each start, and does not say so', make: () => ({ ...memoryStore(), ephemeral: false }) },
  { name: 'it is shared and ephemeral', make: shared(() => ({ ephemeral: true })) },
  { name: 'it is lossy, and nobody else could lose anything', make: () => ({ ...memoryStore(), mayLoseWrites: true }) },
  losing(),
  { name: 'lost message: it tells nobody', make: telling(() => () => () => undefined) },
  {
    name: 'lost message: it tells who listens to another key',
    make: telling((changes) => (key, onChange) => changes(`${key}!`, onChange)),
  },
  { name: 'lost message: it tells who listens where it was written', make: tellingItself() },
  { name: 'the end of one subscription ends all', make: endingAll() },
  {
    name: 'a subscription is told all the time',
    make: telling(() => (_, onChange) => {
      onChange(O.none)
      return () => undefined
    }),
  },
  {
    name: 'a subscription that has ended is told still',
    make: telling((changes) => (key, onChange) => {
      changes(key, onChange)
      return () => undefined
    }),
  },
  {
    name: 'a message with a version of its own',
    make: telling((changes) => (key, onChange) => changes(key, () => onChange(O.some('mine')))),
  },
  { name: 'a lock that lets everybody in', make: locking(() => (_, use) => use()) },
  { name: 'a lock of the process alone', make: locking(serial) },
  { name: 'a lock that never ends', make: neverEnding() },
  {
    name: 'a lock that answers for its use',
    make: exclusively((_, use) => async () => {
      await use()
      return E.left(AuthError.closed)
    }),
  },
]
