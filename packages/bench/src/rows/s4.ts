import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AuthError, absent, CellCodec, instant, Lifecycle, Secret, TokenSet } from '@tessera/core'
import { pgPool, sqlStore } from '@tessera/store-sql'
import type { Postgres } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Pool } from 'pg'
import { BUSY } from '../busy.js'
import { type Case, OURS, type Role } from '../Case.js'
import { atMost, every, measureAll, nothingFails, requestsAre, valueResult } from '../compare.js'
import type { MemberWay } from '../databases/Message.js'
import { openPool, withPostgres } from '../databases/withPostgres.js'
import { isRecord } from '../isRecord.js'
import type { Row } from '../Row.js'
import { FIRST_REFRESH_TOKEN, type TokenServer } from '../server/TokenServer.js'
import { withServer } from '../withServer.js'

const PROCESSES = 8
const DELAY = 20
const LIMIT = 500

const WAYS: ReadonlyArray<readonly [string, Role, MemberWay]> = [
  [OURS, 'ours', 'polling'],
  [`${OURS}, with LISTEN and NOTIFY`, 'ours', 'listening'],
  ['select … for update', 'peer', 'for update'],
  ['an advisory lock', 'peer', 'advisory'],
]

const PROCESS = fileURLToPath(new URL('../../dist/databases/memberProcess.js', import.meta.url))

const answer = async (child: ChildProcess): Promise<unknown> => {
  const [message]: ReadonlyArray<unknown> = await once(child, 'message')
  return message
}

const areReady = (answers: ReadonlyArray<unknown>): void => {
  const other = answers.find((said) => said !== 'ready')
  if (other !== undefined) throw new Error(`a process is not ready: ${JSON.stringify(other)}`)
}

/** An expired token, for either kind. */
const save = async (pool: Pool, key: string): Promise<void> => {
  await pool.query('insert into locked values ($1, $2, $3, 0)', [key, 'old', FIRST_REFRESH_TOKEN])
  const token = TokenSet.make(Secret.make('AccessToken', 'old'), {
    refreshToken: O.some(Secret.make('RefreshToken', FIRST_REFRESH_TOKEN)),
    expiresAt: O.some(instant(Date.now() - 1_000)),
  })
  const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(token) }
  const next = { version: '1', record: CellCodec.encode(cell) }
  const written = await sqlStore(pgPool(pool)).compareAndSet(key, absent, next)()
  if (E.isLeft(written)) throw AuthError.toError(written.left)
}

const needing = (
  [name, role, way]: (typeof WAYS)[number],
  postgres: Postgres,
  pool: Pool,
  server: TokenServer,
): Case => ({
  name,
  role,
  open: async () => {
    const args = [postgres.url(), way]
    const children = Array.from({ length: PROCESSES }, () => fork(PROCESS, args, { execArgv: BUSY }))
    areReady(await Promise.all(children.map(answer)))
    const all = async (message: string | object): Promise<ReadonlyArray<unknown>> => {
      const answers = Promise.all(children.map(answer))
      for (const child of children) child.send(message)
      return answers
    }
    let rounds = 0
    return {
      measure: async () => {
        // A key and a session of its own each time.
        const session = server.session({ delay: DELAY, rotates: true })
        const key = `${way} ${++rounds}`
        await save(pool, key)
        areReady(await all({ key, tokenEndpoint: session.tokenEndpoint }))
        const startedAt = performance.now()
        const tokens = (await all('go')).map((said) => (isRecord(said) ? said['access'] : undefined))
        const value = performance.now() - startedAt
        const [first] = tokens
        const isWrong = (token: unknown): boolean => typeof token !== 'string' || token === 'old' || token !== first
        const { requests } = await session.counts()
        return { value, requests, failures: tokens.filter(isWrong).length }
      },
      close: async () => {
        const ended = Promise.all(children.map((child) => once(child, 'exit')))
        for (const child of children) child.disconnect()
        await ended
      },
    }
  },
})

export const s4: Row = {
  name: 'S4',
  title: 'A fleet at one rotating token in Postgres',
  work: `${PROCESSES} processes have seen the token, which has expired, and need one at once; the server takes ${DELAY} ms; until all have it`,
  goal: `1 request, 0 failures, ≤ ${LIMIT} ms`,
  seconds: 40,
  quickSeconds: 10,
  needs: 'postgres',
  page: 'databases',
  run: (context) =>
    withPostgres((postgres) =>
      withServer(async (server) => {
        const pool = openPool(postgres, 2)
        try {
          const measured = await measureAll(
            context,
            WAYS.map((way) => needing(way, postgres, pool, server)),
            { rounds: context.isQuick ? 5 : 31, warmUp: context.isQuick ? 2 : 20 },
          )
          const goal = every(requestsAre(1), nothingFails, atMost(LIMIT, ' ms'))
          return measured.map((each) => valueResult('S4', each, 'ms', goal, context.random))
        } finally {
          await pool.end()
        }
      }),
    ),
}
