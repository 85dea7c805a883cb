/** Postgres and MariaDB as servers: writes at the same time, privileges, replicas, messages, servers that hang. */
import { createRequire } from 'node:module'
import { AuthError, absent, millis, minutes, Secret, seconds, type TokenStore } from '@tessera/core'
import { tokenStoreLaws } from '@tessera/testing'
import {
  type Database,
  eventually,
  type Mariadb,
  type Postgres,
  type Processes,
  processes,
  startMariadb,
  startPostgres,
  startStandby,
  wireTo,
} from '@tessera/trials'
import * as A from 'fp-ts/lib/Array.js'
import type * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { left, right } from '../../tools/jest/either.js'
import { subscribeTo } from '../../tools/jest/listening.js'
import { describeWith } from '../../tools/jest/needs.js'
import { migrate, type SqlPort, sqlSessions, sqlStore } from '../src/index.js'
import { byOwnPostgresJs, type Opened, type Opens, ofMysql, ofPostgres } from './support/clients.js'
import { patient } from './support/patient.js'

// Whose types need those of drivers that are not here.
const knexOf = createRequire(__filename)('knex')

const next = (version: string) => ({ version, record: Secret.make('Record', `record of ${version}`) })

/** Each store counts up what all of them share, by what it was told. */
const countTogether = async (stores: ReadonlyArray<TokenStore>, each: number): Promise<void> => {
  const key = `count ${Math.random()}`
  const countIn = (version: string): number => Number(version.split(' ')[0])
  await Promise.all(
    stores.map(async (store, index) => {
      let { version } = await right(store.get(key))
      for (let made = 0; made < each; ) {
        const wanted = `${countIn(version) + 1} by ${index}`
        const answer = await right(store.compareAndSet(key, version, next(wanted)))
        if (answer._tag === 'Committed') made++
        version = answer._tag === 'Committed' ? wanted : answer.found.version
      }
    }),
  )
  const [store] = stores
  expect(store && countIn((await right(store.get(key))).version)).toBe(stores.length * each)
}

/** Those that got no answer were told so. One may have been answered just before the server stopped, or by a connection to spare. */
const isSilent = (answers: ReadonlyArray<E.Either<AuthError, unknown>>): void => {
  const errors = A.lefts([...answers])
  expect(errors.length).toBeGreaterThan(0)
  expect(errors).toEqual(errors.map(() => AuthError.storeFailed('get', 'no answer in 150 ms')))
}

