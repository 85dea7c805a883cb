import { AuthError, memoryStore, seconds, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { makeRefusing } from '../src/session/refusing.js'
import { access, left, right, tagOf, textOf } from './support/basics.js'
import { living, open } from './support/opened.js'

/** A source that serves `refused`, and would renew, over a store whose writes are held or fail. */
const serving = async () => {
  const memory = memoryStore()
  const gates: Array<() => void> = []
  const writes: { are: 'done' | 'held' | 'failing' } = { are: 'done' }
  const store: TokenStore = {
    ...memory,
    compareAndSet: (key, expected, next) => async () => {
      if (writes.are === 'failing') return E.left(AuthError.storeFailed('compareAndSet', 'full'))
      if (writes.are === 'held') await new Promise<void>((resolve) => gates.push(resolve))
      return memory.compareAndSet(key, expected, next)()
    },
  }
  const opened = open([E.right(living('refused')), E.right(living('renewed'))], { store })
  expect(await opened.got()).toBe('refused')
  await opened.env.clock.advance(seconds(1))
  const release = (): void => {
    writes.are = 'done'
    for (const gate of gates.splice(0)) gate()
  }
  return { ...opened, writes, release }
}

describe('[A10] of two tokens that are refused at the same time', () => {
  test('[A10] the one whose refusal is on its way to the store is not served, when that of the other is there', async () => {
    const { env, source, writes, release } = await serving()
    writes.are = 'held'
    const first = source.invalidate(access('refused'))()
    right(await env.clock.settle(source.invalidate(access('another'))()))
    const getting = source.get()
    release()
    right(await env.clock.settle(first))
    expect(textOf(await env.clock.settle(getting))).toBe('renewed')
  })

  test('[A10] the one whose refusal the store did not take is not served, when that of the other is there', async () => {
    const { env, source, writes, release } = await serving()
    writes.are = 'failing'
    expect(tagOf(await env.clock.settle(source.invalidate(access('refused'))()))).toBe('StoreFailed')
    right(await env.clock.settle(source.invalidate(access('another'))()))
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ _tag: 'StoreFailed' })
    release()
    expect(textOf(await env.clock.settle(source.get()))).toBe('renewed')
  })
})

test('so many refused tokens are remembered that no record took, and no more', async () => {
  const refusing = makeRefusing()
  const tokens = Array.from({ length: 20 }, (_, number) => access(`${number}`))
  for (const token of tokens) left(await refusing.write(token, async () => E.left(AuthError.closed)))
  expect(refusing.tokens()).toEqual(tokens.slice(-8))
  expect(tokens.filter(refusing.has)).toEqual(tokens.slice(-8))
})
