import { type Duration, memoryStore, millis, minutes, seconds, TokenSource } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { open } from './opened.js'
import { right, type TestEnv, testEnv, textOf, token } from './support.js'

const HOUR = minutes(60)

/** Tokens `1`, `2` … without an end. */
const numbered = function* (env: TestEnv): Generator<ScriptedAnswer> {
  for (let number = 1; ; number++)
    yield () => async () => E.right(token(`${number}`, { issuedAt: O.some(env.clock.now()) }))
}

/** Processes that share a session, and an API that takes the tokens it is told to. */
const fleetOf = (processes: number, minimumAge: Duration = seconds(1)) => {
  const env = testEnv()
  const store = memoryStore()
  const answers = numbered(env)
  const fleet = Array.from({ length: processes }, () => open(answers, { env, store, minimumAge }))
  const isGood = { is: false }
  const call = async ({ source }: (typeof fleet)[number]): Promise<string> => {
    const got = await env.clock.settle(source.get())
    if (E.isRight(got)) {
      if (isGood.is) source.accept?.(got.right.accessToken)
      else await env.clock.settle(source.refuse(got.right.accessToken)())
    }
    return textOf(got)
  }
  const calling = async (duration: Duration, every = seconds(1)): Promise<void> => {
    for (let passed = 0; passed < duration; passed += every) {
      await env.clock.advance(every)
      for (const member of fleet) await call(member)
    }
  }
  const redemptions = (): number => fleet.reduce((sum, { attempts }) => sum + attempts().length, 0)
  return { env, store, fleet, isGood, call, calling, redemptions }
}

describe('[A10] an API that always answers 401', () => {
  test.each([1, 3])('is redeemed for a few times an hour, by %i processes', async (processes) => {
    const { calling, redemptions, fleet } = fleetOf(processes)
    await calling(HOUR)
    expect(redemptions()).toBeGreaterThan(8)
    expect(redemptions()).toBeLessThanOrEqual(20)
    // All get the token that there is meanwhile.
    for (const { source } of fleet) expect(E.isRight(await source.get())).toBe(true)
  })

  test('also by processes that begin anew each time, and by tokens of unknown age', async () => {
    const env = testEnv()
    const store = memoryStore()
    let drawn = 0
    const undated: ScriptedAnswer = () => async () => E.right(token(`${++drawn}`))
    for (let passed = 0; passed < HOUR; passed += 10_000) {
      const { source } = open([undated], { env, store })
      await source.refuse(right(await source.get()).accessToken)()
      await source.get()
      await env.clock.advance(seconds(10))
    }
    expect(drawn).toBeGreaterThan(8)
    expect(drawn).toBeLessThanOrEqual(20)
  })

  test('a good token ends it: the next refusal is heard, and the row begins anew', async () => {
    const { calling, redemptions, isGood, call, fleet } = fleetOf(2)
    await calling(HOUR)
    isGood.is = true
    await calling(seconds(5))
    isGood.is = false
    const before = redemptions()
    for (const member of fleet) await call(member)
    for (const member of fleet) await call(member)
    expect(redemptions()).toBe(before + 1)
    await calling(seconds(7))
    // Heard after 1, 2 and 4 s, and known to the other at once.
    expect(redemptions()).toBe(before + 4)
  })

  test('a login ends it', async () => {
    const { calling, redemptions, call, fleet, env } = fleetOf(1)
    await calling(HOUR)
    const [member] = fleet
    if (member === undefined) throw new Error('none')
    await env.clock.settle(member.login(token('of a login', { issuedAt: O.some(env.clock.now()) })))
    await env.clock.advance(seconds(1))
    const before = redemptions()
    expect(await call(member)).toBe('of a login')
    await member.source.get()
    expect(redemptions()).toBe(before + 1)
  })

  test('a token that lived for twenty minutes was a good one', async () => {
    const { env, redemptions, call, fleet } = fleetOf(1)
    const [member] = fleet
    if (member === undefined) throw new Error('none')
    for (let refusals = 0; refusals < 20; refusals++) {
      await env.clock.advance(minutes(20))
      await call(member)
      await member.source.get()
    }
    expect(redemptions()).toBe(20)
    await env.clock.advance(seconds(1))
    await call(member)
    await member.source.get()
    expect(redemptions()).toBe(21)
  })

  test('without a minimum age nothing backs off', async () => {
    const { calling, redemptions } = fleetOf(1, millis(0))
    await calling(minutes(1))
    expect(redemptions()).toBe(60)
  })

  test('a date that is set back neither ends nor prolongs it', async () => {
    const { env, calling, redemptions } = fleetOf(2)
    await calling(minutes(20))
    env.clock.setDate(millis(-HOUR))
    const before = redemptions()
    await calling(HOUR)
    expect(redemptions() - before).toBeGreaterThanOrEqual(5)
    expect(redemptions() - before).toBeLessThanOrEqual(9)
  })

  test('is asked for a few derived tokens an hour', async () => {
    const env = testEnv()
    const { source } = open([E.right(token('subject'))], { env })
    let exchanges = 0
    const exchange = () => () => () => async () => E.right(token(`derived ${++exchanges}`))
    const derived = TokenSource.downscoping({ exchange })(source)(env).for({ scope: ['little'] })
    const call = async (): Promise<void> => {
      const { accessToken } = right(await env.clock.settle(derived.get()))
      await derived.refuse(accessToken)()
    }
    for (let passed = 0; passed < HOUR; passed += 1_000) {
      await call()
      await env.clock.advance(seconds(1))
    }
    expect(exchanges).toBeGreaterThan(8)
    expect(exchanges).toBeLessThanOrEqual(20)
    const { accessToken } = right(await env.clock.settle(derived.get()))
    derived.accept?.(accessToken)
    await call()
    await call()
    expect(exchanges).toBeLessThanOrEqual(21)
  })
})
