/** A token that the application has got by itself becomes the session. */
import {
  AuthError,
  instant,
  memoryStore,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { access, left, tagOf, textOf } from './support/basics.js'
import { living, open } from './support/opened.js'

describe('adopt', () => {
  const revoking = () => {
    const texts: Array<string> = []
    const revocation =
      ({ accessToken }: TokenSet) =>
      () =>
      () => {
        texts.push(Secret.open(accessToken))
        return TE.right(undefined)
      }
    return { texts, revocation: Object.assign(revocation, { ends: 'grant' as const }) }
  }
  /** A store that can be broken, before or after it has written. */
  const breakable = () => {
    const memory = memoryStore()
    const failed = TE.left(AuthError.storeFailed('compareAndSet', 'full'))
    let breaks: 'no' | 'all' | 'writes' = 'no'
    const store: TokenStore = {
      ...memory,
      get: (key) => () => (breaks === 'all' ? failed() : memory.get(key)()),
      compareAndSet: (key, expected, next) => () =>
        breaks === 'no' ? memory.compareAndSet(key, expected, next)() : failed(),
    }
    return { store, set: (of: typeof breaks) => (breaks = of) }
  }

  test('starts a new epoch; the token is in the store before it is handed out', async () => {
    const { source, cell, tags } = open([E.right(living('old'))])
    await source.get()
    const { epoch } = await cell()
    expect(textOf(await source.adopt(living('new'))())).toBe('new')
    expect(await cell()).toMatchObject({ epoch: epoch + 1, token: O.some({ accessToken: access('new') }) })
    expect(textOf(await source.get())).toBe('new')
    expect(tags()).toContain('LoggedIn')
  })

  test('of several at once the first wins; the others are revoked at the server, and all are answered with the first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 5 }), async (count) => {
        const { texts, revocation } = revoking()
        const { source, env, cell } = open([], { revocation })
        const names = Array.from({ length: count }, (_, at) => `t${at}`)
        const adopted = await env.clock.settle(Promise.all(names.map((text) => source.adopt(living(text))())))
        const winner = textOf(await source.get())
        expect(adopted.map(textOf)).toEqual(names.map(() => winner))
        await env.clock.settle(source.settled())
        expect(texts.sort()).toEqual(names.filter((text) => text !== winner))
        expect(await cell()).toMatchObject({ epoch: 1 })
      }),
      { numRuns: 20 },
    )
  })

  test.each<'all' | 'writes'>(['all', 'writes'])(
    'a store that fails (%s): the token is pending, and committed when it works again',
    async (breaks) => {
      const { store, set } = breakable()
      const { source, env, tags, cell } = open([], { store })
      set(breaks)
      const failed = left(await env.clock.settle(source.adopt(living('new'))()))
      expect(failed).toMatchObject({ _tag: 'StoreFailed', pending: true })
      expect(tags()).toContain('Pending')
      set('no')
      await env.clock.advance(seconds(2))
      expect(await cell()).toMatchObject({ epoch: 1, token: O.some({ accessToken: access('new') }) })
      expect(textOf(await env.clock.settle(source.get()))).toBe('new')
    },
  )

  test('a revoke while the store failed wins: the token is revoked at the server when the store works again', async () => {
    const { texts, revocation } = revoking()
    const { store, set } = breakable()
    const { source, env } = open([], { store, revocation }, { needsRefreshToken: true })
    set('writes')
    expect(tagOf(await env.clock.settle(source.adopt(living('late'))()))).toBe('StoreFailed')
    set('no')
    const other = pipe(scriptedStrategy([]).strategy, TokenSource.make({ store, revocation }))(env)()
    await other.adopt(living('theirs'))()
    await other.revoke()
    await env.clock.advance(seconds(2))
    await env.clock.settle(source.settled())
    expect(texts).toEqual(['theirs', 'late'])
    expect(left(await env.clock.settle(source.get()))).toMatchObject({ reason: 'revoked' })
  })

  test.each(['login', 'adopt'] as const)(
    '[A02] a token that waits for the store never replaces the session of a later %s',
    async (by) => {
      const { texts, revocation } = revoking()
      const { store, set } = breakable()
      const { source, env } = open([], { store, revocation })
      set('all')
      expect(tagOf(await env.clock.settle(source.adopt(living('first'))()))).toBe('StoreFailed')
      set('no')
      const { strategy } = scriptedStrategy([E.right(living('second'))])
      const second = by === 'login' ? source.login(strategy)({}) : source.adopt(living('second'))
      expect(textOf(await second())).toBe('second')
      await env.clock.advance(seconds(2))
      await env.clock.settle(source.settled())
      expect(textOf(await env.clock.settle(source.get()))).toBe('second')
      expect(texts).toEqual(['first'])
    },
  )

  test('of two tokens that wait for the store, the later one is the session', async () => {
    const { texts, revocation } = revoking()
    const { store, set } = breakable()
    const { source, env } = open([], { store, revocation })
    set('all')
    for (const text of ['first', 'second']) {
      expect(tagOf(await env.clock.settle(source.adopt(living(text))()))).toBe('StoreFailed')
    }
    set('no')
    await env.clock.advance(seconds(2))
    await env.clock.settle(source.settled())
    expect(textOf(await env.clock.settle(source.get()))).toBe('second')
    expect(texts).toEqual(['first'])
  })

  test('an interrupted caller does not wait; the token is committed all the same', async () => {
    const { source } = open([])
    const aborted = source.within({ signal: AbortSignal.abort() }).adopt(living('new'))
    expect(await aborted()).toEqual(E.left(AuthError.aborted))
    await source.settled()
    expect(textOf(await source.get())).toBe('new')
  })

  test('a source that is closed revokes it at the server', async () => {
    const { texts, revocation } = revoking()
    const { source, tags } = open([], { revocation })
    await source.close()()
    expect(await source.adopt(living('late'))()).toEqual(E.left(AuthError.closed))
    expect(texts).toEqual(['late'])
    expect(tags()).toContain('Discarded')
  })

  test('what is no token set is named; what a record cannot hold is left out', async () => {
    const { source } = open([])
    for (const wrong of [undefined, null, 'abc', { access_token: 'abc' }]) {
      const field = expect.stringMatching(/^adopt\.token(\.accessToken)?$/)
      // @ts-expect-error from JavaScript
      expect(await source.adopt(wrong)()).toMatchObject({ left: { _tag: 'Misconfigured', field } })
    }
    const odd = living('odd')
    expect(textOf(await source.adopt({ ...odd, expiresAt: O.some(instant(Number.NaN)) })())).toBe('odd')
  })
})
