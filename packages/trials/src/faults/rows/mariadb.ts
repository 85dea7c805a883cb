/** What befalls one MariaDB while a session is renewed. */
import { mysql2 } from '@tessera/store-sql'
import { type Connection, createConnection, createPool } from 'mysql2/promise'
import { type Mariadb, type Processes, startMariadb, wireTo } from '../../servers/index.js'
import { whole } from '../random.js'
import { mariadbClients, migrated, TABLE } from '../sqlClients.js'
import { type Kind, live, serverRows } from '../sqlRows.js'

/** A server with the table, which the application does not make. */
const withTable = async (all: Processes, options: ReadonlyArray<string> = []): Promise<Mariadb> => {
  const mariadb = await startMariadb(all, { options })
  const { user, password, database } = mariadb.login
  const pool = createPool({ host: '127.0.0.1', port: mariadb.port, user, password, database })
  await migrated(mysql2(pool))
  await pool.end()
  return mariadb
}

const connect = async ({ port, login: { user, password, database } }: Mariadb): Promise<Connection> => {
  const connection = await createConnection({ host: '127.0.0.1', port, user, password, database })
  connection.on('error', () => undefined)
  return connection
}

const connected = async (mariadb: Mariadb, use: (connection: Connection) => Promise<void>): Promise<void> => {
  const connection = await connect(mariadb)
  try {
    await use(connection)
  } finally {
    await connection.end().catch(() => undefined)
  }
}

const END_ALL = 'kill connection user app'

const KINDS: Readonly<Record<string, Kind>> = {
  'mariadb-kill': {
    injection: 'MariaDB is killed, and started again',
    start: async ({ all }) => {
      const mariadb = await withTable(all)
      let running = mariadb
      return {
        server: mariadb,
        inject: async () => running.signal('SIGKILL'),
        heal: async () => {
          running = await startMariadb(all, { port: mariadb.port })
        },
      }
    },
  },
  'mariadb-stop': {
    injection: 'MariaDB is stopped, and goes on',
    start: async ({ all }) => {
      const mariadb = await withTable(all)
      return {
        server: mariadb,
        inject: async () => mariadb.signal('SIGSTOP'),
        heal: async () => mariadb.signal('SIGCONT'),
      }
    },
  },
  'mariadb-latency': {
    injection: 'everything to and from MariaDB arrives 20 to 400 ms later',
    start: async ({ all, defer }) => {
      const mariadb = await withTable(all)
      const wire = await wireTo(mariadb.port)
      defer(wire.close)
      return {
        server: mariadb,
        port: wire.port,
        inject: async (random) => wire.delay(whole(random, 20, 400)),
        heal: async () => wire.delay(0),
      }
    },
  },
  'mariadb-read-only': {
    injection: 'MariaDB takes no writes (read_only), and takes them again',
    start: async ({ all }) => {
      const mariadb = await withTable(all)
      const set = (value: 'on' | 'off') => async () => {
        await mariadb.query(`set global read_only = ${value}`)
      }
      return { server: mariadb, inject: set('on'), heal: set('off') }
    },
  },
  'mariadb-disk-full': {
    injection: 'the table answers what a full disk does (1114)',
    start: async ({ all }) => {
      const mariadb = await withTable(all)
      const { database } = mariadb.login
      const events = ['insert', 'update'] as const
      const each = (statement: (event: (typeof events)[number]) => string) => async (): Promise<void> => {
        for (const event of events) await mariadb.query(statement(event))
      }
      const full = "signal sqlstate '45000' set mysql_errno = 1114, message_text = 'The table is full'"
      return {
        server: mariadb,
        inject: each(
          (event) =>
            `create trigger ${database}.full_${event} before ${event} on ${database}.${TABLE} for each row ${full}`,
        ),
        heal: each((event) => `drop trigger ${database}.full_${event}`),
      }
    },
  },
  'mariadb-connections': {
    injection: 'others have all connections that MariaDB gives (1040)',
    start: async ({ all, defer }) => {
      const mariadb = await withTable(all, ['--max-connections=10'])
      const hogs = new Set<Connection>()
      const leave = async (): Promise<void> => {
        await Promise.all([...hogs].map((hog) => hog.end().catch(() => undefined)))
        hogs.clear()
      }
      defer(leave)
      return {
        server: mariadb,
        inject: async () => {
          await mariadb.query(END_ALL)
          for (;;) {
            try {
              hogs.add(await connect(mariadb))
            } catch {
              return
            }
          }
        },
        heal: leave,
      }
    },
  },
  'mariadb-locks': {
    injection: 'others hold every record for 1.5 s, longer than is waited for a lock (1205)',
    start: async ({ all }) => {
      const mariadb = await withTable(all, ['--innodb-lock-wait-timeout=1'])
      let ended: Promise<void> = Promise.resolve()
      return {
        server: mariadb,
        inject: async () => {
          ended = connected(mariadb, async (other) => {
            await other.query('begin')
            await other.query(`select version from ${TABLE} for update`)
            await other.query('select sleep(1.5)')
            await other.query('rollback')
          })
        },
        heal: () => ended,
      }
    },
  },
}

export const mariadbRowsWith = serverRows({
  program: 'mariadb',
  lanes: 2,
  seconds: 45,
  drivers: 'mysql2, mariadb',
  clients: mariadbClients,
  kinds: KINDS,
})

export const mariadbRows = mariadbRowsWith(live)
