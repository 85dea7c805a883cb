/** A source that is closed answers nothing, loses nothing, and sends nothing more. */
import { AuthError, memoryStore, millis, seconds, type TokenStore } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { later } from './support/answers.js'
import { access, rejected, textOf } from './support/basics.js'
import { living, open } from './support/opened.js'

describe('close', () => {
  test('S-OAUTH2-10 every call is Closed afterwards, closing twice is allowed', async () => {
    const { source, tags } = open([E.right(living('a'))])
    await source.get()
    expect(await source.close()()).toEqual(E.right(undefined))
    expect(await source.close()()).toEqual(E.right(undefined))
    const calls = [
      source.get(),
      source.invalidate(access('a'))(),
      source.revoke(),
      source.login(scriptedStrategy([]).strategy)({})(),
    ]
    expect(await Promise.all<E.Either<AuthError, unknown>>(calls)).toEqual(calls.map(() => E.left(AuthError.closed)))
    expect(source.peek()).toEqual(O.none)
    expect(tags().filter((tag) => tag === 'Closed')).toHaveLength(1)
  })

  test.each([
    [true, undefined, 1],
    [false, undefined, 0],
    [true, false, 0],
    [false, true, 1],
  ])('S-OAUTH2-10 own store %s, asked %s: %s revocations', async (isOwn, revoke, count) => {
    const { ephemeral: _, ...shared } = memoryStore()
    const revocation = jest.fn(() => () => () => TE.right(undefined))
    const { source } = open([E.right(living('a'))], { store: isOwn ? memoryStore() : shared, revocation })
    await source.get()
    await source.close(revoke === undefined ? {} : { revoke })()
    expect(revocation).toHaveBeenCalledTimes(count)
  })

  test('S-OAUTH2-10 a failed revoke is reported, and it stays closed', async () => {
    const { source } = open([E.right(living('a'))], { revocation: () => () => () => TE.left(rejected(500)) })
    await source.get()
    expect(await source.close()()).toEqual(E.left(rejected(500)))
    expect(source.closed()).toBe(true)
  })

  test('I7 a request under way is committed first', async () => {
    const { ephemeral: _, ...store } = memoryStore()
    const { source, env, cell } = open((env) => [later(env, seconds(5), E.right(living('a')))], { store })
    const running = source.get()
    await env.clock.advance(seconds(1))
    await env.clock.settle(source.close()())
    expect(O.isSome((await cell()).token)).toBe(true)
    expect(textOf(await running)).toBe('a')
  })

  test('a request that was not sent yet is not sent', async () => {
    const memory = memoryStore()
    let opened: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      opened = resolve
    })
    const { ephemeral: _, ...rest } = memory
    const store: TokenStore = {
      ...rest,
      compareAndSet: (key, expected, next) => async () => {
        await gate
        return memory.compareAndSet(key, expected, next)()
      },
    }
    const { source, env, attempts, cell } = open([E.right(living('a'))], { store })
    const running = source.get()
    await env.clock.advance(millis(1))
    const closing = source.close()()
    opened()
    expect(await running).toEqual(E.left(AuthError.closed))
    await closing
    expect(attempts()).toEqual([])
    expect((await cell()).lease).toEqual(O.none)
  })
})