/** What must hold over each server, through each client. */
const common = (clients: Readonly<Record<string, Opens>>, server: () => Database): void => {
  const opened: Opened[] = []
  const open = (of: Opens): Opened => {
    const one = of(server())
    opened.push(one)
    return one
  }
  afterAll(async () => {
    for (const { close } of opened) await close()
  })

  describe.each(Object.entries(clients))('%s', (name, of) => {
    const own = { ...patient, table: `laws_of_${name.replace('.', '_')}` }
    let ports: ReadonlyArray<SqlPort>
    let taken = 0
    beforeAll(async () => {
      ports = [open(of).port, open(of).port]
      // All at once, as a fleet that starts.
      await Promise.all(ports.flatMap((port) => [port, port]).map((port) => right(migrate(port, own))))
      await Promise.all(ports.map((port) => right(migrate(port, patient))))
    })
    const store = (): TokenStore => {
      const port = ports[taken++ % ports.length]
      if (port === undefined) throw new Error('not open')
      return sqlStore(port, { ...own, wakeups: { every: millis(20) } })
    }

    test.each(tokenStoreLaws(store, { numRuns: 5 }))('law: $name', async ({ run }) => {
      await run()
    })

    test('writers at the same time count without a loss', () => countTogether([1, 2, 3, 4, 5, 6].map(store), 12))

    test('a server that hangs is a failure in time; what was lent to it is not kept', async () => {
      const { port } = open(of)
      const hasty = sqlStore(port, { commandTimeout: millis(150) })
      await right(sqlStore(port, patient).get('k'))
      server().signal('SIGSTOP')
      const answers = await Promise.all(
        // More than the pool has connections.
        [1, 2, 3, 4, 5, 6].map(() => hasty.get('k')()),
      ).finally(() => server().signal('SIGCONT'))
      isSilent(answers)
      await eventually('an answer', async () => (await sqlStore(port, patient).get('k')())._tag === 'Right')
    })

    test('connections that were too slow to be opened are used, or opened again', async () => {
      const wire = await wireTo(server().port)
      wire.delay(100)
      const { port, close } = of(server(), { port: wire.port })
      const hasty = sqlStore(port, { commandTimeout: millis(150) })
      // More than the pool has connections.
      await Promise.all([1, 2, 3, 4, 5, 6].map(() => left(hasty.get('k'))))
      wire.delay(0)
      await eventually(
        'an answer',
        async () => (await sqlStore(port, { commandTimeout: millis(2_000) }).get('k')())._tag === 'Right',
      )
      await close()
      await wire.close()
    })

    test('a wrong password, a missing table and a missing right are codes', async () => {
      const [stranger, owner] = [of(server(), { password: 'wrong' }), open(of)]
      const wrong = await left(sqlStore(stranger.port, patient).get('k'))
      expect(wrong).toMatchObject({
        _tag: 'StoreFailed',
        reason: expect.stringMatching(/^(28P01|ER_ACCESS_DENIED_ERROR|ER_GET_CONNECTION_TIMEOUT)$/),
      })
      expect(await left(sqlStore(owner.port, { ...patient, table: 'nowhere' }).get('k'))).toMatchObject({
        reason: expect.stringMatching(/^(42P01|ER_NO_SUCH_TABLE): .*run the migration/),
      })
      await stranger.close()
    })
  })
}

/** Of a server that has vanished without a word, as with its machine: to a driver, it has its connections still. */
const vanish = async (of: Opens, server: Database): Promise<void> => {
  const wire = await wireTo(server.port)
  const { port, close } = of(server, { port: wire.port })
  const store = sqlStore(port, { commandTimeout: seconds(20) })
  // More than the pool has connections.
  const all = [1, 2, 3, 4, 5, 6]
  await right(migrate(port, patient))
  await Promise.all(all.map(() => right(store.get('k'))))
  wire.darken()
  const hasty = sqlStore(port, { commandTimeout: millis(150) })
  isSilent(await Promise.all(all.map(() => hasty.get('k')())))
  await Promise.all(all.map(() => right(store.get('k'))))
  await wire.close()
  await close()
}

// -----------------------------------------------------------------------------
// Postgres
// -----------------------------------------------------------------------------

