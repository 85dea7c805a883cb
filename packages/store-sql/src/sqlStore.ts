/**
 * The token store over a table.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  absent,
  type Committed,
  type Conflict,
  committed,
  conflict,
  type Duration,
  type Key,
  millis,
  type Next,
  raised,
  Secret,
  type Stamped,
  seconds,
  type TokenStore,
  type Version,
} from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { idOf, ofHex, toHex } from './internal/bytes.js'
import { ignore } from './internal/ignore.js'
import { type PlaceOptions, placeOf } from './internal/place.js'
import { checkedPort } from './internal/port.js'
import { problem, reasonOf } from './internal/reason.js'
import { type Run, running } from './internal/run.js'
import { bytesIn, DAMAGED, stampedOf, textIn } from './internal/stamped.js'
import { makeWakeups } from './internal/wakeups.js'
import type { SqlPort } from './SqlPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** How a store hears of what other processes write. */
export interface Wakeups {
  /** How long between two looks for changes, in ms. Default: 2 s; 30 s where it listens. */
  readonly every?: Duration
  /** By which part of itself that differs, from 0 to 1. Default: 0.25. */
  readonly jitter?: number
  /**
   * Postgres only: each write is told by NOTIFY, and a port that can listen does. All processes of a session need it; where one has not,
   * polling finds what it writes. Default: false.
   */
  readonly notify?: boolean
}

/** What {@link sqlStore} may be told. */
export interface SqlStoreOptions {
  /** The table's name: letters, digits, `_` and `-`. Default: `tessera`. */
  readonly table?: string
  /** The schema (of MySQL: the database) that the table is in. Default: that of the connection. */
  readonly schema?: string
  /** How long one operation may take before it is {@link AuthError.StoreFailed}, in ms. Default: 1 s. */
  readonly commandTimeout?: Duration
  /**
   * Whether a write that was acknowledged may be lost: where an asynchronous replica may take the place of the server, or where
   * the server does not wait for its disk. Default: false.
   */
  readonly mayLoseWrites?: boolean
  readonly wakeups?: Wakeups
}

// -----------------------------------------------------------------------------
// pieces
// -----------------------------------------------------------------------------

const REPLICA = 'this server is a read replica, or read only: a replica may lag, name the primary'

/** How many keys are asked for at once. */
const MOST_IDS = 512
/** How often a write is made again that lost to one that it could not see. */
const MOST_TRIES = 3
/** A message of Postgres has 8,000 bytes at most. */
const LONGEST_MESSAGE = 1_000

const messageOf = (id: string, version: string): string => {
  const message = `${id} ${version}`
  return message.length > LONGEST_MESSAGE ? id : message
}

const readMessage = (payload: string) => {
  const [id = '', version] = payload.split(' ')
  return { id, version: O.fromNullable(version === undefined ? undefined : ofHex(version)) }
}

/** Filled up with its last one to a power of two: of so many statements only, a server knows the plan. */
const filledUp = (ids: ReadonlyArray<string>): ReadonlyArray<string> => {
  const size = 2 ** Math.ceil(Math.log2(ids.length))
  return [...ids, ...Array.from({ length: size - ids.length }, () => ids.at(-1) ?? '')]
}

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

/**
 * Keeps each record in a row of its own. A write is one statement that asks for the version it expects: no transaction is open, and no
 * lock or connection is held, while a token is asked for.
 *
 * Any failure is {@link AuthError.StoreFailed} within `commandTimeout`; its reason is the SQLSTATE or a code of the driver or the
 * operating system, never a message, which may quote what was sent.
 *
 * @example
 * import { pgPool, sqlStore } from '@tessera/store-sql'
 * import { Pool } from 'pg'
 *
 * const store = sqlStore(pgPool(new Pool()), { schema: 'auth', wakeups: { notify: true } })
 * assert.strictEqual(store.guarantee, 'shared')
 */
