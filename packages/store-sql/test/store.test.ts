/** What the laws do not say: keys, records, errors, what is run again, upkeep. */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  AuthError,
  absent,
  type Clock,
  committed,
  instant,
  millis,
  minutes,
  Secret,
  Strategy,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { codePoints } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import LibSql from 'libsql'
import { left, right } from '../../tools/jest/either.js'
import {
  betterSqlite3,
  migrate,
  migration,
  privateFile,
  type SqlDialect,
  type SqlPort,
  type SqlRow,
  sqlSessions,
  sqlStore,
} from '../src/index.js'
import { reasonOf } from '../src/internal/reason.js'
import { engines, type Place, temporary } from './support/engines.js'
import { patient } from './support/patient.js'

const SECRET = 'hush-7f3a9c'
const record = (text: string) => Secret.make('Record', text)
const next = (version: string, text = `record of ${version}`) => ({ version, record: record(text) })
const hex = (text: string): string => Buffer.from(text).toString('hex')

// -----------------------------------------------------------------------------
// over databases
// -----------------------------------------------------------------------------

describe.each(engines.filter(({ needs }) => needs === undefined))('over $name', ({ start }) => {
  let place: Place
  let port: SqlPort
  let number = 0
  const key = () => `key ${++number}`
  const ask = (text: string): Promise<ReadonlyArray<SqlRow>> => port.query(text, [], new AbortController().signal)

  beforeAll(async () => {
    place = await start()
    port = place.open()
    await right(migrate(port, patient))
  })
  afterAll(() => place.close())

  test('any text is kept, and named by any key', async () => {
    const store = sqlStore(port, patient)
    const texts = fc.string({ unit: codePoints })
    await fc.assert(
      fc.asyncProperty(texts, texts, texts, async (at, version, text) => {
        const [where, what] = [`${key()} ${at}`, `version ${version}`]
        expect(await right(store.compareAndSet(where, absent, next(what, text)))).toEqual(committed)
        const there = await right(store.get(where))
        expect(there.version).toBe(what)
        expect(O.isSome(there.record) && Secret.open(there.record.value)).toBe(text)
      }),
      { numRuns: 50, examples: [['\u0000', '\u0000', '\ufeff\u0000']] },
    )
  })

  test('keys of any length are told apart by their last character', async () => {
    const store = sqlStore(port, patient)
    const long = key().padEnd(100_000, 'é')
    await right(store.compareAndSet(`${long}a`, absent, next('a')))
    await right(store.compareAndSet(`${long}b`, absent, next('b')))
    expect([(await right(store.get(`${long}a`))).version, (await right(store.get(`${long}b`))).version]).toEqual([
      'a',
      'b',
    ])
  })

  test('a text without UTF-8 is refused, not changed', async () => {
    const store = sqlStore(port, patient)
    const at = key()
    for (const [failing, what] of [
      [store.get('\ud800'), 'key'],
      [store.compareAndSet('\ud800', absent, next('1')), 'key'],
      [store.compareAndSet(at, absent, next('\ud800', 'r')), 'version'],
      [store.compareAndSet(at, absent, next('1', '\ud800')), 'record'],
    ] as const) {
      expect(await left<unknown>(failing)).toMatchObject({
        _tag: 'StoreFailed',
        reason: `the ${what} is not Unicode text`,
      })
    }
    store.changes?.('\ud800', () => undefined)()
    expect((await right(store.get(at))).version).toBe(absent)
  })

  test('a write that is sent again is committed, until it is overwritten; a conflict brings what is there', async () => {
    const store = sqlStore(port, patient)
    const at = key()
    for (let times = 0; times < 2; times++) {
      expect(await right(store.compareAndSet(at, absent, next('1')))).toEqual(committed)
    }
    for (let times = 0; times < 2; times++) {
      expect(await right(store.compareAndSet(at, '1', next('2')))).toEqual(committed)
    }
    for (const [expected, version] of [
      [absent, '1'],
      ['1', '3'],
      ['another', '4'],
    ] as const) {
      expect(await right(store.compareAndSet(at, expected, next(version)))).toMatchObject({
        _tag: 'Conflict',
        found: { version: '2', record: O.some(expect.anything()), now: O.some(expect.any(Number)) },
      })
    }
    expect(await right(store.compareAndSet(key(), 'gone', next('1')))).toMatchObject({
      _tag: 'Conflict',
      found: { version: absent, record: O.none },
    })
  })

  test('a renewal that nobody contends takes two statements, a token that is at hand none', async () => {
    let later = 0
    const clock: Clock = { now: () => instant(Date.now() + later), sleep: () => () => new Promise(() => undefined) }
    let issued = 0
    const strategy = Strategy.make({}, () => () => async () => {
      const expiresAt = O.some(instant(clock.now() + 30_000))
      return E.right(TokenSet.make(Secret.make('AccessToken', `access ${++issued}`), { expiresAt }))
    })
    const statements: string[] = []
    const seen: SqlPort = {
      ...port,
      query: (text, ...rest) => {
        statements.push(text.split(' ', 1)[0] ?? '')
        return port.query(text, ...rest)
      },
    }
    const store = sqlStore(seen, { ...patient, wakeups: { every: minutes(60) } })
    const random = { bytes: (size: number) => () => randomBytes(size) }
    const source = pipe(strategy, TokenSource.make({ store, key: key() }))({ clock, random })()
    const token = async () => Secret.open((await right(source.get)).accessToken)
    expect(await token()).toBe('access 1')
    await source.settled()
    statements.length = 0
    for (let call = 0; call < 100; call++) await token()
    expect(statements).toEqual([])
    // Expired, and nothing has to be looked for: the lease, and the new token.
    later = 31_000
    expect(await token()).toBe('access 2')
    await source.settled()
    expect(statements).toEqual(['update', 'update'])
    await right(source.close())
  })

  test('`now` is the time', async () => {
    const before = Date.now()
    const { now } = await right(sqlStore(port, patient).get(key()))
    // By its own clock, to a ms.
    expect(O.toUndefined(now)).toBeGreaterThanOrEqual(before - 1)
    expect(O.toUndefined(now)).toBeLessThanOrEqual(Date.now() + 1)
  })

  test('a record that cannot be read is reported, and kept', async () => {
    const store = sqlStore(port, patient)
    const at = key()
    await right(store.compareAndSet(at, absent, next('1')))
    const bytes = port.dialect === 'postgres' ? `'\\xff'` : `x'ff'`
    await ask(`update tessera set record = ${bytes}`)
    const damaged = AuthError.storeFailed('decode', 'the record is damaged')
    expect(await left(store.get(at))).toEqual(damaged)
    expect(await left(store.compareAndSet(at, absent, next('2')))).toEqual(damaged)
    expect(await left(store.get(at))).toEqual(damaged)
    await ask('delete from tessera')
  })

  test('a table that is not there says so, and so does one of another shape', async () => {
    await ask('create table shapeless (a integer)')
    for (const table of ['nowhere', 'shapeless']) {
      const store = sqlStore(port, { ...patient, table })
      for (const failing of [
        store.get('k'),
        store.compareAndSet('k', absent, next('1')),
        sqlSessions(port, { ...patient, table }).list,
      ]) {
        expect(await left<unknown>(failing)).toMatchObject({
          _tag: 'StoreFailed',
          reason: expect.stringContaining('run the migration'),
        })
      }
    }
  })

  test('a migration that is run again changes nothing, by this or by another tool', async () => {
    const table = 'twice'
    const store = sqlStore(port, { ...patient, table })
    for (let times = 0; times < 2; times++)
      await ask(migration({ dialect: port.dialect, table }).trim().replace(/;$/, ''))
    await right(store.compareAndSet('k', absent, next('1')))
    await Promise.all([migrate(port, { ...patient, table }), migrate(port, { ...patient, table })].map(right))
    expect(await right(store.get('k'))).toMatchObject({ version: '1' })
    expect(await right(sqlStore(port, patient).get('k'))).toMatchObject({ version: absent })
  })

  test('a table may be named as another tool named it, and be in a schema', async () => {
    const schema = port.dialect === 'postgres' ? 'Auth-1' : 'main'
    if (port.dialect === 'postgres') await ask(`create schema "${schema}"`)
    const where = { table: 'Sitzungen_für-alle', schema }
    await right(migrate(port, { ...patient, ...where }))
    const store = sqlStore(port, { ...patient, ...where })
    expect(await right(store.compareAndSet('k', absent, next('1')))).toEqual(committed)
    expect(await right(sqlSessions(port, { ...patient, ...where }).count)).toBe(1)
  })

  test('sessions are listed by key, counted, told by their age, and removed', async () => {
    const table = 'kept'
    await right(migrate(port, { ...patient, table }))
    const [store, sessions] = [sqlStore(port, { ...patient, table }), sqlSessions(port, { ...patient, table })]
    const keys = ['b', 'a', 'ü \u0000', '', `x${'y'.repeat(5_000)}`]
    for (const each of keys) await right(store.compareAndSet(each, absent, next('1')))
    const hour = { postgres: `interval '1 hour'`, mysql: `interval 1 hour`, sqlite: '3600000' }[port.dialect]
    await ask(`update kept set written_at = written_at - ${hour}`)
    await right(store.compareAndSet('a', '1', next('2')))
    expect((await right(sessions.list)).map(({ key: of }) => of)).toEqual([...keys].sort())
    expect((await right(sessions.list)).filter(({ age }) => age < 3_600_000).map(({ key: of }) => of)).toEqual(['a'])
    expect(await right(sessions.count)).toBe(5)
    expect(O.toUndefined(await right(sessions.age('b')))).toBeGreaterThanOrEqual(3_600_000)
    expect(await right(sessions.age('nobody'))).toEqual(O.none)
    await right(sessions.remove('b'))
    await right(sessions.remove('b'))
    expect(await right(sessions.count)).toBe(4)
    expect(await right(store.get('b'))).toMatchObject({ version: absent })
  })

  test('of many sessions, all are listed', async () => {
    const table = 'many'
    await right(migrate(port, { ...patient, table }))
    const numbers =
      port.dialect === 'postgres'
        ? `select decode(md5(n::text) || md5(n::text), 'hex'), convert_to(n::text, 'UTF8'), '', '', now() from generate_series(1, 2001) as n`
        : `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2001)
           select randomblob(32), cast(cast(n as text) as blob), x'', x'', 0 from numbers`
    await ask(`insert into many (id, key, version, record, written_at) ${numbers}`)
    const listed = (await right(sqlSessions(port, { ...patient, table }).list)).map(({ key: of }) => Number(of))
    expect(listed.sort((a, b) => a - b)).toEqual(Array.from({ length: 2_001 }, (_, index) => index + 1))
  })
})