describeWith('postgres')('Postgres', () => {
  let all: Processes
  let server: Postgres
  const opened: Opened[] = []
  const open = (of: Opens, login = {}, options?: string): Opened => {
    const one = of(server, login, options)
    opened.push(one)
    return one
  }

  beforeAll(async () => {
    all = processes('store-sql')
    server = await startPostgres(all)
  })
  afterAll(async () => {
    for (const { close } of opened) await close()
    await all.stop()
  })

  common(ofPostgres, () => server)

  test.each(Object.entries({ pg: ofPostgres.pg, 'postgres.js': byOwnPostgresJs }))(
    '%s: after a server has vanished, other connections are opened',
    (_, of) => vanish(of, server),
  )

  test.each(['repeatable read', 'serializable'])(
    'writers count without a loss where sessions are %s',
    async (level) => {
      const { port } = open(ofPostgres.pg, {}, `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`)
      await right(migrate(port, patient))
      await countTogether(
        [1, 2, 3, 4].map(() => sqlStore(port, patient)),
        10,
      )
    },
  )

  test('a role needs to select, insert and update; to remove, to delete', async () => {
    await right(migrate(open(ofPostgres.pg).port, patient))
    await server.query(`create role small login password 'small'`)
    await server.query('grant select, insert, update on tessera to small')
    const { port } = open(ofPostgres.pg, { user: 'small', password: 'small' })
    const store = sqlStore(port, { ...patient, wakeups: { notify: true } })
    for (const version of ['1', '2']) {
      const { version: before } = await right(store.get('small'))
      expect(await right(store.compareAndSet('small', before, next(version)))).toMatchObject({ _tag: 'Committed' })
    }
    expect(await right(store.compareAndSet('small', '1', next('3')))).toMatchObject({ found: { version: '2' } })
    expect((await right(sqlSessions(port, patient).list)).map(({ key }) => key)).toContain('small')
    expect(await left(sqlSessions(port, patient).remove('small'))).toEqual(
      AuthError.storeFailed('compareAndSet', '42501'),
    )
    expect(await left(migrate(port, { ...patient, table: 'another' }))).toEqual(
      AuthError.storeFailed('compareAndSet', '42501'),
    )
    await server.query('grant delete on tessera to small')
    await right(sqlSessions(port, patient).remove('small'))
    expect(await right(store.get('small'))).toMatchObject({ version: absent })
  })

  test.each(Object.entries(ofPostgres))(
    '%s: messages tell what others write, also after a connection was lost',
    async (name, of) => {
      const [one, other] = [open(of).port, open(ofPostgres.pg).port]
      await right(migrate(one, patient))
      // Polling would tell nothing for as long as the test takes.
      const wakeups = { notify: true, every: minutes(60) }
      const [mine, theirs] = [sqlStore(one, { ...patient, wakeups }), sqlStore(other, { ...patient, wakeups })]
      const { told, end } = subscribeTo(mine, 'told')
      const isTold = async (version: string): Promise<void> => {
        const { version: before } = await right(theirs.get('told'))
        await right(theirs.compareAndSet('told', before, next(version)))
        await eventually(`${version} to be told`, async () => told.includes(version))
      }
      const LISTENING = `select pid from pg_stat_activity where query ilike 'listen %tessera_%'`
      const listeners = async () => (await server.query(LISTENING)).map(({ pid }) => pid)
      const isListening = (but?: unknown) =>
        eventually('a listener', async () => (await listeners()).some((pid) => pid !== but))
      await isListening()
      await isTold(`first ${name}`)
      const [lost] = await listeners()
      await server.query('select pg_terminate_backend($1)', [lost])
      await isListening(lost)
      await isTold(`second ${name}`)
      end()
      // That of postgres.js lasts as long as the client.
      if (name === 'pg') await eventually('the end of the listener', async () => (await listeners()).length === 0)
    },
  )

  test('a standby is not read, nor written', async () => {
    const { port } = open(ofPostgres.pg)
    await right(migrate(port, patient))
    await right(sqlStore(port, patient).compareAndSet('primary', absent, next('1')))
    const standby = await startStandby(all, server)
    const { port: there, close } = ofPostgres.pg(standby)
    const store = sqlStore(there, patient)
    expect(await left(store.get('primary'))).toMatchObject({ reason: expect.stringContaining('read replica') })
    expect(await left(store.compareAndSet('primary', '1', next('2')))).toMatchObject({ reason: '25006' })
    await close()
  })

  test('`now` is the server’s time', async () => {
    const [before] = await server.query('select (extract(epoch from clock_timestamp()) * 1000)::float8 as now')
    const { now } = await right(sqlStore(open(ofPostgres.pg).port, patient).get('time'))
    const [after] = await server.query('select (extract(epoch from clock_timestamp()) * 1000)::float8 as now')
    expect(O.toUndefined(now)).toBeGreaterThanOrEqual(Math.floor(Number(before?.['now'])))
    expect(O.toUndefined(now)).toBeLessThanOrEqual(Number(after?.['now']))
  })

  test('Knex, by the line of the README', async () => {
    const knex = knexOf({ client: 'pg', connection: server.url() })
    const port: SqlPort = {
      dialect: 'postgres',
      query: async (text, parameters) => (await knex.raw(text.replace(/\$\d+/g, '?'), [...parameters])).rows,
    }
    await right(migrate(port, patient))
    await countTogether(
      [1, 2].map(() => sqlStore(port, { ...patient, wakeups: { notify: true } })),
      3,
    )
    await knex.destroy()
  })
})

