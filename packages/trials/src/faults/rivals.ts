/** Others at a Postgres who do what an application has to bear. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Postgres } from '../servers/index.js'

/** They come and leave, any number of times. */
export interface Others {
  readonly come: () => Promise<void>
  readonly leave: () => Promise<void>
}

const connected = async (postgres: Postgres): Promise<Client> => {
  const client = new Client({ connectionString: postgres.url() })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** They take connections until there is none left for an application. */
export const hogging = (postgres: Postgres): Others => {
  const clients = new Set<Client>()
  return {
    come: async () => {
      for (;;) {
        try {
          clients.add(await connected(postgres))
        } catch {
          return
        }
      }
    },
    leave: async () => {
      await Promise.all([...clients].map((client) => client.end()))
      clients.clear()
    },
  }
}

/** How long a rival's transaction holds the records that it has written, in ms. */
const HOLDS = 50

/** They write all records, again and again, without a change. */
export const rivals = (postgres: Postgres, table: string): Others => {
  let isOver = true
  let ended: Promise<void> = Promise.resolve()
  const rival = async (): Promise<void> => {
    while (!isOver) {
      const text = `update ${table} set version = version`
      await postgres.query(`begin; ${text}; select pg_sleep(${HOLDS / 1_000}); commit`).catch(() => undefined)
      await sleep(5)
    }
  }
  return {
    come: async () => {
      isOver = false
      ended = rival()
    },
    leave: async () => {
      isOver = true
      await ended
    },
  }
}
