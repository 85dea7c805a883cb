import { setTimeout as sleep } from 'node:timers/promises'
import { pgPool } from '@tessera/store-sql'
import type { Pool } from 'pg'
import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import {
  againstBestPeer,
  atLeast,
  atMost,
  measureAll,
  named,
  pairedResult,
  ratioResults,
  valuesOf,
} from '../compare.js'
import { watched } from '../databases/watched.js'
import { advisory, forUpdate, type Renew, tessera, type Way } from '../databases/ways.js'
import { openPool, withPostgres } from '../databases/withPostgres.js'
import type { Row } from '../Row.js'
import { median, ratios } from '../stats.js'

const RENEWALS = 50
/** How long nobody asks the database before a renewal, and the server takes, in ms: no statement comes on the heels of another. */
const PAUSE = 2
const TOKEN = 'a'.repeat(43)

/** A renewal keeps two things, each before the next step: that it has begun, and what it has brought. */
const LIMIT = 'two `update`s of a row by its key'
/** How many times the floor a renewal was meant to take, and how many times the limit. */
const GOAL = { floor: 2.5, limit: 2 }

type Make = (pool: Pool) => Promise<Renew>

/** One statement, so many times. */
const asking =
  (times: number, text: string, parameters: ReadonlyArray<string> = []): Make =>
  async (pool) =>
  async () => {
    for (let time = 0; time < times; time++) {
      if (time > 0) await sleep(PAUSE)
      const client = await pool.connect()
      await client.query(text, [...parameters])
      client.release()
    }
  }

const updating: Make = async (pool) => {
  await pool.query("insert into locked values ('limit', '', '', 0)")
  return asking(2, 'update locked set access = $1, refresh = $2 where key = $3', [TOKEN, TOKEN, 'limit'])(pool)
}

const renewing =
  (way: (pool: Pool) => Way): Make =>
  async (pool) => {
    let issued = 0
    return way(pool)('user 42', async () => {
      await sleep(PAUSE)
      return { access: `${TOKEN}${++issued}`, refresh: TOKEN }
    })
  }

/** The medians of a round: how long the statements of one renewal take together, and nothing else. */
const taking = (name: string, role: Role, pool: Pool, make: Make): Case => ({
  name,
  role,
  open: async () => {
    const { pool: seen, taken } = watched(pool)
    const work = await make(seen)
    await work()
    return {
      measure: async () => {
        const times: number[] = []
        for (let renewal = 0; renewal < RENEWALS; renewal++) {
          await sleep(PAUSE)
          taken()
          await work()
          times.push(taken())
        }
        return { value: median(times) }
      },
    }
  },
})

export const s1: Row = {
  name: 'S1',
  title: "Postgres's share of a renewal",
  work: `an expired token is renewed and saved; nobody else is there; the server takes ${PAUSE} ms; the time of the statements, through a pool of \`pg\``,
  floor: 'one `select 1` through the same pool, after the same pause',
  goal: `≤ ${GOAL.floor} × the floor, ≤ ${GOAL.limit} × the limit, no peer faster`,
  seconds: 45,
  quickSeconds: 5,
  needs: 'postgres',
  page: 'databases',
  run: (context) =>
    withPostgres(async (postgres) => {
      const pool = openPool(postgres, 1)
      try {
        const measured = await measureAll(
          context,
          [
            taking(FLOOR, 'floor', pool, asking(1, 'select 1')),
            taking(LIMIT, 'limit', pool, updating),
            taking(
              OURS,
              'ours',
              pool,
              renewing((of) => tessera(pgPool(of))),
            ),
            taking('select … for update', 'peer', pool, renewing(forUpdate)),
            taking('an advisory lock', 'peer', pool, renewing(advisory)),
          ],
          { rounds: context.isQuick ? 5 : 31, warmUp: 2 },
        )
        const [ours, limit] = [named(measured, OURS), named(measured, LIMIT)]
        const least = median(ratios(valuesOf(limit), valuesOf(named(measured, FLOOR))))
        const note = `a renewal writes twice, each before the next step: two updates alone take ${least.toFixed(1)} times the floor`
        return [
          ...ratioResults('S1', measured, () => atMost(GOAL.floor), context.random).map((result) =>
            result.isOurs ? { ...result, note } : result,
          ),
          pairedResult('S1', `${OURS} / ${LIMIT}`, [valuesOf(ours), valuesOf(limit)], atMost(GOAL.limit, 'x'), context),
          ...againstBestPeer('S1', ours, measured, atLeast(1, 'x'), context),
        ]
      } finally {
        await pool.end()
      }
    }),
}
