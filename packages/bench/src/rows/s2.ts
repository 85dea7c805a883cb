import { setTimeout as sleep } from 'node:timers/promises'
import { pgPool } from '@tessera/store-sql'
import type { Postgres } from '@tessera/trials'
import type { Pool } from 'pg'
import { type Case, OURS, type Role } from '../Case.js'
import { atMost, every, type Goal, measureAll, named, nothingFails, valueResult } from '../compare.js'
import { advisory, forUpdate, tessera, type Way } from '../databases/ways.js'
import { openPool, withPostgres } from '../databases/withPostgres.js'
import type { Row } from '../Row.js'
import { median, quantile } from '../stats.js'

const SESSIONS = 1_000
const POOL = 10
/** How long the server takes for a token, in ms. */
const DELAY = 100
/** How often another part of the application asks the database something, in ms. */
const EVERY = 10
const LIMIT = 500

const WAYS: ReadonlyArray<readonly [string, Role, (pool: Pool) => Way]> = [
  [OURS, 'ours', (pool) => tessera(pgPool(pool))],
  ['select … for update', 'peer', forUpdate],
  ['an advisory lock', 'peer', advisory],
]

/** What one crowd found. */
interface Crowd {
  /** Until all sessions were renewed, in ms. */
  readonly lasted: number
  /** Of the unrelated query, in ms. */
  readonly p99: number
  /** Connections that were held by nobody's statement, as the server saw it: the most. */
  readonly held: number
  readonly failures: number
}

/** Does it again and again, with a pause, until it is over. */
const repeating = (pause: number, work: () => Promise<void>): (() => Promise<void>) => {
  let isOver = false
  const ended = (async () => {
    while (!isOver) {
      await work()
      await sleep(pause)
    }
  })()
  return async () => {
    isOver = true
    await ended
  }
}

const IDLE =
  "select count(*)::int as count from pg_stat_activity where state = 'idle in transaction' and usename = 'app'"

const crowd = async (
  postgres: Postgres,
  pool: Pool,
  renewals: ReadonlyArray<() => Promise<unknown>>,
): Promise<Crowd> => {
  const times: number[] = []
  let held = 0
  const ends = [
    repeating(EVERY, async () => {
      const startedAt = performance.now()
      await pool.query('select 1')
      times.push(performance.now() - startedAt)
    }),
    repeating(DELAY / 2, async () => {
      const [row] = await postgres.query(IDLE)
      held = Math.max(held, Number(row?.['count']))
    }),
  ]
  const startedAt = performance.now()
  const ended = await Promise.allSettled(renewals.map((renew) => renew()))
  const lasted = performance.now() - startedAt
  for (const end of ends) await end()
  return {
    lasted,
    p99: quantile(Float64Array.from(times).sort(), 0.99),
    held,
    failures: ended.filter(({ status }) => status === 'rejected').length,
  }
}

const renewing = (
  postgres: Postgres,
  [name, role, wayOf]: (typeof WAYS)[number],
  count: number,
  found: (crowd: Crowd) => void,
): Case => ({
  name,
  role,
  open: async () => {
    const pool = openPool(postgres, POOL)
    let issued = 0
    const redeem = async () => {
      await sleep(DELAY)
      return { access: `${'a'.repeat(43)}${++issued}`, refresh: 'x'.repeat(43) }
    }
    const way = wayOf(pool)
    const renewals = await Promise.all(Array.from({ length: count }, (_, number) => way(`${name} ${number}`, redeem)))
    return {
      measure: async () => {
        const one = await crowd(postgres, pool, renewals)
        found(one)
        return { value: one.p99, failures: one.failures }
      },
      close: () => pool.end(),
    }
  },
})

export const s2: Row = {
  name: 'S2',
  title: 'A thousand sessions through a pool of ten',
  work: `${SESSIONS.toLocaleString('en')} sessions are renewed at once through a pool of ${POOL}; the server takes ${DELAY} ms; meanwhile another part of the application asks \`select 1\` every ${EVERY} ms through the same pool: its P99`,
  goal: `no connection is held during a token request; P99 of the other query ≤ ${LIMIT} ms`,
  seconds: 120,
  quickSeconds: 15,
  needs: 'postgres',
  page: 'databases',
  isLogarithmic: true,
  run: (context) =>
    withPostgres(async (postgres) => {
      const count = context.isQuick ? SESSIONS / 10 : SESSIONS
      const crowds = new Map<string, Crowd[]>(WAYS.map(([name]) => [name, []]))
      const cases = WAYS.map((way) => renewing(postgres, way, count, (one) => crowds.get(way[0])?.push(one)))
      const measured = await measureAll(context, cases, { rounds: context.isQuick ? 1 : 5 })
      return WAYS.map(([name]) => {
        const all = crowds.get(name) ?? []
        const most = Math.max(...all.map(({ held }) => held))
        const noneHeld: Goal = { says: '0 connections held', isMet: () => most === 0 }
        const goal = every(atMost(LIMIT, ' ms'), noneHeld, nothingFails)
        return {
          ...valueResult('S2', named(measured, name), 'ms', goal, context.random),
          note: `${most} of ${POOL} connections held during a token request; all renewed in ${Math.round(median(all.map(({ lasted }) => lasted)))} ms`,
        }
      })
    }),
}
