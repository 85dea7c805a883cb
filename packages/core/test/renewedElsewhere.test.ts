/** What another process has renewed is found by one whose writes fail, or whose lock hangs, and it is the same token in both. */
import { memoryStore, millis, minutes, plus, Secret, seconds, type TokenSet, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { never } from './support/answers.js'
import { right, testEnv, textOf } from './support/basics.js'
import { at, HOUR, living, next, open, until } from './support/opened.js'
import { failing, tellingTime, watched } from './support/stores.js'

/** Two processes at one store, and the calls of the second. */
const two = (base: (env: ReturnType<typeof testEnv>) => TokenStore, lock: Pick<TokenStore, 'exclusive'> = {}) => {
  const env = testEnv()
  const store = base(env)
  const { store: watching, ...calls } = watched(store)
  return {
    env,
    first: open([E.right(living('old')), E.right(next('new'))], { store: watched(store).store, env }),
    second: open([], { store: { ...watching, ...lock }, env }),
    ...calls,
  }
}

describe('what another process has renewed', () => {
  test.each([
    ['without a clock', () => memoryStore()],
    ['with a clock', (env: ReturnType<typeof testEnv>) => tellingTime(env, memoryStore())],
  ])('is found where writes fail, at a store %s', async (_, base) => {
    const { env, first, second, way } = two(base)
    expect([await first.got(), await second.got()]).toEqual(['old', 'old'])
    way.compareAndSet = failing
    await env.clock.advance(minutes(61))
    expect([await first.got(), await second.got()]).toEqual(['new', 'new'])
  })

  test('is found where the lock hangs, and at once', async () => {
    let hangs = false
    const { env, first, second } = two(() => memoryStore(), { exclusive: (_, use) => (hangs ? never() : use) })
    expect([await first.got(), await second.got()]).toEqual(['old', 'old'])
    hangs = true
    await env.clock.advance(minutes(61))
    expect(await first.got()).toBe('new')
    const { result, took } = await second.timed(second.got())
    expect({ result, took }).toEqual({ result: 'new', took: 0 })
  })

  test('has the members of its record, for both', async () => {
    const members = new Map(
      Object.entries({ id: '12345678901234567890', b: '{ "x": 1.0 }', 1: '1' })
        .map(([name, text]) => [name, Secret.make('Member', text)] as const)
        .reverse(),
    )
    const env = testEnv()
    const store = memoryStore()
    const first = open([E.right(until(at(HOUR), 'a', { members }))], { store, env })
    const second = open([], { store, env })
    await first.got()
    await env.clock.advance(minutes(3))
    const membersOf = (token: TokenSet) => Array.from(token.members, ([name, member]) => [name, Secret.open(member)])
    expect(membersOf(right(await first.source.get()))).toEqual(membersOf(right(await second.source.get())))
  })
})

test('what a store does late, after an outage, makes no recovery of the next renewal', async () => {
  const { store, way, same } = watched()
  const { env, source, events, got, timed } = open([E.right(living('old')), E.right(next('new'))], { store })
  await got()
  await env.clock.advance(minutes(61))
  const late: Array<() => void> = []
  const hanging: typeof same = (use) => () =>
    new Promise((resolve) => {
      late.push(() => resolve(use()))
    })
  way.get = hanging
  way.compareAndSet = hanging
  expect(E.isLeft(await env.clock.settle(source.get()))).toBe(true)
  await env.clock.advance(seconds(2))
  for (const done of late) done()
  await env.clock.advance(seconds(1))
  way.get = same
  way.compareAndSet = same
  expect(await timed(got())).toEqual({ result: 'new', took: 0 })
  expect(events.flatMap((event) => (event._tag === 'Renewing' ? [event.recovery] : []))).toEqual([false, false])
})

describe('a process that stands still for minutes before it sees an answer, while another logs in', () => {
  /** The first process stands still before it sees the answer of the next call of that name. */
  const standing = (name: 'get' | 'compareAndSet', nth = 1) => {
    const env = testEnv()
    const memory = memoryStore()
    const { store, way, same } = watched(memory)
    // Its time goes on, and no timer of it ends.
    let stood = millis(0)
    const clock = {
      ...env.clock,
      now: () => plus(env.clock.now(), stood),
      monotonic: () => (env.clock.monotonic?.() ?? 0) + stood,
    }
    const answers = [E.right(living('of the first')), E.right(next('renewed by the first'))]
    const first = open(answers, { store, env: { ...env, clock } })
    const second = open([], { store: memory, env })
    /** What the first was asked, answered after the second has logged in. */
    const afterLogin = async <A>(asked: IO<Promise<A>>): Promise<A> => {
      let wake: () => void = constVoid
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const answered = new Promise<void>((resolve) => {
        let calls = 0
        way[name] = (use) => async () => {
          const answer = await use()
          if (++calls < nth) return answer
          way[name] = same
          resolve()
          await woken
          return answer
        }
      })
      const result = asked()
      await answered
      right(await second.login(next('of the second')))
      stood = minutes(10)
      wake()
      return result
    }
    return { env, first, afterLogin }
  }

  test('a login', async () => {
    const { first, afterLogin } = standing('compareAndSet')
    expect(textOf(await afterLogin(() => first.login(next('another of the first'))))).toBe('of the second')
  })

  test.each([
    ['a renewal', 'compareAndSet', 2, minutes(61), undefined],
    ['a renewal for a job that takes longer', 'compareAndSet', 2, minutes(61), minutes(70)],
    ['a read', 'get', 1, minutes(3), undefined],
  ] as const)('%s', async (_, name, nth, later, minValid) => {
    const { env, first, afterLogin } = standing(name, nth)
    expect(await first.got()).toBe('of the first')
    await env.clock.advance(later)
    const { get } = minValid === undefined ? first.source : first.source.within({ minValid })
    expect(textOf(await afterLogin(get))).toBe('of the second')
  })
})
