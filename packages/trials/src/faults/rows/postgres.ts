/** What befalls one Postgres while a session is renewed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { pgPool } from '@tessera/store-sql'
import { Pool } from 'pg'
import {
  eventually,
  type Postgres,
  type PostgresOptions,
  type Processes,
  type Settings,
  startPgBouncer,
  startPostgres,
  startStandby,
  type Wire,
  wireTo,
} from '../../servers/index.js'
import { whole } from '../random.js'
import { hogging, rivals } from '../rivals.js'
import { migrated, postgresClients, TABLE } from '../sqlClients.js'
import { type Kind, type Lane, live, serverRows } from '../sqlRows.js'

/** A server with the table, as the application's own. */
const withTable = async (all: Processes, options?: PostgresOptions): Promise<Postgres> => {
  const postgres = await startPostgres(all, options)
  const pool = new Pool({ connectionString: postgres.url() })
  await migrated(pgPool(pool))
  await pool.end()
  return postgres
}

const END_ALL = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'"

/** A fault that statements of the administrator's bring, and others end. */
const byStatements =
  (on: ReadonlyArray<string>, off: ReadonlyArray<string>): Kind['start'] =>
  async ({ all }) => {
    const postgres = await withTable(all)
    const run = async (statements: ReadonlyArray<string>): Promise<void> => {
      for (const statement of statements) await postgres.query(statement)
    }
    return { server: postgres, inject: () => run(on), heal: () => run(off) }
  }

/**
 * Fills the table of a server with a small disk, under that key, until no record fits in any more. What is longer than this would be kept
 * elsewhere, and compressed.
 */
const fill = (key: string): string => `do $$
declare size integer := 1800; number integer := 0;
begin
  while size > 16 loop
    begin
      number := number + 1;
      insert into ${TABLE} (id, key, version, record, written_at)
      values (sha256(('${key} ' || number)::bytea), '${key}', '', decode(repeat('00', size), 'hex'), now());
    exception when disk_full then size := size / 2;
    end;
  end loop;
end $$`

const throughWire = async ({ defer }: Lane, postgres: Postgres): Promise<Wire> => {
  const wire = await wireTo(postgres.port)
  defer(wire.close)
  return wire
}