export const sqlStore = (
  port: SqlPort,
  { commandTimeout = millis(1_000), mayLoseWrites = false, wakeups: how = {}, ...options }: SqlStoreOptions = {},
): TokenStore => {
  const { dialect, table, channel } = placeOf(checkedPort('sqlStore', port).dialect, options satisfies PlaceOptions)
  const { jitter = 0.25, notify = false } = how
  if (notify && port.dialect !== 'postgres') {
    return raised(AuthError.misconfigured('wakeups', 'notify is of Postgres: other databases are polled'))
  }
  const { listen } = port
  const isListening = notify && listen !== undefined
  const every = how.every ?? seconds(isListening ? 30 : 2)
  const run = running(port, commandTimeout)

  const readBy = async (query: Run, id: string): Promise<Stamped> => {
    const [row] = await query(dialect.read(table), [id])
    if (row !== undefined && dialect.isReplica(row)) throw problem(REPLICA)
    return stampedOf(row)
  }

  const poll = async (ids: ReadonlyArray<string>): Promise<ReadonlyMap<string, Version>> => {
    const there = new Map<string, Version>()
    for (let start = 0; start < ids.length; start += MOST_IDS) {
      const some = filledUp(ids.slice(start, start + MOST_IDS))
      for (const row of await run((query) => query(dialect.versions(table, some.length), some))) {
        if (dialect.isReplica(row)) throw problem(REPLICA)
        there.set(textIn(row, 'id').toLowerCase(), bytesIn(row, 'version'))
      }
    }
    return there
  }
  const wakeups = makeWakeups({
    poll,
    next: () => every * (1 + jitter * (2 * Math.random() - 1)),
    read: readMessage,
    ...(isListening && { listen: (heard) => listen(channel, heard) }),
  })

  const get = async (key: Key): Promise<Stamped> => {
    const id = idOf(toHex('key', key))
    const found = await run((query) => readBy(query, id))
    wakeups.saw(id, found.version)
    return found
  }

  const compareAndSet = async (key: Key, expected: Version, next: Next): Promise<Committed | Conflict> => {
    const keyHex = toHex('key', key)
    const id = idOf(keyHex)
    const version = toHex('version', next.version)
    const record = toHex('record', Secret.open(next.record))
    const told = notify ? [channel, messageOf(id, version)] : []
    const [text, parameters] =
      expected === absent
        ? [dialect.create(table, notify), [id, keyHex, version, record, ...told]]
        : [dialect.replace(table, notify), [version, record, id, toHex('version', expected), ...told]]

    /** None: the write was made. */
    const write = async (query: Run): Promise<O.Option<Stamped>> =>
      dialect.isWritten(await query(text, parameters)) ? O.none : O.some(await readBy(query, id))
    const found = await run(async (query) => {
      let there = await write(query)
      // What lost to another may find that one gone when it looks.
      for (let tries = 1; O.isSome(there) && there.value.version === expected && tries < MOST_TRIES; tries++) {
        there = await write(query)
      }
      return there
    })
    // Of a write that is sent again.
    if (O.isNone(found) || found.value.version === next.version) {
      wakeups.wrote(id, next.version)
      return committed
    }
    wakeups.saw(id, found.value.version)
    return conflict(found.value)
  }

  const attempt = <A>(operation: 'get' | 'compareAndSet', use: () => Promise<A>): TE.TaskEither<AuthError, A> =>
    TE.tryCatch(use, (error) => {
      const reason = reasonOf(error)
      // No second try reads it.
      return AuthError.storeFailed(reason === DAMAGED ? 'decode' : operation, reason)
    })

  return {
    guarantee: 'shared',
    mayLoseWrites,
    get: (key) => attempt('get', () => get(key)),
    compareAndSet: (key, expected, next) => attempt('compareAndSet', () => compareAndSet(key, expected, next)),
    changes: (key, onChange) => {
      try {
        return wakeups.subscribe(idOf(toHex('key', key)), onChange)
      } catch {
        // Such a key is told by each call.
        return ignore
      }
    },
  }
}