// -----------------------------------------------------------------------------
// over a port of the test's own
// -----------------------------------------------------------------------------

/** Answers in turn: rows, or what it rejects with; the last for ever. */
const scripted = (...answers: ReadonlyArray<ReadonlyArray<SqlRow> | Error>) => {
  const asked: string[] = []
  const port = (dialect: SqlDialect): SqlPort => ({
    dialect,
    query: async (text) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? []
      asked.push(text.split(' ', 1)[0] ?? '')
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { port, asked }
}
const failing = (code: string): Error => Object.assign(new Error(SECRET), { code })

const rowOf = (version: string | null, more: SqlRow = {}): SqlRow => ({
  version: version === null ? null : hex(version),
  record: version === null ? null : hex(`record of ${version}`),
  now: '1000',
  replica: 'false',
  ...more,
})

test('a write that lost to one that has gone meanwhile is made again, and it ends', async () => {
  const { port, asked } = scripted([], [rowOf(null)], [], [rowOf(null)], [{ written: 'yes' }])
  expect(await right(sqlStore(port('postgres')).compareAndSet('k', absent, next('3')))).toEqual(committed)
  expect(asked).toEqual(['insert', 'select', 'insert', 'select', 'insert'])
  const endless = scripted([rowOf(null)])
  expect(await right(sqlStore(endless.port('postgres')).compareAndSet('k', absent, next('3')))).toMatchObject({
    _tag: 'Conflict',
    found: { version: absent },
  })
  expect(endless.asked).toHaveLength(6)
})

test.each([
  ['mysql', [{ affectedRows: 1 }], ['insert']],
  ['mysql', [{ affectedRows: 1n }], ['insert']],
  ['mysql', [{ affectedRows: 0 }], ['insert', 'select', 'insert', 'select']],
  ['sqlite', [{ written: 'yes' }], ['insert']],
  ['sqlite', [], ['insert', 'select', 'insert', 'select']],
  ['postgres', [{ written: 'yes' }], ['insert']],
  ['postgres', [], ['insert', 'select', 'insert', 'select']],
] as const)(
  'a write of %s that answers %j is one statement, and a read where it conflicts',
  async (dialect, answer, statements) => {
    const { port, asked } = scripted(answer, [rowOf(null, { readonly: '0', frozen: '0' })], answer, [
      rowOf('2', { readonly: '0', frozen: '0' }),
    ])
    await right(sqlStore(port(dialect)).compareAndSet('k', absent, next('3')))
    expect(asked).toEqual(statements)
  },
)

test.each([
  ['postgres', { replica: 'true' }],
  ['mysql', { readonly: '1', frozen: '0' }],
  ['mysql', { readonly: 'ON', frozen: '0' }],
  ['mysql', { readonly: 'OFF', frozen: '1' }],
] as const)('a replica of %s (%j) is not read', async (dialect, row) => {
  const { port } = scripted([rowOf('1', row)])
  const store = sqlStore(port(dialect))
  expect(await left(store.get('k'))).toMatchObject({
    operation: 'get',
    reason: expect.stringContaining('read replica'),
  })
})

describe('what a database wants to be tried again', () => {
  test.each(['40001', '40P01', 'ER_LOCK_DEADLOCK', 'SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT'])(
    '%s: it is, until there is an answer',
    async (code) => {
      const { port, asked } = scripted(failing(code), failing(code), failing(code), [rowOf('1')])
      expect(await right(sqlStore(port('postgres')).get('k'))).toMatchObject({ version: '1' })
      expect(asked).toHaveLength(4)
    },
  )

  test('or until its time is over, and the reason says why', async () => {
    const { port, asked } = scripted(failing('SQLITE_BUSY'))
    const store = sqlStore(port('sqlite'), { commandTimeout: millis(40) })
    expect(await left(store.compareAndSet('k', absent, next('1')))).toEqual(
      AuthError.storeFailed('compareAndSet', 'SQLITE_BUSY'),
    )
    expect(asked.length).toBeGreaterThan(1)
  })

  test('also where this process stands still meanwhile', async () => {
    const standStill = (): void => {
      const end = performance.now() + 100
      while (performance.now() < end);
    }
    let asked = 0
    const busy: SqlPort = {
      dialect: 'sqlite',
      query: () => {
        asked++
        setImmediate(standStill)
        return Promise.reject(failing('SQLITE_BUSY'))
      },
    }
    const store = sqlStore(busy, { commandTimeout: millis(80) })
    expect(await left(store.get('k'))).toEqual(AuthError.storeFailed('get', 'SQLITE_BUSY'))
    expect(asked).toBe(1)
  })

  test('anything else is not', async () => {
    const { port, asked } = scripted(failing('53300'))
    expect(await left(sqlStore(port('postgres')).get('k'))).toEqual(AuthError.storeFailed('get', '53300'))
    expect(asked).toHaveLength(1)
  })
})

test.each(['23505', '42710', '42P07', 'XX000'])('a table that is made by two at once is made: %s', async (code) => {
  const { port, asked } = scripted(failing(code), [])
  await right(migrate(port('postgres')))
  expect(asked).toEqual(['create', 'create'])
})

test('a database that does not answer is a failure in time, and its signal is aborted', async () => {
  const signals: AbortSignal[] = []
  const silent: SqlPort = {
    dialect: 'postgres',
    query: (_text, _parameters, signal) => {
      signals.push(signal)
      return new Promise(() => undefined)
    },
  }
  const store = sqlStore(silent, { commandTimeout: millis(200) })
  expect(await left(store.get('k'))).toEqual(AuthError.storeFailed('get', 'no answer in 200 ms'))
  expect(await left(store.compareAndSet('k', absent, next('1')))).toEqual(
    AuthError.storeFailed('compareAndSet', 'no answer in 200 ms'),
  )
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
})

test.each([
  [[]],
  [[{ version: 'no hex', record: null, now: '1', replica: 'false' }]],
  [[rowOf('1', { now: 'soon' })]],
  [[rowOf('1', { now: 1 })]],
])('an answer of another shape is a failure: %j', async (rows) => {
  const { port } = scripted(rows)
  expect(await left(sqlStore(port('postgres')).get('k'))).toMatchObject({ _tag: 'StoreFailed' })
})

test('a reason shows no more than a code, however deep it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('40001', 'ER_DUP_ENTRY', 'SQLITE_FULL', 'ECONNREFUSED'), (noise, code) => {
      const text = `${noise} ${SECRET}`
      const thrown = Object.assign(new Error(text), { code, detail: text, parameters: [SECRET] })
      expect(reasonOf(thrown)).toBe(code)
      expect(reasonOf(new Error(text, { cause: thrown }))).toBe(code)
      expect(reasonOf(Object.assign(new Error(text), { code: 'P2010', meta: { code, message: text } }))).toBe(code)
      const adapted = { driverAdapterError: { cause: { originalCode: code, message: text } } }
      expect(reasonOf(Object.assign(new Error(text), { code: 'P2010', meta: adapted }))).toBe(code)
      expect(reasonOf(Object.assign(new Error(text), { code: SECRET }))).toBe('the driver failed')
      expect(reasonOf(Object.assign(new Error(text), { code: 'ERR_SQLITE_ERROR', errcode: 261 }))).toBe('SQLITE_BUSY')
      for (const other of [text, undefined, null, new Error(text)]) expect(reasonOf(other)).toBe('the driver failed')
    }),
  )
  const endless: { cause?: unknown } = {}
  endless.cause = endless
  expect(reasonOf(endless)).toBe('the driver failed')
})

