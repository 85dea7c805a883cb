/** Tokens that are given at the start. */
import { instant, memoryStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { textOf, token } from './support/basics.js'
import { HOUR, holding, living, open } from './support/opened.js'

describe('S-OAUTH2-15 tokens at hand', () => {
  test('are served without a request, and are in the store', async () => {
    const { source, attempts, cell } = open([], { initial: living('given') })
    expect(textOf(await source.get())).toBe('given')
    expect(attempts()).toEqual([])
    expect((await cell()).token).toEqual(O.some(living('given')))
  })

  test('give way to what the store has', async () => {
    const store = memoryStore()
    const first = open([], { store, initial: living('first') })
    await first.source.get()
    const second = open([], { store, initial: living('second') })
    expect(textOf(await second.source.get())).toBe('first')
  })

  test('are forgotten by a revoke that comes before their first use', async () => {
    const { source, attempts } = open([E.right(living('new'))], { initial: living('given') })
    await source.revoke()
    expect(textOf(await source.get())).toBe('new')
    expect(attempts()).toHaveLength(1)
  })
})

describe('peek before the first use', () => {
  test('is the initial token, while it is valid and the source is open', async () => {
    const { source, env, attempts } = open([], { initial: living('given') })
    expect(source.peek()).toEqual(O.some(living('given')))
    await env.clock.advance(HOUR)
    expect(source.peek()).toEqual(O.none)
    const closed = open([], { initial: living('given') })
    await closed.source.close({ revoke: false })()
    expect(closed.source.peek()).toEqual(O.none)
    expect(attempts()).toEqual([])
  })

  test('is what a get will serve, though a record cannot hold all that was given', async () => {
    const { source, got } = open([], { initial: token('given', { expiresAt: O.some(instant(Number.NaN)) }) })
    const before = source.peek()
    expect(before).toEqual(O.some(token('given')))
    await got()
    expect(source.peek()).toEqual(before)
  })

  test('gives way to what the store has, once it was read', async () => {
    const store = await holding({ token: O.some(living('theirs')) })
    const { source, got } = open([], { store, initial: living('given') })
    await got()
    expect(source.peek()).toEqual(O.some(living('theirs')))
  })
})
