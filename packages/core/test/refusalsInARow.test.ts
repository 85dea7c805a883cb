import { type Duration, memoryStore, millis, minutes, plus, seconds, TokenSource } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { right, type TestEnv, testEnv, textOf, token } from './support/basics.js'
import { HOUR, open } from './support/opened.js'

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
      else await env.clock.settle(source.invalidate(got.right.accessToken)())
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
      await source.invalidate(right(await source.get()).accessToken)()
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

  /** Until just after a refusal was heard, of a row that is long. */
  const untilHeard = async ({ env, call, redemptions, fleet }: ReturnType<typeof fleetOf>): Promise<void> => {
    const [member] = fleet
    if (member === undefined) throw new Error('none')
    await env.clock.advance(seconds(1))
    for (const before = redemptions(); redemptions() === before; await env.clock.advance(seconds(1))) await call(member)
  }

  test.each([1, 2, 3])(
    '[A10] a good token ends it over the fleet: process %i of three is heard at once, also where it has not seen that',
    async (who) => {
      const world = fleetOf(3)
      const { env, fleet, isGood, call, redemptions, calling } = world
      await calling(HOUR)
      await untilHeard(world)
      const [first] = fleet
      const member = fleet[who - 1]
      if (first === undefined || member === undefined) throw new Error('none')
      isGood.is = true
      await call(first)
      await env.clock.settle(first.source.settled())
      isGood.is = false
      await env.clock.advance(seconds(2))
      const before = redemptions()
      await call(member)
      await call(member)
      expect(redemptions()).toBe(before + 1)
    },
  )

  test('[A10] an API that takes no token any more backs off for as long as one that never took any', async () => {
    const world = fleetOf(2)
    const { fleet, isGood, call, redemptions, calling } = world
    for (let rejections = 0; rejections < 5; rejections++) {
      isGood.is = true
      for (const member of fleet) await call(member)
      isGood.is = false
      await calling(seconds(20))
    }
    const before = redemptions()
    await calling(HOUR)
    expect(redemptions() - before).toBeLessThanOrEqual(16)
  })

  test('[A10] of which one endpoint takes every token in one process, and another one none in another: one redemption a minute', async () => {
    const { env, fleet, redemptions } = fleetOf(2)
    const [taking, refusing] = fleet
    if (taking === undefined || refusing === undefined) throw new Error('none')
    for (let passed = 0; passed < HOUR; passed += 2_000) {
      await env.clock.advance(seconds(2))
      const { accessToken } = right(await env.clock.settle(taking.source.get()))
      taking.source.accept(accessToken)
      await env.clock.settle(taking.source.settled())
      await env.clock.settle(
        refusing.source.invalidate(right(await env.clock.settle(refusing.source.get())).accessToken)(),
      )
    }
    expect(redemptions()).toBeGreaterThan(50)
    expect(redemptions()).toBeLessThanOrEqual(70)
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

  test('also where who refuses a token has not read it', async () => {
    const env = testEnv()
    const store = memoryStore()
    let drawn = 0
    const undated: ScriptedAnswer = () => async () => E.right(token(`${++drawn}`))
    for (let passed = 0; passed < HOUR; passed += 10_000) {
      const { accessToken } = right(await open([undated], { env, store }).source.get())
      const { source, events } = open([undated], { env, store })
      const before = drawn
      await source.invalidate(accessToken)()
      // It gets the token all the same where its refusal was not heard.
      const got = await source.get()
      expect(events.some(({ _tag }) => _tag === 'Refused')).toBe(drawn > before)
      expect(textOf(got)).toBe(`${drawn}`)
      await env.clock.advance(seconds(10))
    }
    expect(drawn).toBeGreaterThan(8)
    expect(drawn).toBeLessThanOrEqual(20)
  })

  test('a refusal of a token that is unknown here, and was not heard, is heard later', async () => {
    const env = testEnv()
    const store = memoryStore()
    const first = open(numbered(env), { env, store })
    await env.clock.settle(first.source.get())
    const { source, got } = open([E.right(token('renewed'))], { env, store })
    const used = right(await first.source.get()).accessToken
    await source.invalidate(used)()
    expect(await got()).toBe('1')
    await env.clock.advance(seconds(1))
    await source.invalidate(used)()
    expect(await got()).toBe('renewed')
  })

  test.each([
    ['two hours', 120],
    ['a quarter of an hour', 15],
  ])('is not what %s lie between, also of tokens that live shorter', async (_, apart) => {
    const env = testEnv()
    const living: ScriptedAnswer = () => async () => {
      const now = env.clock.now()
      return E.right(token(`${now}`, { issuedAt: O.some(now), expiresAt: O.some(plus(now, minutes(10))) }))
    }
    const { source, attempts } = open(
      Array.from({ length: 400 }, () => living),
      { env },
    )
    const call = async () => right(await env.clock.settle(source.get())).accessToken
    const refusal = async (): Promise<number> => {
      await env.clock.advance(seconds(2))
      const before = attempts().length
      await env.clock.settle(source.invalidate(await call())())
      await call()
      return attempts().length - before
    }
    for (let refusals = 0; refusals < 12; refusals++) {
      for (let passed = 0; passed < apart; passed++) {
        await env.clock.advance(minutes(1))
        await call()
      }
      await refusal()
    }
    await env.clock.advance(minutes(1))
    expect(await refusal()).toBe(1)
  })

  test('of which one endpoint takes every token, and another one none: at most one redemption a minute', async () => {
    const { env, fleet, redemptions } = fleetOf(2)
    for (let passed = 0; passed < HOUR; passed += 2_000) {
      await env.clock.advance(seconds(2))
      for (const { source } of fleet) {
        const { accessToken } = right(await env.clock.settle(source.get()))
        source.accept?.(accessToken)
        await env.clock.settle(source.invalidate(accessToken)())
      }
    }
    expect(redemptions()).toBeGreaterThan(50)
    expect(redemptions()).toBeLessThanOrEqual(70)
  })

  test.each([
    ['one handle', false],
    ['a handle for each request', true],
  ])('and a derived token that is accepted by %s is a good one', async (_, each) => {
    const env = testEnv()
    const { source } = open([E.right(token('subject'))], { env })
    let exchanges = 0
    const exchange = () => () => () => async () => E.right(token(`derived ${++exchanges}`))
    const down = TokenSource.downscoping({ exchange })(source)(env)
    const target = { scope: ['little'] }
    const one = down.for(target)
    const handle = () => (each ? down.for(target) : one)
    for (let passed = 0; passed < HOUR; passed += 10_000) {
      const { accessToken } = right(await env.clock.settle(handle().get()))
      handle().accept?.(accessToken)
      await handle().invalidate(accessToken)()
      await env.clock.advance(seconds(10))
    }
    expect(exchanges).toBeGreaterThan(50)
    expect(exchanges).toBeLessThanOrEqual(70)
  })

  test('is asked for a few derived tokens an hour', async () => {
    const env = testEnv()
    const { source } = open([E.right(token('subject'))], { env })
    let exchanges = 0
    const exchange = () => () => () => async () => E.right(token(`derived ${++exchanges}`))
    const derived = TokenSource.downscoping({ exchange })(source)(env).for({ scope: ['little'] })
    const call = async (): Promise<void> => {
      const { accessToken } = right(await env.clock.settle(derived.get()))
      await derived.invalidate(accessToken)()
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
