import {
  type AuthError,
  type Committed,
  type Conflict,
  committed,
  Secret,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { redisStore } from '@tessera/store-redis'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describeWith } from '../../../tools/jest/needs.js'
import { clocksApart, clocksApartWith } from '../../src/faults/rows/clocksApart.js'
import { redisRows, redisRowsWith } from '../../src/faults/rows/redis.js'
import { redisDelete, redisDeleteWith } from '../../src/faults/rows/redisDelete.js'
import { sentinelFailoverWith } from '../../src/faults/rows/sentinelFailover.js'
import { stamping } from '../../src/stamping.js'
import { judge, rowNamed } from './support/judge.js'

/** A store that calls a write done that was not. */
const careless = (store: TokenStore): TokenStore => ({
  ...store,
  compareAndSet: (...args) =>
    TE.orElse<AuthError, Committed | Conflict, AuthError>(() => TE.right(committed))(store.compareAndSet(...args)),
})

/** A store of records as older versions wrote them, with no time. */
const undated = (store: TokenStore): TokenStore => ({
  ...store,
  compareAndSet: (key, expected, { version, record }) => {
    const { since, ...members } = JSON.parse(Secret.open(record))
    return store.compareAndSet(key, expected, { version, record: Secret.make('Record', JSON.stringify(members)) })
  },
})

/** A store whose own clock nobody heeds. */
const timeless = (store: TokenStore): TokenStore => stamping(store, () => O.none)

describeWith('redis-server')('[A03] processes whose clocks are apart', () => {
  test('that go by their own, in Redis, are found out', async () => {
    const row = clocksApartWith({
      source: (config, strategy, env) =>
        TokenSource.make({ ...config, store: timeless(config.store) })(strategy)(env)(),
    })
    const { ok, findings } = await judge(row, 12)
    expect(ok).toBe(false)
    expect(findings.lost + findings.doubleRedemptions).toBeGreaterThan(0)
  })

  test('those of core are not', async () => {
    expect(await judge(clocksApart, 3)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describeWith('redis-server')('stores over Redis', () => {
  test('a store that loses writes is found out', async () => {
    const rows = redisRowsWith({ store: (port) => careless(redisStore(port)), patience: 1_000 })
    const { ok, findings } = await judge(rowNamed(rows, 'redis-out-of-memory'), 8)
    expect(ok).toBe(false)
    expect(findings.problems).not.toEqual([])
  })

  test('the store of the package is not', async () => {
    expect(await judge(rowNamed(redisRows, 'redis-out-of-memory'), 3)).toMatchObject({
      ok: true,
      findings: { problems: [] },
    })
  })

  test('[A18] a deletion that removes the record is found out: a process brings it back', async () => {
    const { ok, findings } = await judge(redisDeleteWith({ deletes: (_, byHand) => byHand(), patience: 1_000 }), 3)
    expect(ok).toBe(false)
    expect(findings.problems).toContainEqual(expect.stringContaining('a tombstone: a process has a token still'))
  })

  test('[A02] records that do not know when they began are found out: an older session is written over a newer one', async () => {
    const { ok, findings } = await judge(
      redisDeleteWith({ store: (port) => undated(redisStore(port)), patience: 1_000 }),
      6,
    )
    expect(ok).toBe(false)
    expect(findings.problems).toContainEqual(expect.stringMatching(/(by hand|put back): .+ has not the last login/))
  })

  test('[A02] [A18] that of the command is not, nor what a process does that remembers an older session', async () => {
    expect(await judge(redisDelete, 3)).toMatchObject({ ok: true, findings: { problems: [] } })
  })

  test('a store that does not say that it may lose writes is found out', async () => {
    const fault = sentinelFailoverWith({
      store: (port) => ({ ...redisStore(port), mayLoseWrites: false }),
      patience: 5_000,
    })
    const { ok, findings } = await judge(fault, 1)
    expect(ok).toBe(false)
    expect(findings.doubleRedemptions).toBeGreaterThan(0)
  })
})