const KINDS: Readonly<Record<string, Kind>> = {
  'postgres-kill': {
    injection: 'Postgres and all of its processes are killed, and it is started again',
    start: async ({ all }) => {
      const postgres = await withTable(all)
      let running = postgres
      return {
        server: postgres,
        inject: async () => running.signal('SIGKILL'),
        heal: async () => {
          running = await startPostgres(all, { port: postgres.port })
        },
      }
    },
  },
  'postgres-stop': {
    injection: 'Postgres is stopped with all of its processes, and goes on',
    start: async ({ all }) => {
      const postgres = await withTable(all)
      return {
        server: postgres,
        inject: async () => postgres.signal('SIGSTOP'),
        heal: async () => postgres.signal('SIGCONT'),
      }
    },
  },
  'postgres-latency': {
    injection: 'everything to and from Postgres arrives 20 to 400 ms later',
    start: async (lane) => {
      const postgres = await withTable(lane.all)
      const wire = await throughWire(lane, postgres)
      return {
        server: postgres,
        port: wire.port,
        inject: async (random) => wire.delay(whole(random, 20, 400)),
        heal: async () => wire.delay(0),
      }
    },
  },
  'postgres-terminated': {
    injection: 'all connections of the application are terminated, at the beginning and at the end',
    start: byStatements([END_ALL], [END_ALL]),
  },
  'postgres-password': {
    injection: 'the password is another one and connections are terminated, or the table is not granted any more',
    start: async ({ all }) => {
      const postgres = await withTable(all)
      const { password } = postgres.login
      return {
        server: postgres,
        inject: async (random) => {
          if (random() < 0.5) await postgres.query(`revoke all on ${TABLE} from app`)
          else {
            await postgres.query("alter role app password 'another'")
            await postgres.query(END_ALL)
          }
        },
        heal: async () => {
          await postgres.query(`alter role app password '${password}'`)
          await postgres.query(`grant all on ${TABLE} to app`)
        },
      }
    },
  },
  'postgres-read-only': {
    injection: 'Postgres takes no writes (default_transaction_read_only), and takes them again',
    start: byStatements(
      ['alter system set default_transaction_read_only = on', 'select pg_reload_conf()'],
      ['alter system reset default_transaction_read_only', 'select pg_reload_conf()'],
    ),
  },
  'postgres-disk-full': {
    injection: 'the table cannot grow: the operating system refuses it (53100), and all of its pages are full',
    start: async ({ all, defer }) => {
      const postgres = await withTable(all, { hasSmallDisk: true })
      // A renewal is quick: what befalls it must not wait for a connection.
      const owner = new Pool({ connectionString: postgres.url(), max: 1 })
      owner.on('error', () => undefined)
      defer(() => owner.end())
      const run = async (...statements: ReadonlyArray<string>): Promise<void> => {
        for (const statement of statements) await owner.query(statement)
      }
      const vacuum = `vacuum ${TABLE}`
      // Room for the records; the rest is there so that little is left to fill.
      await run(fill('ballast'), `delete from ${TABLE} where id in (select id from ${TABLE} limit 40)`, vacuum)
      return {
        server: postgres,
        // What older versions of records take is room too.
        inject: () => run(vacuum, fill('more')),
        heal: () => run(`delete from ${TABLE} where key = 'more'`, vacuum),
      }
    },
  },
  'postgres-connections': {
    injection: 'others have all connections that Postgres gives (53300)',
    start: async ({ all, defer }) => {
      const postgres = await withTable(all, { settings: { max_connections: '13', max_wal_senders: '0' } })
      const hogs = hogging(postgres)
      defer(hogs.leave)
      return {
        server: postgres,
        inject: async () => {
          await postgres.query(END_ALL)
          await hogs.come()
        },
        heal: hogs.leave,
      }
    },
  },
  'postgres-serialization': {
    injection:
      'transactions are serializable (default_transaction_isolation), and others write every record and hold it for 50 ms (40001)',
    start: async ({ all, defer }) => {
      const postgres = await withTable(all)
      const others = rivals(postgres, TABLE)
      defer(others.leave)
      return {
        server: postgres,
        inject: async () => {
          await postgres.query("alter role app set default_transaction_isolation = 'serializable'")
          await postgres.query(END_ALL)
          await others.come()
        },
        heal: async () => {
          await others.leave()
          await postgres.query('alter role app reset default_transaction_isolation')
          await postgres.query(END_ALL)
        },
      }
    },
  },
  'postgres-failover': {
    injection:
      'Postgres is killed, its standby, which has each write before that is acknowledged, is promoted under its name, and gets a standby',
    count: 30,
    start: async (lane) => {
      const replicated: Settings = { synchronous_standby_names: '*', synchronous_commit: 'on' }
      // Without a standby that is there, no write would end.
      const first = await withTable(lane.all)
      const wire = await throughWire(lane, first)
      const follow = async (primary: Postgres): Promise<Postgres> => {
        const standby = await startStandby(lane.all, primary)
        for (const [name, value] of Object.entries(replicated))
          await primary.query(`alter system set ${name} = '${value}'`)
        await primary.query('select pg_reload_conf()')
        await eventually('a standby that is waited for', async () => {
          const states = await primary.query("select 1 from pg_stat_replication where sync_state = 'sync'")
          return states.length > 0
        })
        // Writes wait for it from when the checkpointer has read that, which it does before it begins with another.
        await primary.query('checkpoint')
        return standby
      }
      let primary = first
      let standby = await follow(first)
      return {
        server: first,
        port: wire.port,
        inject: async () => {
          primary.signal('SIGKILL')
          wire.cut()
        },
        heal: async () => {
          await standby.promote()
          // Copied from the old primary.
          await standby.query('alter system reset synchronous_standby_names')
          await standby.query('select pg_reload_conf()')
          primary = standby
          wire.redirect(primary.port)
          wire.cut()
          standby = await follow(primary)
        },
      }
    },
  },
  'postgres-pgbouncer': {
    injection:
      'behind a PgBouncer in transaction mode, with two connections: the connections to Postgres are terminated, or PgBouncer is stopped and goes on',
    needs: 'pgbouncer',
    start: async ({ all }) => {
      const postgres = await withTable(all)
      const bouncer = await startPgBouncer(all, postgres, { connections: 2 })
      return {
        server: postgres,
        port: bouncer.port,
        inject: async (random) => {
          if (random() < 0.5) await postgres.query(END_ALL)
          else bouncer.signal('SIGSTOP')
        },
        heal: async () => {
          bouncer.signal('SIGCONT')
          await sleep(10)
        },
      }
    },
  },
}

export const postgresRowsWith = serverRows({
  program: 'postgres',
  lanes: 3,
  seconds: 30,
  drivers: 'pg, postgres.js',
  clients: postgresClients,
  kinds: KINDS,
})

export const postgresRows = postgresRowsWith(live)
