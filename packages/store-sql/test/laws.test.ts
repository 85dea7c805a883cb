/** The laws of a token store over every dialect, through each driver that needs no server; and its schedules. */
import { millis, TokenSource, type TokenStore } from '@tessera/core'
import { interleavings, tokenStoreLaws } from '@tessera/testing'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import LibSql from 'libsql'
import { right } from '../../tools/jest/either.js'
import { describeWith } from '../../tools/jest/needs.js'
import { betterSqlite3, migrate, migration, type SqlPort, sqlStore } from '../src/index.js'
import { engines, givingWay, type Place } from './support/engines.js'
import { patient } from './support/patient.js'

const wakeups = { every: millis(3) }

describe.each(engines)('$name', ({ needs, start }) => {
  const within = needs === undefined ? describe : describeWith(needs)
  within('a store', () => {
    let place: Place
    let ports: ReadonlyArray<SqlPort>
    let opened = 0

    beforeAll(async () => {
      place = await start()
      ports = [place.open(), place.open()].map(givingWay)
      for (const port of ports) await right(migrate(port, patient))
    })
    afterAll(() => place.close())

    const port = (): SqlPort => {
      const next = ports[opened++ % ports.length]
      if (next === undefined) throw new Error('not open')
      return next
    }

    test.each(tokenStoreLaws(() => sqlStore(port(), { ...patient, wakeups }), { numRuns: 5 }))(
      'law: $name',
      async ({ run }) => {
        await run()
      },
    )
  })
})

describe('a statement with a mistake', () => {
  const within = engines.filter(({ needs }) => needs === undefined)
  const places = new Map<string, Place>()
  let broken = 0
  beforeAll(async () => {
    for (const { name, start } of within) {
      const place = await start()
      places.set(name, place)
    }
  })
  afterAll(async () => {
    for (const place of places.values()) await place.close()
  })

  const law = 'of writes onto one version at the same time, one is committed'
  test.each([
    [
      'PGlite',
      'the expected version',
      " and version = decode($4::text, 'hex')",
      " and decode($4::text, 'hex') is not null",
    ],
    ['PGlite', 'the conflict', 'do nothing', 'do update set version = excluded.version'],
    ['libsql', 'the expected version', ' and version = unhex(?)', ' and unhex(?) is not null'],
    ['libsql', 'the conflict', 'do nothing', 'do update set version = excluded.version'],
  ])('%s: the laws catch a write without %s', async (name, _, part, instead) => {
    const port = places.get(name)?.open()
    if (port === undefined) throw new Error('not open')
    // Each run of the laws has a table of its own: its keys are those of the others.
    const own = { ...patient, table: `broken-${++broken}` }
    await right(migrate(port, own))
    let isBroken = false
    const wrong: SqlPort = {
      ...port,
      query: (text, parameters, signal) => {
        isBroken ||= text.includes(part)
        return port.query(text.replace(part, instead), parameters, signal)
      },
    }
    const laws = tokenStoreLaws(() => sqlStore(wrong, own), { numRuns: 10, endOnFailure: true })
    const outcomes = await Promise.all(
      laws
        .filter(({ name: of }) => of.startsWith(law) || of.startsWith('what was written is there'))
        .map(({ run }) =>
          run().then(
            () => 'holds',
            () => 'is broken',
          ),
        ),
    )
    expect(isBroken).toBe(true)
    expect(outcomes).toContain('is broken')
  })
})

describe('schedules', () => {
  /** Its clock is not that of the modelled world: there, the callers' counts. */
  const withoutClock = (store: TokenStore): TokenStore => ({
    ...store,
    get: (key) =>
      pipe(
        store.get(key),
        TE.map((found) => ({ ...found, now: O.none })),
      ),
    compareAndSet: (key, expected, next) =>
      pipe(
        store.compareAndSet(key, expected, next),
        TE.map((answer) =>
          answer._tag === 'Conflict' ? { ...answer, found: { ...answer.found, now: O.none } } : answer,
        ),
      ),
  })
  const opened: Array<{ readonly close: () => unknown }> = []
  afterAll(() => {
    for (const db of opened) db.close()
  })
  const store = (): TokenStore => {
    const db = new LibSql(':memory:')
    opened.push(db)
    db.exec(migration({ dialect: 'sqlite' }))
    return withoutClock(sqlStore(betterSqlite3(db), patient))
  }

  test('2 to 4 processes over one session keep every property', async () => {
    await interleavings(
      { make: ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)(), store },
      { numRuns: 25 },
    ).run()
  })
})
