/**
 * Reads a session's record as often as it changes, and judges each change: nothing goes back, each token is the child of the
 * one that it replaced, and what was revoked stays so.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CellCodec, type Lifecycle, Secret, type TokenSet, type TokenStore } from '@tessera/core'
import type { Sandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

export type Cell = Lifecycle.Cell<TokenSet>

/** A token's place in its session's history, by the record's count. */
export interface Spot {
  readonly epoch: number
  readonly generation: number
}

export interface Watch {
  /** What was read last. */
  readonly cell: () => Cell | undefined
  /** Whether it comes about within ms. */
  readonly until: (ms: number, holds: (cell: Cell) => boolean) => Promise<boolean>
  /** Whether the refresh token of a record is good at the server. */
  readonly isAlive: (cell: Cell) => boolean
  /** Changes that must not be. */
  readonly stale: () => number
  /** Intents that were written while another process's had not ended. */
  readonly early: () => number
  /** The place of the server's nth token of a session; none where no token of that session was ever in the record. */
  readonly placeOf: (session: string, nth: number) => Spot | undefined
  readonly stop: () => Promise<void>
}

/** Where no message comes, the record is read after so many ms. */
const PAUSE = 100

/** How long a lease lasts by default, in ms: a renewal's 15 s, and 5. */
export const HOLD = 20_000

/** Whether one is later than the other. */
export const isAfter = (a: Spot, b: Spot): boolean =>
  a.epoch > b.epoch || (a.epoch === b.epoch && a.generation > b.generation)

/** Valid, or to be renewed by whoever needs it: nothing stands in the way, and nobody is at it. */
export const isQuiet = ({ token, lease, status }: Cell): boolean =>
  O.isSome(token) && O.isNone(lease) && status._tag === 'None'

/** How one epoch's tokens are counted by the server. */
interface Family {
  readonly session: string
  /** The server's count minus the record's. */
  readonly ahead: number
}

export const watch = (key: string, store: TokenStore, sandbox: Sandbox): Watch => {
  const families = new Map<number, Family>()
  const waiters = new Set<() => void>()
  let last: Cell | undefined
  let stale = 0
  let early = 0
  /** The last lease. */
  let held: (Spot & { readonly nonce: string; readonly until: number }) | undefined
  let isStopped = false
  let wake: () => void = () => undefined

  const refreshOf = ({ token }: Cell): string | undefined =>
    O.isSome(token) && O.isSome(token.value.refreshToken) ? Secret.open(token.value.refreshToken.value) : undefined

  const familyOf = (cell: Cell): Family | undefined => {
    const refresh = refreshOf(cell)
    const there = refresh === undefined ? undefined : sandbox.redemptionsOf(refresh)
    return there && { session: there.session, ahead: there.generation - cell.generation }
  }

  const declare = ({ epoch, generation }: Spot, { nonce, until }: Lifecycle.Lease): void => {
    const own = O.isSome(nonce) ? nonce.value : ''
    const isSameSpot = held !== undefined && held.epoch === epoch && held.generation === generation
    if (held !== undefined && isSameSpot && held.nonce !== own && until - HOLD < held.until) early++
    held = { epoch, generation, nonce: own, until }
  }

  const see = (cell: Cell): void => {
    if (last !== undefined && isAfter(last, cell)) stale++
    if (last?.status._tag === 'Revoked' && last.epoch === cell.epoch && cell.status._tag !== 'Revoked') stale++
    if (O.isSome(cell.lease) && O.isSome(cell.lease.value.nonce)) declare(cell, cell.lease.value)
    // A tombstone keeps the token of the epoch before it.
    const family = cell.status._tag === 'Revoked' ? undefined : familyOf(cell)
    if (family !== undefined) {
      const before = families.get(cell.epoch)
      families.set(cell.epoch, before ?? family)
      if (before !== undefined && (before.session !== family.session || before.ahead !== family.ahead)) stale++
    }
    last = cell
    for (const waiter of waiters) waiter()
  }

  const run = async (): Promise<void> => {
    const end = store.changes?.(key, () => wake())
    while (!isStopped) {
      // Before it is read: what comes after that must not be missed.
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const there = await store.get(key)()
      const cell = E.isRight(there) ? CellCodec.decode(there.right.record) : there
      if (E.isRight(cell)) see(cell.right)
      const timer = new AbortController()
      if (!isStopped) {
        const slept = sleep(PAUSE, undefined, { signal: timer.signal }).catch(() => undefined)
        await Promise.race([slept, woken])
      }
      timer.abort()
    }
    end?.()
  }
  const running = run()

  return {
    cell: () => last,
    until: (ms, holds) =>
      new Promise((resolve) => {
        const done = (result: boolean): void => {
          clearTimeout(timer)
          waiters.delete(look)
          resolve(result)
        }
        const timer = setTimeout(() => done(false), ms)
        const look = (): void => {
          if (last !== undefined && holds(last)) done(true)
        }
        waiters.add(look)
        look()
      }),
    isAlive: (cell) => {
      const refresh = refreshOf(cell)
      return refresh !== undefined && sandbox.isActive(refresh)
    },
    stale: () => stale,
    early: () => early,
    placeOf: (session, nth) => {
      for (const [epoch, family] of families)
        if (family.session === session) return { epoch, generation: nth - family.ahead }
      return undefined
    },
    stop: async () => {
      isStopped = true
      wake()
      await running
    },
  }
}