test('no error shows what was sent', async () => {
  const { port } = scripted(Object.assign(failing('22021'), { detail: SECRET, query: SECRET }))
  const error = await left(sqlStore(port('postgres')).compareAndSet(SECRET, absent, next(SECRET, SECRET)))
  expect(`${inspect(error, { depth: 9 })} ${AuthError.show.show(error)}`).not.toContain(SECRET)
})

// -----------------------------------------------------------------------------
// misuse
// -----------------------------------------------------------------------------

describe('misuse', () => {
  const { port } = scripted([])
  test.each([[undefined], ['postgres://'], [{ query: () => undefined }], [{ dialect: 'postgres' }]])(
    'of a port: %j',
    (given) => {
      for (const make of [sqlStore, sqlSessions, migrate]) {
        expect(() => Reflect.apply(make, undefined, [given])).toThrow(`${make.name} takes (port, options?)`)
      }
    },
  )

  test.each(['', 'a b', 'a"b', 'a`b', 'a?', '$1', 'a\u0000', 'a.b', 'x'.repeat(64), 7])('of a name: %j', (table) => {
    const options = { table } as { readonly table: string }
    expect(() => sqlStore(port('postgres'), options)).toThrow('table')
    expect(() => migration({ dialect: 'postgres', schema: options.table })).toThrow('schema')
  })

  test('of a dialect', () => {
    expect(() => Reflect.apply(migration, undefined, [{ dialect: 'oracle' }])).toThrow('postgres, mysql, sqlite')
    expect(() => sqlStore(port('sqlite'), { wakeups: { notify: true } })).toThrow('notify is of Postgres')
  })
})

// -----------------------------------------------------------------------------
// files of SQLite
// -----------------------------------------------------------------------------

test('a private file, and what SQLite puts beside it, can be read by its user only', async () => {
  const { folder, remove } = temporary()
  const before = process.umask(0)
  try {
    for (const isWide of [false, true]) {
      const path = join(folder, `sessions ${isWide}.db`)
      if (isWide) new LibSql(path).exec('create table wide (a)')
      const db = new LibSql(privateFile(path), { timeout: 0 })
      db.exec('pragma journal_mode = wal')
      const port = betterSqlite3(db)
      await right(migrate(port))
      await right(sqlStore(port).compareAndSet('k', absent, next('1')))
      const modes = ['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777)
      expect(modes).toEqual([0o600, 0o600, 0o600])
      db.close()
    }
    expect(() => privateFile(join(folder, 'nowhere', 'sessions.db'))).toThrow('ENOENT')
  } finally {
    process.umask(before)
    remove()
  }
})
