import { CellCodec, type Duration, Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Cell } from '../internal/cells.js'
import type { MakeSource } from '../Parts.js'
import type { Rotation } from '../ServerModel.js'

/**
 * What a process is asked to do. `refuse`: an API answers 401 to the token that it was given last, or else the first one. `adopt`: it is
 * handed the token of a login that the application has made.
 */
export type ProcessAct = 'ask' | 'refuse' | 'login' | 'adopt' | 'revoke' | 'close'

/** What may befall a process or a call. */
export const faults = [
  /** A process ends, with all that it remembers. */
  'crash',
  /** A token request is granted, and its answer is lost: the connection is reset. */
  'lost answer',
  /** The answer to a token request comes at any time, also long after its sender has given up. */
  'late answer',
  /** There is no connection to the server. */
  'not sent',
  /** The server answers 429. */
  'throttled',
  /** A revocation never comes to the server: the connection is reset. */
  'lost revocation',
  /** The store fails, and writes nothing. */
  'failed write',
  /** A write never comes to the store, and is never answered. */
  'hung write',
  /** The store writes, and fails. */
  'lost store answer',
  /** The answer of the store comes at any time. */
  'late store answer',
  /** The store loses its last write, though it was acknowledged. */
  'lost write',
] as const

/** See {@link faults}. */
export type Fault = (typeof faults)[number]

/** What is explored, and how far. */
export interface EveryScheduleOptions {
  /** How often time may go by while something is on its way: a process stops for a while, or a message travels. Default: 0. */
  readonly stalls?: number
  /**
   * What each process is asked. The first begins at once, each other one at any time after the one before has begun. Default: two
   * processes ask.
   */
  readonly acts?: ReadonlyArray<ReadonlyArray<ProcessAct>>
  /** How often each fault may come, once in any call of its kind or at any time. Default: none. */
  readonly faults?: Readonly<Partial<Record<Fault, number>>>
  /** How the token of the session is met: near its end, or beyond. Default: `expired`. */
  readonly start?: 'due' | 'expired'
  /** What the modelled server does with a refresh token that is redeemed. Default: strict, and the second use ends the session. */
  readonly mode?: Rotation
  /** The pipeline needs no refresh token: client credentials, an assertion. The first session is a person's all the same. Default: false. */
  readonly selfSufficient?: boolean
  /** Default: `background`. */
  readonly renewal?: 'background' | 'blocking'
  /** The source's own `timeout`, in ms. Default: that of a source, 15 s. */
  readonly sourceTimeout?: Duration
  /** The source's own `maxStale`, in ms. Default: that of a source, 60 s. */
  readonly maxStale?: Duration
  /** The store has a lock of the user's own. Default: false. */
  readonly exclusive?: boolean
  /** The store tells of changes. Default: false, which has fewer schedules. */
  readonly wakes?: boolean
  /** The most schedules. Default: 100,000. */
  readonly limit?: number
  /**
   * Lets everything run that waits for no message and no time. Default: rounds of microtasks, enough for code that only awaits. In
   * Node.js `() => new Promise((resolve) => setImmediate(resolve))` is enough for all, and quicker; for code without I/O quickest is
   * `async () => { await null; await new Promise((resolve) => process.nextTick(resolve)) }`.
   */
  readonly turn?: Task<void>
}

/** All of it, but how long the search may take. */
export interface Plan extends Required<Omit<EveryScheduleOptions, 'limit' | 'turn'>> {
  readonly make: MakeSource
  /** What a record holds: the same ones come again and again. */
  readonly cellOf: (record: Secret<'Record'>) => Cell
}

/** So many are remembered. */
const MOST = 20_000

const makeCellOf = (): Plan['cellOf'] => {
  const known = new Map<string, Cell>()
  return (record) => {
    const text = Secret.open(record)
    const there = known.get(text)
    if (there !== undefined) return there
    const decoded = CellCodec.decode(O.some(record))
    if (E.isLeft(decoded)) throw new Error('the record cannot be read: a layer over the store is not explored')
    if (known.size >= MOST) known.clear()
    known.set(text, decoded.right)
    return decoded.right
  }
}

/** Two processes ask, at a server that ends a session whose refresh token is used twice, and nothing fails. */
export const planOf = (make: MakeSource, given: Omit<EveryScheduleOptions, 'limit' | 'turn'> = {}): Plan => ({
  acts: [['ask'], ['ask']],
  start: 'expired',
  mode: { _tag: 'Strict', killsFamily: true },
  stalls: 0,
  faults: {},
  selfSufficient: false,
  renewal: 'background',
  sourceTimeout: seconds(15),
  maxStale: seconds(60),
  exclusive: false,
  wakes: false,
  ...given,
  make,
  cellOf: makeCellOf(),
})
