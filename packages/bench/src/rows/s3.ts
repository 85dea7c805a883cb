import { setTimeout as sleep } from 'node:timers/promises'
import { Secret, seconds, TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, openSource, run } from '@tessera/node'
import { pgPool, sqlStore } from '@tessera/store-sql'
import * as E from 'fp-ts/lib/Either.js'
import { OURS } from '../Case.js'
import { atMost, measureAll, valueResult } from '../compare.js'
import { watched } from '../databases/watched.js'
import { openPool, withPostgres } from '../databases/withPostgres.js'
import type { Row } from '../Row.js'

const KEYS = 1_000
/** How long nobody asks for a token, in ms. */
const IDLE = 10_000
const LIMIT = 2

export const s3: Row = {
  name: 'S3',
  title: 'Idle keys in Postgres',
  work: `one process has used ${KEYS.toLocaleString('en')} keys, and uses none of them for ${IDLE / 1_000} s; the statements that it sends meanwhile, a second`,
  goal: `≤ ${LIMIT} statements a second`,
  seconds: 15,
  quickSeconds: 15,
  needs: 'postgres',
  page: 'databases',
  run: (context) =>
    withPostgres(async (postgres) => {
      const measured = await measureAll(
        context,
        [
          {
            name: OURS,
            role: 'ours',
            open: async () => {
              const pool = openPool(postgres, 10)
              const { pool: seen, statements } = watched(pool)
              const store = sqlStore(pgPool(seen), { commandTimeout: seconds(60) })
              const env = nodeEnv()
              const token = TokenSet.make(Secret.make('AccessToken', 'a'.repeat(43)))
              const sources = Array.from({ length: KEYS }, (_, number) =>
                openSource(
                  TokenSource.make({ store, key: `user ${number}` })(() => () => async () => E.right(token)),
                  env,
                ),
              )
              for (const { get } of sources) await run(get)
              return {
                measure: async () => {
                  statements()
                  await sleep(IDLE)
                  return { value: statements() / (IDLE / 1_000) }
                },
                close: async () => {
                  for (const source of sources) await run(source.close())
                  await env.close()
                  await pool.end()
                },
              }
            },
          },
        ],
        { rounds: 1, warmUp: 0 },
      )
      return measured.map((each) =>
        valueResult('S3', each, 'statements a second', atMost(LIMIT, ' a second'), context.random),
      )
    }),
}
