/** Calls to the store that overlap: what was asked first may be answered last. */
import { memoryStore, seconds, type TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { slowly, type Use } from './support/answers.js'
import { access, right, type TestEnv, testEnv, token } from './support/basics.js'
import { HOUR, living, next, open } from './support/opened.js'
import { away, failing, watched } from './support/stores.js'

describe('calls to the store that overlap', () => {
  /** What was there when it was asked, a second later. */
  const lately =
    ({ clock }: TestEnv) =>
    <A>(use: Use<A>): Use<A> =>
    async () => {
      const answer = await use()
      await clock.sleep(seconds(1))()
      return answer
    }

  test.each<[string, (source: TokenSource) => Use<unknown>]>([
    ['a refusal', (source) => source.invalidate(access('a'))],
    ['a revoke', (source) => source.revoke],
  ])('what was read before %s does not bring the token back', async (_, end) => {
    const { store, way, same } = watched()
    const { source, env } = open([E.right(token('a'))], { store })
    await source.get()
    way.get = lately(env)
    const look = source.inspect()
    way.get = same
    right(await end(source)())
    right(await env.clock.settle(look))
    expect(source.peek()).toEqual(O.none)
  })

  test('what was asked first and read last counts: the token was refused by then', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const { store, way, same } = watched(memory)
    const { source } = open([E.right(token('a'))], { env, store })
    const other = open([], { env, store: memory })
    await source.get()
    way.get = slowly(env, 1_000)
    const look = source.inspect()
    way.get = same
    right(await source.inspect())
    right(await other.source.invalidate(access('a'))())
    right(await env.clock.settle(look))
    expect(source.peek()).toEqual(O.none)
  })

  describe('of a store that may lose what it has', () => {
    const lossy = () => {
      let memory = memoryStore()
      const watching = watched({
        guarantee: 'process',
        mayLoseWrites: true,
        get: (key) => memory.get(key),
        compareAndSet: (...given) => memory.compareAndSet(...given),
      })
      const lose = (): void => {
        memory = memoryStore()
      }
      return { ...watching, lose }
    }

    test('what another process has renewed is left as it is', async () => {
      const env = testEnv()
      const { store, asked } = lossy()
      const ours = open([E.right(token('a'))], { env, store })
      const theirs = open([E.right(token('b'))], { env, store })
      await ours.source.get()
      right(await theirs.source.invalidate(access('a'))())
      expect(await theirs.got()).toBe('b')
      await env.clock.advance(seconds(60))
      asked()
      expect(await ours.got()).toBe('b')
      expect(asked()).toEqual(['get'])
    })

    test('what was read before a renewal restores nothing', async () => {
      const { store, way, same, asked } = lossy()
      const { source, env, got } = open([E.right(token('a')), E.right(token('b'))], { store })
      await source.get()
      way.get = lately(env)
      const look = source.inspect()
      way.get = same
      right(await source.invalidate(access('a'))())
      expect(await got()).toBe('b')
      asked()
      right(await env.clock.settle(look))
      // It overlapped: only a call that begins now can tell whether the renewal is lost.
      expect(asked()).toEqual(['get'])
      expect(await got()).toBe('b')
    })

    test('what cannot be restored: why', async () => {
      const { store, way, lose } = lossy()
      const { source, env } = open([E.right(living('a'))], { store })
      await source.get()
      lose()
      way.compareAndSet = failing
      await env.clock.advance(HOUR)
      expect(await env.clock.settle(source.get())).toEqual(E.left(away))
    })

    test('what another login has replaced meanwhile is not restored', async () => {
      const env = testEnv()
      const { store, way, same, lose } = lossy()
      const ours = open([E.right(living('a'))], { env, store })
      const theirs = open([], { env, store })
      await ours.source.get()
      lose()
      await env.clock.advance(HOUR)
      way.compareAndSet = (use) => async () => {
        way.compareAndSet = same
        await theirs.login(next('theirs'))
        return use()
      }
      expect(await ours.got()).toBe('theirs')
      expect(ours.tags()).not.toContain('Restored')
    })
  })
})
