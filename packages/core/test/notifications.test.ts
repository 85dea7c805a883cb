/** What a store tells of changes: waited for, counted, and not relied on. */
import { memoryStore, millis, minutes, plus, seconds, type TokenSet, type TokenStore } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { later, slowly } from './support/answers.js'
import { access, rejected, right, START, type TestEnv, tagOf, testEnv, textOf } from './support/basics.js'
import { HOUR, leased, living, next, open, redeeming, until } from './support/opened.js'
import { watched } from './support/stores.js'

describe('notifications', () => {
  /** A store that counts its subscriptions. */
  const counted = (memory: TokenStore, end: () => void = () => undefined) => {
    const counts = { begun: 0, ended: 0 }
    const store: TokenStore = {
      ...memory,
      changes: (key, onChange) => {
        counts.begun++
        const real = memory.changes?.(key, onChange)
        return () => {
          counts.ended++
          real?.()
          end()
        }
      },
    }
    return { store, counts }
  }
  /** Another process whose requests take 2 s. */
  const slow = (env: TestEnv, store: TokenStore, ...tokens: ReadonlyArray<TokenSet>) =>
    open(
      tokens.map(
        (of): ScriptedAnswer =>
          () =>
            slowly(env, 2_000)(TE.right(of)),
      ),
      { env, store },
    )

  test('that do not come: one subscription, and none is left at the end', async () => {
    const { store, counts } = counted(watched(await leased(2_000)).store)
    const { got, source } = open([E.right(living('a'))], { store }, redeeming)
    expect(await got()).toBe('a')
    expect(counts).toEqual({ begun: 1, ended: 0 })
    await source.close({ revoke: false })()
    expect(counts).toEqual({ begun: 1, ended: 1 })
  })

  test('wake who waits, also after a call that did not have to', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const theirs = slow(env, memory, living('a'), next('b'))
    expect(await theirs.got()).toBe('a')
    const ours = open([], { env, store: memory })
    expect(await ours.got()).toBe('a')
    await env.clock.advance(HOUR)
    void theirs.source.get()
    await env.clock.advance(millis(1))
    const { result, took } = await ours.timed(ours.source.get())
    expect(textOf(result)).toBe('b')
    expect(took).toBe(1_999)
  })

  test('wake who waits for a call of the same source that was called before a refusal', async () => {
    const env = testEnv()
    const { source, timed, attempts } = open([E.right(living('a')), () => slowly(env, 2_000)(TE.right(living('b')))], {
      env,
    })
    await source.get()
    await env.clock.advance(seconds(2))
    await source.invalidate(access('a'))()
    void source.get()
    await env.clock.advance(millis(1))
    void source.invalidate(access('another'))()
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('b')
    expect(took).toBe(1_999)
    expect(attempts()).toHaveLength(2)
  })

  test('do not make an error of a token that is valid, while its renewal rests', async () => {
    const env = testEnv()
    const store = memoryStore()
    const answers: ReadonlyArray<ScriptedAnswer> = [E.right(living('a')), E.left(rejected(500)), E.left(rejected(500))]
    const { source, got } = open(answers, { env, store })
    await source.get()
    await env.clock.advance(millis(HOUR - 10_000))
    expect(await got()).toBe('a')
    await source.settled()
    const { version, record } = right(await store.get('default')())
    if (O.isNone(record)) throw new Error('there is a record')
    right(await store.compareAndSet('default', version, { version: 'again', record: record.value })())
    expect(await got()).toBe('a')
  })

  test('that cannot be ended: a close is a close', async () => {
    const { store, counts } = counted(memoryStore(), () => {
      throw new Error('mine')
    })
    const { source, got } = open([E.right(living('a'))], { store })
    expect(await got()).toBe('a')
    expect(tagOf(await source.close({ revoke: false })())).toBe('Right')
    expect(counts).toEqual({ begun: 1, ended: 1 })
  })
})

describe('notifications that fail', () => {
  const mine = () => new Error('mine')
  type Changes = NonNullable<TokenStore['changes']>
  test.each<[string, (real: Changes) => Changes]>([
    [
      'changes throws',
      () => () => {
        throw mine()
      },
    ],
    ['nothing is told', () => () => () => undefined],
    [
      'the end throws',
      (real) => (key, onChange) => {
        real(key, onChange)
        return () => {
          throw mine()
        }
      },
    ],
  ])('%s: the store is polled', async (_, breaking) => {
    const env = testEnv()
    const memory = memoryStore()
    const silent: Changes = () => () => undefined
    let reads = 0
    const store: TokenStore = {
      ...memory,
      get: (key) => async () => {
        reads++
        await env.clock.sleep(millis(1))()
        return memory.get(key)()
      },
      changes: breaking(memory.changes ?? silent),
    }
    const far = plus(START, minutes(240))
    const other = open(
      [later(env, seconds(2), E.right(living('first'))), later(env, seconds(2), E.right(until(far, 'second')))],
      { env, store: memory },
    )
    const { timed, source, attempts } = open([], { env, store })
    for (const text of ['first', 'second']) {
      const theirs = other.source.get()
      await env.clock.advance(millis(1))
      const { result, took } = await timed(source.get())
      expect(textOf(result)).toBe(text)
      expect(took).toBeLessThanOrEqual(2_500)
      // Each 50 ms at most.
      expect(reads).toBeLessThanOrEqual(50)
      reads = 0
      await env.clock.settle(theirs)
      await env.clock.advance(HOUR)
    }
    expect(attempts()).toEqual([])
    expect(tagOf(await env.clock.settle(source.close({ revoke: false })()))).toBe('Right')
  })
})
