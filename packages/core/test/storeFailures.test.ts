/** A store that fails, hangs or throws. */
import { AuthError, memoryStore, millis, Secret, type Stamped, type TokenSource, type TokenStore } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { never, slowly, type Use } from './support/answers.js'
import { access, left, rejected, START, tagOf, token } from './support/basics.js'
import { holding, living, open, refreshable } from './support/opened.js'
import { away, failing, throwing, watched } from './support/stores.js'

describe('a failure of the store says what it was', () => {
  const operations = [
    ['get', (source: TokenSource): Use<unknown> => source.inspect],
    ['compareAndSet', (source: TokenSource): Use<unknown> => source.invalidate(access('a'))],
  ] as const
  const ways = [
    ['hangs', never, 'no answer by the deadline'],
    ['throws', throwing, 'it threw'],
  ] as const

  test.each(operations.flatMap(([operation, use]) => ways.map((way) => [operation, ...way, use] as const)))(
    '%s %s',
    async (operation, _, how, reason, use) => {
      const { store, way } = watched()
      const { source, env } = open([E.right(token('a'))], { store })
      await source.get()
      way[operation] = how
      expect(await env.clock.settle(use(source)())).toEqual(E.left(AuthError.storeFailed(operation, reason)))
    },
  )

  test('a read that fails: of a call too', async () => {
    const { store, way } = watched()
    const { source, attempts } = open([E.right(living('a'))], { store })
    way.get = failing
    expect(await source.get()).toEqual(E.left(away))
    expect(attempts()).toEqual([])
  })

  test('a conflict with a record that cannot be read', async () => {
    const found: Stamped = { version: 'theirs', record: O.some(Secret.make('Record', 'no JSON')), now: O.none }
    const store: TokenStore = { ...memoryStore(), compareAndSet: () => TE.right({ _tag: 'Conflict', found }) }
    const { source } = open([E.right(living('a'))], { store })
    expect(await source.get()).toMatchObject({ left: { _tag: 'StoreFailed', operation: 'decode' } })
  })

  test('at the deadline nothing is written any more', async () => {
    const { store, way, asked } = watched()
    const { source, env } = open([E.right(token('a'))], { store })
    await source.get()
    way.get = slowly(env, 15_000)
    asked()
    expect(await env.clock.settle(source.invalidate(access('a'))())).toEqual(
      E.left(AuthError.storeFailed('compareAndSet', 'no turn by the deadline')),
    )
    expect(asked()).toEqual(['get'])
  })

  test('what must not be lost is tried again after 50, 100, 200, 400, 500, 500 ms, and not at the deadline', async () => {
    const { store, way } = watched()
    const { source, env, timed } = open([E.right(token('a'))], { store, timeout: millis(2_250) })
    await source.get()
    const tries: Array<number> = []
    way.get = () => {
      tries.push(env.clock.now() - START)
      return failing()
    }
    expect(await timed(source.invalidate(access('a'))())).toEqual({ result: E.left(away), took: 1_750 })
    expect(tries).toEqual([0, 50, 150, 350, 750, 1_250, 1_750])
  })
})

describe('invalid_grant whose status cannot be written', () => {
  test('is a failure of the store: the next call asks again', async () => {
    const memory = await holding({ token: O.some(refreshable(START, 'stale')) })
    let isFull = false
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) =>
        isFull ? TE.left(AuthError.storeFailed('compareAndSet', 'full')) : memory.compareAndSet(key, expected, next),
    }
    const invalidGrant = E.left(rejected(400, { error: O.some('invalid_grant') }))
    const filling: ScriptedAnswer = () => async () => {
      isFull = true
      return invalidGrant
    }
    const { source, env, tags, cell, attempts } = open([filling, invalidGrant], { store }, { needsRefreshToken: true })
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ _tag: 'StoreFailed', pending: false })
    expect(tags()).not.toContain('LoginRequired')
    expect((await cell()).status._tag).toBe('None')
    isFull = false
    expect(tagOf(await env.clock.settle(source.get()))).toBe('ReauthenticationRequired')
    expect(attempts()).toHaveLength(2)
  })
})