// -----------------------------------------------------------------------------
// MariaDB
// -----------------------------------------------------------------------------

describeWith('mariadb')('MariaDB', () => {
  let all: Processes
  let server: Mariadb
  const opened: Opened[] = []
  const open = (of: Opens, login = {}): Opened => {
    const one = of(server, login)
    opened.push(one)
    return one
  }

  beforeAll(async () => {
    all = processes('store-sql')
    server = await startMariadb(all)
  })
  afterAll(async () => {
    for (const { close } of opened) await close()
    await all.stop()
  })

  common(ofMysql, () => server)

  test('a user needs to select, insert and update; to remove, to delete', async () => {
    await right(migrate(open(ofMysql.mysql2).port, patient))
    await server.query(`create user small@'127.0.0.1' identified by 'small'`)
    await server.query(`grant select, insert, update on tessera.tessera to small@'127.0.0.1'`)
    const { port } = open(ofMysql.mysql2, { user: 'small', password: 'small' })
    const store = sqlStore(port, patient)
    for (const version of ['1', '2']) {
      const { version: before } = await right(store.get('small'))
      expect(await right(store.compareAndSet('small', before, next(version)))).toMatchObject({ _tag: 'Committed' })
    }
    expect(await left(sqlSessions(port, patient).remove('small'))).toMatchObject({
      reason: 'ER_TABLEACCESS_DENIED_ERROR',
    })
  })

  test('a server that is read only is not read, nor written', async () => {
    const { port } = open(ofMysql.mysql2)
    await right(migrate(port, patient))
    await server.query('set global read_only = on')
    const store = sqlStore(port, patient)
    expect(await left(store.get('k'))).toMatchObject({ reason: expect.stringContaining('read only') })
    expect(await left(store.compareAndSet('k', absent, next('1')))).toMatchObject({
      reason: 'ER_OPTION_PREVENTS_STATEMENT',
    })
    await server.query('set global read_only = off')
    await right(store.get('k'))
  })

  test('`now` is the server’s time, whatever the time zone of a session, and age goes by it', async () => {
    const { port } = open(ofMysql.mysql2)
    await right(migrate(port, patient))
    await server.query(`set global time_zone = '+07:00'`)
    const away = open(ofMysql.mariadb)
    const before = Date.now()
    for (const [index, each] of [port, away.port].entries()) {
      const store = sqlStore(each, patient)
      const { now } = await right(store.get('time'))
      expect(O.toUndefined(now)).toBeGreaterThanOrEqual(before - 1)
      expect(O.toUndefined(now)).toBeLessThanOrEqual(Date.now() + 1)
      await right(store.compareAndSet(`time ${index}`, absent, next('1')))
    }
    const ages = await Promise.all([0, 1].map((index) => right(sqlSessions(port, patient).age(`time ${index}`))))
    for (const age of ages) expect(O.toUndefined(age)).toBeLessThan(3_600_000)
    await server.query(`set global time_zone = 'SYSTEM'`)
  })

  test('Knex, by the line of the README', async () => {
    const knex = knexOf({ client: 'mysql2', connection: server.url() })
    const port: SqlPort = {
      dialect: 'mysql',
      query: async (text, parameters) => [(await knex.raw(text, [...parameters]))[0]].flat(),
    }
    await right(migrate(port, patient))
    await countTogether(
      [1, 2].map(() => sqlStore(port, patient)),
      3,
    )
    await knex.destroy()
  })
})
