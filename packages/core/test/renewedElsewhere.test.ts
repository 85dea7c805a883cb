/** What another process has renewed is found by one whose writes fail, or whose lock hangs, and it is the same token in both. */
import {
  type Duration,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  seconds,
  type TokenSet,
  type TokenStore,
} from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { never } from './support/answers.js'
import { rejected, right, testEnv, textOf } from './support/basics.js'
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
  type Name = 'get' | 'compareAndSet'

  const standing = (...third: ReadonlyArray<ScriptedAnswer>) => {
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
    const renewed = E.right(next('renewed by the first'))
    const first = open([E.right(living('of the first')), renewed, ...third], {
      store,
      env: { ...env, clock },
    })
    const second = open([], { store: memory, env })
    const stand = (duration: Duration): void => {
      stood = millis(stood + duration)
    }
    /** The first process stands still at the nth call of that name, before it sees the answer. */
    const heldAt = (name: Name, nth: number) => {
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
      return { answered, wake }
    }
    /** What the first was asked, answered after the second has logged in. */
    const afterLogin = async <A>(
      asked: IO<Promise<A>>,
      [name, nth]: readonly [Name, number],
      { login = next('of the second'), stands = minutes(10), meanwhile = constVoid } = {},
    ): Promise<A> => {
      const { answered, wake } = heldAt(name, nth)
      const result = asked()
      await answered
      right(await second.login(login))
      meanwhile()
      stand(stands)
      wake()
      return env.clock.settle(result)
    }
    return { env, way, first, stand, heldAt, afterLogin }
  }
  const COMMIT = ['compareAndSet', 2] as const

  test('a login brings the session that there is', async () => {
    const { first, afterLogin } = standing()
    const login = () => first.login(next('another of the first'))
    expect(textOf(await afterLogin(login, ['compareAndSet', 1]))).toBe('of the second')
  })

  test.each([
    ['a renewal', minutes(61), COMMIT],
    ['a read', minutes(3), ['get', 1]],
  ] as const)('%s brings the session that there is', async (_, later, at) => {
    const { env, first, afterLogin } = standing()
    expect(await first.got()).toBe('of the first')
    await env.clock.advance(later)
    expect(textOf(await afterLogin(first.source.get, at))).toBe('of the second')
  })

  test.each([
    ['is renewed', E.right(until(at(3 * HOUR), 'renewed once more')), 'renewed once more'],
    ['is renewed, which may fail', E.left(rejected(503)), textOf(E.left(rejected(503)))],
  ] as const)('a session that is too short for a longer job %s', async (_, third, expected) => {
    const { env, first, afterLogin } = standing(third)
    await first.got()
    await env.clock.advance(minutes(61))
    const { get } = first.source.within({ minValid: minutes(40) })
    const login = until(at(minutes(100)), 'of the second')
    expect(textOf(await afterLogin(get, COMMIT, { login }))).toBe(expected)
  })

  test('a token that is due is served while it is renewed', async () => {
    const { env, first, afterLogin } = standing()
    await first.got()
    await env.clock.advance(minutes(3))
    const from = env.clock.now()
    const login = living('of the second')
    expect(textOf(await afterLogin(first.source.get, ['get', 1], { login, stands: minutes(54) }))).toBe('of the second')
    expect(env.clock.now()).toBe(from)
  })

  test('whoever asked before a close has the token that came', async () => {
    const { env, first, afterLogin } = standing()
    await first.got()
    await env.clock.advance(minutes(61))
    const meanwhile = () => void first.source.close()()
    expect(textOf(await afterLogin(first.source.get, COMMIT, { meanwhile }))).toBe('renewed by the first')
  })

  test('only once it has served the token, looks no more', async () => {
    const { env, way, first, stand } = standing()
    await first.got()
    await env.clock.advance(minutes(3))
    let reads = 0
    way.get = (use) => () => {
      reads++
      return use()
    }
    await first.source.get()
    stand(minutes(10))
    await first.source.settled()
    expect(reads).toBe(1)
  })

  test('at every read, looks once more, and no further', async () => {
    const { env, way, first, stand } = standing()
    await first.got()
    await env.clock.advance(minutes(3))
    let reads = 0
    way.get = (use) => async () => {
      const answer = await use()
      reads++
      stand(minutes(2))
      return answer
    }
    expect(await first.got()).toBe('of the first')
    expect(reads).toBe(2)
  })
})
