/** What logins and revokes leave alive at the server, and who ends it. */
import {
  AuthError,
  CellCodec,
  memoryStore,
  millis,
  minutes,
  plus,
  type Revoker,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer, scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { rejected, right, type TestEnv, tagOf, testEnv, textOf, turns } from './support/basics.js'

/** A server of strict rotation, whose revocation endpoint answers, is down, or does not answer. */
const world = (ends?: 'grant' | 'all') => {
  const env = testEnv()
  const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
  const endpoint: { is: 'up' | 'hangs' | AuthError } = { is: 'up' }
  const asked: Array<string> = []
  const store = memoryStore()
  const revoker: Revoker<unknown> = (token) => (limits) => (of) => async () => {
    asked.push(Secret.open(token.accessToken))
    if (endpoint.is === 'hangs') return new Promise(() => undefined)
    return endpoint.is === 'up' ? server.revoking()(token)(limits)(of)() : E.left(endpoint.is)
  }
  /** A process of its own: one that is not asked any more has crashed. */
  const start = (
    known: {
      readonly env?: TestEnv
      readonly store?: TokenStore
      readonly revokes?: boolean
      readonly initial?: TokenSet
    } = {},
  ) => {
    const revocation = known.revokes === false ? {} : { revocation: Object.assign(revoker.bind(undefined), { ends }) }
    const config = { store, key: 'ann', ...known, ...revocation }
    const source = pipe(server.refreshing(), TokenSource.make(config))(known.env ?? env)()
    return {
      source,
      login: async () => {
        const token = server.login()
        const { strategy } = scriptedStrategy([E.right(token)])
        expect(textOf(await env.clock.settle(source.login(strategy)({})()))).toBe(Secret.open(token.accessToken))
        return token
      },
      got: async () => textOf(await env.clock.settle(source.get())),
      revoked: () => env.clock.settle(source.revoke()),
      settled: () => env.clock.settle(source.settled()),
    }
  }
  const isAlive = ({ accessToken }: TokenSet): boolean => server.isAlive(accessToken)()
  const cell = async () => right(CellCodec.decode(right(await store.get('ann')()).record))
  return { env, server, store, endpoint, asked, start, isAlive, cell }
}

const down = rejected(503)
const LATER = minutes(10)

describe('[A06] a grant that is alive at the server is not forgotten', () => {
  test('[A06] a login over a session that is valid ends the grant that it replaces, there too', async () => {
    const { start, isAlive, asked } = world('grant')
    const { login, settled, got } = start()
    const first = await login()
    const second = await login()
    await settled()
    expect([isAlive(first), isAlive(second)]).toEqual([false, true])
    expect(asked).toEqual(['access-1'])
    expect(await got()).toBe('access-2')
  })

  test('[A06] a login over a revoke that failed at the server: it is tried again by who comes later', async () => {
    const { env, start, isAlive, endpoint } = world('grant')
    const { login, revoked, got } = start()
    const first = await login()
    endpoint.is = down
    expect(await revoked()).toEqual(E.left(down))
    const second = await login()
    endpoint.is = 'up'
    await env.clock.advance(LATER)
    expect(await got()).toBe('access-2')
    await env.clock.advance(seconds(1))
    expect([isAlive(first), isAlive(second)]).toEqual([false, true])
  })

  test('[A06] a process that dies before the server has heard: another one does it, at its next renewal', async () => {
    const { env, start, isAlive, endpoint, cell } = world('grant')
    const first = await start().login()
    endpoint.is = 'hangs'
    const second = await start().login()
    expect(isAlive(first)).toBe(true)
    endpoint.is = 'up'
    await env.clock.advance(minutes(55))
    const other = start()
    expect(await other.got()).toBe('access-2')
    await other.settled()
    await env.clock.advance(seconds(1))
    expect([isAlive(first), isAlive(second)]).toEqual([false, true])
    expect(await other.got()).toBe('access-3')
    expect((await cell()).owed).toEqual(O.none)
  })

  test('[A06] what came too late, and could not be revoked in three tries: later', async () => {
    const { env, server, start, isAlive, endpoint, asked } = world('grant')
    const { source, login, got } = start()
    await login()
    const late = server.login()
    const slow = source.login(() => () => async () => {
      await env.clock.sleep(minutes(1))()
      return E.right(late)
    })({})()
    await env.clock.advance(seconds(1))
    await login()
    endpoint.is = down
    expect(textOf(await env.clock.settle(slow))).toBe('access-3')
    await env.clock.advance(minutes(1))
    expect(asked.filter((of) => of === 'access-2')).toHaveLength(3)
    endpoint.is = 'up'
    await env.clock.advance(LATER)
    expect(await got()).toBe('access-3')
    await env.clock.advance(seconds(1))
    expect(isAlive(late)).toBe(false)
  })

  test('[A06] a strategy that begins anew on a tombstone leaves to the server what that owes', async () => {
    const { env, server, store, endpoint, asked } = world()
    const revocation: Revoker<unknown> =
      ({ accessToken }) =>
      () =>
      () =>
      async () => {
        asked.push(Secret.open(accessToken))
        return endpoint.is === 'up' ? E.right(undefined) : E.left(down)
      }
    const issuing = scriptedStrategy([E.right(server.issue()), E.right(server.issue())]).strategy
    const config = { store, key: 'ann', revocation: Object.assign(revocation, { ends: 'grant' as const }) }
    const source = pipe(issuing, TokenSource.make(config))(env)()
    expect(textOf(await source.get())).toBe('access-1')
    endpoint.is = down
    expect(tagOf(await env.clock.settle(source.revoke()))).toBe('Rejected')
    endpoint.is = 'up'
    expect(textOf(await source.get())).toBe('access-2')
    await env.clock.advance(LATER)
    await source.get()
    await env.clock.advance(seconds(1))
    expect(asked).toEqual(['access-1', 'access-1'])
  })
})

describe('a server that ends all that a person has granted, as one may do that says nothing', () => {
  test.each([[undefined], ['all' as const]])(
    'ends %s: nothing is revoked beside a session that goes on',
    async (ends) => {
      const { env, start, isAlive, asked, cell } = world(ends)
      const { login, settled, got, revoked } = start()
      const first = await login()
      const second = await login()
      await settled()
      await env.clock.advance(LATER)
      expect(await got()).toBe('access-2')
      await env.clock.advance(seconds(1))
      expect(asked).toEqual([])
      // It waits for the end of the session.
      expect(await revoked()).toEqual(E.right('revoked'))
      expect([isAlive(first), isAlive(second)]).toEqual([false, false])
      expect((await cell()).owed).toEqual(O.none)
    },
  )

  test('of two logins at once, the one that came second is not revoked', async () => {
    const { env, server, start, isAlive, asked } = world('all')
    const { source, login, settled } = start()
    const late = server.login()
    const slow = source.login(() => () => async () => {
      await env.clock.sleep(minutes(1))()
      return E.right(late)
    })({})()
    await env.clock.advance(seconds(1))
    const first = await login()
    expect(textOf(await env.clock.settle(slow))).toBe('access-2')
    await settled()
    expect(asked).toEqual([])
    expect([isAlive(first), isAlive(late)]).toEqual([true, true])
  })

  test('nor is one that comes when the source is closed', async () => {
    const { env, server, start, asked } = world('all')
    const { source, login } = start()
    await login()
    const slow = source.login(() => () => async () => {
      await env.clock.sleep(seconds(5))()
      return E.right(server.login())
    })({})()
    await env.clock.advance(seconds(1))
    await env.clock.settle(source.close({ revoke: false })())
    expect(tagOf(await env.clock.settle(slow))).toBe('Closed')
    expect(asked).toEqual([])
  })
})

describe('[A06] where the server ends all, each try goes by what there is then', () => {
  /** A login of a minute, and what happens meanwhile. */
  const slowly = ({ env, server, start }: ReturnType<typeof world>) => {
    const one = start()
    const late = server.login()
    const slow = one.source.login(() => () => async () => {
      await env.clock.sleep(minutes(1))()
      return E.right(late)
    })({})()
    return { ...one, late, slow }
  }

  test('[A06] a login that ends at a closed source, and another process has logged in meanwhile', async () => {
    const of = world('all')
    const { env, start, asked } = of
    const { source, slow } = slowly(of)
    await env.clock.advance(seconds(1))
    const here = await start().login()
    const closed = source.close({ revoke: false })()
    expect(tagOf(await env.clock.settle(slow))).toBe('Closed')
    await env.clock.settle(closed)
    expect(asked).toEqual([])
    expect(of.isAlive(here)).toBe(true)
  })

  test('[A06] a token that is adopted by a closed source, and another process has a session', async () => {
    const { env, server, start, asked, isAlive } = world('all')
    const here = await start().login()
    const { source } = start()
    await env.clock.settle(source.close({ revoke: false })())
    expect(tagOf(await env.clock.settle(source.adopt(server.login())()))).toBe('Closed')
    expect(asked).toEqual([])
    expect(isAlive(here)).toBe(true)
  })

  test.each(['all', 'grant'] as const)(
    '[A05] of a server that ends %s: a token that comes to a closed source, and nobody has a session, is revoked',
    async (ends) => {
      const { env, server, start, isAlive } = world(ends)
      const { source } = start()
      await env.clock.settle(source.close({ revoke: false })())
      const late = server.login()
      expect(tagOf(await env.clock.settle(source.adopt(late)()))).toBe('Closed')
      expect(isAlive(late)).toBe(false)
    },
  )

  test('[A06] the token that a closed source is given is the session of another process: it goes on', async () => {
    const { env, start, asked, isAlive } = world('grant')
    const here = await start().login()
    const { source } = start()
    await env.clock.settle(source.close({ revoke: false })())
    expect(tagOf(await env.clock.settle(source.adopt(here)()))).toBe('Closed')
    expect(asked).toEqual([])
    expect(isAlive(here)).toBe(true)
  })

  test('[A06] the first try fails, and a person logs in before the second', async () => {
    const of = world('all')
    const { env, start, asked, endpoint } = of
    const { slow, revoked } = slowly(of)
    await env.clock.advance(seconds(1))
    await revoked()
    endpoint.is = down
    await env.clock.advance(seconds(59))
    await slow
    await turns()
    expect(asked).toEqual(['access-1'])
    endpoint.is = 'up'
    const here = await start().login()
    await env.clock.advance(minutes(1))
    expect(asked).toEqual(['access-1'])
    expect(of.isAlive(here)).toBe(true)
  })

  test('[A06] the first try fails, and a login has begun before the second', async () => {
    const of = world('all')
    const { env, source, asked, endpoint } = { ...of, ...slowly(of) }
    await env.clock.advance(seconds(1))
    await env.clock.settle(source.revoke())
    endpoint.is = down
    await env.clock.advance(seconds(59))
    await turns()
    expect(asked).toEqual(['access-1'])
    endpoint.is = 'up'
    const here = of.server.login()
    const second = source.login(() => () => async () => {
      await env.clock.sleep(minutes(1))()
      return E.right(here)
    })({})()
    await env.clock.advance(seconds(30))
    expect(asked).toEqual(['access-1'])
    expect(textOf(await env.clock.settle(second))).toBe(Secret.open(here.accessToken))
    expect(of.isAlive(here)).toBe(true)
  })

  test('[A04] a token that waits for the store came before a revoke that the store takes first: it is ended', async () => {
    const { env, server, store, start, isAlive, cell } = world('all')
    let isDown = true
    const failing: TokenStore = {
      ...store,
      get: (of) => (isDown ? async () => E.left(AuthError.storeFailed('get', 'it is down')) : store.get(of)),
    }
    const { source } = start({ store: failing })
    const late = server.login()
    const adopted = source.adopt(late)()
    await env.clock.advance(seconds(3))
    isDown = false
    expect(E.isRight(await env.clock.settle(source.revoke()))).toBe(true)
    await env.clock.settle(adopted)
    await env.clock.settle(source.settled())
    expect((await cell()).status._tag).toBe('Revoked')
    expect(isAlive(late)).toBe(false)
  })
})

describe('[A06] what was given at the start is of the session that ends', () => {
  test.each([
    ['a revoke', async ({ revoke }: TokenSource) => expect(await revoke()).toEqual(E.right('revoked'))],
    ['a close that revokes', async ({ close }: TokenSource) => expect(E.isRight(await close()())).toBe(true)],
  ])('[A06] %s before the first use ends it at the server', async (_, end) => {
    const { server, start, isAlive, cell } = world('grant')
    const initial = server.login()
    await end(start({ initial }).source)
    expect(isAlive(initial)).toBe(false)
    expect(await cell()).toMatchObject({ token: O.none, owed: O.none, status: { _tag: 'Revoked' } })
  })

  test('[A06] also where the store did not take it at first', async () => {
    const { env, server, store, start, isAlive } = world('grant')
    const initial = server.login()
    let isDown = true
    const failing: TokenStore = {
      ...store,
      compareAndSet: (...args) =>
        isDown ? async () => E.left(AuthError.storeFailed('compareAndSet', 'READONLY')) : store.compareAndSet(...args),
    }
    const { source, got } = start({ store: failing, initial })
    expect(await got()).toContain('kept')
    isDown = false
    expect(E.isRight(await env.clock.settle(source.revoke()))).toBe(true)
    await env.clock.settle(source.settled())
    expect(isAlive(initial)).toBe(false)
  })

  test('[A06] where another session is in the store, it is that one that ends', async () => {
    const { server, start, isAlive, asked } = world('grant')
    const first = await start().login()
    const initial = server.login()
    expect(await start({ initial }).revoked()).toEqual(E.right('revoked'))
    expect(isAlive(first)).toBe(false)
    expect(asked).toEqual(['access-1'])
  })
})

describe('[A06] where the server ends all, and a revoke of before is tried again: a login that begins is not ended', () => {
  /** A collection whose user was logged out while the server was down, ten minutes ago. */
  const loggedOut = async () => {
    const env = testEnv()
    const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
    const granted: TokenSet[] = []
    const endpoint = { is: 'down', takes: 0 }
    const asked: string[] = []
    const revoker: Revoker<unknown> = (token) => (limits) => (of) => async () => {
      asked.push(Secret.open(token.accessToken))
      if (endpoint.is === 'down') return E.left(down)
      await env.clock.sleep(millis(endpoint.takes))()
      for (const each of granted) await server.revoking()(each)(limits)(of)()
      return E.right(undefined)
    }
    const config = { store: memoryStore(), revocation: revoker, capacity: 1 }
    const users = TokenSource.keyed(config)(() => server.refreshing())(env)()
    const grant = (): TokenSet => {
      const token = server.login()
      granted.push(token)
      return token
    }
    right(await env.clock.settle(users.for('ann').adopt(grant())()))
    expect(E.isLeft(await env.clock.settle(users.for('ann').revoke()))).toBe(true)
    endpoint.is = 'up'
    await env.clock.advance(LATER)
    asked.length = 0
    const get = async () => textOf(await env.clock.settle(users.for('ann').get()))
    return {
      env,
      server,
      users,
      endpoint,
      asked,
      grant,
      get,
      isAlive: (of: TokenSet) => server.isAlive(of.accessToken)(),
    }
  }

  test('[A06] one of which nobody knows the key yet', async () => {
    const { env, users, asked, grant, get, isAlive } = await loggedOut()
    const second = grant()
    const login = users.login(scriptedStrategy([E.right(second)]).strategy, () => async () => {
      await env.clock.sleep(seconds(2))()
      return E.right('ann')
    })({})()
    await env.clock.advance(millis(100))
    await get()
    right(await env.clock.settle(login))
    await env.clock.advance(seconds(1))
    expect(asked).toEqual([])
    expect(isAlive(second)).toBe(true)
    expect(await get()).toBe('access-2')
  })

  test('[A06] one in a source that was dropped from memory', async () => {
    const { env, users, asked, grant, get, isAlive } = await loggedOut()
    let second: TokenSet | undefined
    const login = users.for('ann').login(() => () => async () => {
      second = grant()
      await env.clock.sleep(minutes(1))()
      return E.right(second)
    })({})()
    await env.clock.advance(seconds(1))
    users.for('bob')
    users.for('carl')
    await get()
    await env.clock.advance(seconds(1))
    expect(asked).toEqual([])
    right(await env.clock.settle(login))
    expect(second && isAlive(second)).toBe(true)
  })

  test('[A06] one that begins while the server is being asked: it waits for that', async () => {
    const { env, users, endpoint, asked, grant, get, isAlive } = await loggedOut()
    endpoint.takes = 8_000
    expect(await get()).toBe('no token: log in again: revoked')
    await env.clock.advance(millis(10))
    expect(asked).toEqual(['access-1'])
    let second: TokenSet | undefined
    const login = users.for('ann').login(() => () => async () => {
      second = grant()
      return E.right(second)
    })({})()
    right(await env.clock.settle(login))
    await env.clock.advance(seconds(20))
    expect(second && isAlive(second)).toBe(true)
  })

  test('[A06] by its limits, where the server does not answer', async () => {
    const { env, users, endpoint, get } = await loggedOut()
    endpoint.takes = 60_000
    await get()
    await env.clock.advance(millis(10))
    const source = users.for('ann').within({ deadline: plus(env.clock.now(), seconds(3)) })
    const login = source.login(() => () => async () => E.right(await Promise.reject()))({})()
    expect(tagOf(await env.clock.settle(login))).toBe('TimedOut')
  })

  test('[A06] nor is one whose token waits for the store', async () => {
    const { env, server, start, asked, endpoint, isAlive, store } = world('all')
    const { login, source } = start()
    await login()
    endpoint.is = down
    expect(E.isLeft(await env.clock.settle(source.revoke()))).toBe(true)
    endpoint.is = 'up'
    await env.clock.advance(LATER)
    asked.length = 0
    let isDown = true
    const failing: TokenStore = {
      ...store,
      compareAndSet: (...args) =>
        isDown ? async () => E.left(AuthError.storeFailed('compareAndSet', 'READONLY')) : store.compareAndSet(...args),
    }
    const other = start({ store: failing })
    const second = server.login()
    expect(tagOf(await env.clock.settle(other.source.adopt(second)()))).toBe('StoreFailed')
    isDown = false
    expect(await other.got()).toBe('access-2')
    await env.clock.advance(seconds(1))
    expect(asked).toEqual([])
    expect(isAlive(second)).toBe(true)
  })
})

describe('how often it is tried', () => {
  test('once in ten minutes, by whichever of the processes; a failing one delays nobody', async () => {
    const { env, start, endpoint, asked } = world('grant')
    const all = [start(), start(), start()]
    await all[0]?.login()
    endpoint.is = down
    await all[1]?.login()
    await env.clock.settle(all[1]?.settled() ?? Promise.resolve())
    expect(asked).toHaveLength(1)
    for (let minute = 0; minute < 40; minute++) {
      await env.clock.advance(minutes(1))
      for (const { source } of all) expect(textOf(await source.get())).toBe('access-2')
      await env.clock.advance(seconds(1))
    }
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.length).toBeLessThanOrEqual(5)
  })

  test('one that hangs delays neither a get nor a close', async () => {
    const { env, start, endpoint, asked } = world('grant')
    const { source, login, got } = start()
    await login()
    endpoint.is = down
    await login()
    endpoint.is = 'hangs'
    await env.clock.advance(LATER)
    expect(await got()).toBe('access-2')
    await env.clock.advance(seconds(1))
    expect(asked).toHaveLength(2)
    const before = env.clock.now()
    expect(await env.clock.settle(source.close({ revoke: false })())).toEqual(E.right(undefined))
    expect(env.clock.now()).toBe(before)
  })

  test('a process that has no way to revoke leaves it to others, and asks nobody', async () => {
    const { env, start, endpoint, isAlive, cell } = world('grant')
    const first = await start().login()
    endpoint.is = down
    await start().login()
    await env.clock.advance(LATER)
    const mute = start({ revokes: false })
    expect(await mute.got()).toBe('access-2')
    await env.clock.advance(seconds(1))
    expect(isAlive(first)).toBe(true)
    expect((await cell()).owed).toMatchObject(O.some({ tokens: [{}] }))
  })

  test.each(['invalid_token', 'invalid_grant'])(
    'a server that answers %s knows the token no more: done',
    async (code) => {
      const { start, endpoint, cell } = world('grant')
      const { login, revoked } = start()
      await login()
      endpoint.is = rejected(400, { error: O.some(code) })
      expect(await revoked()).toEqual(E.right('revoked'))
      expect((await cell()).owed).toEqual(O.none)
    },
  )
})

describe('[A18] a revoke by a process that has no way to tell the server', () => {
  test('[A18] leaves no token in the record by its one write, also none that was owed; and nobody tells the server later', async () => {
    const { env, store, start, endpoint, asked, cell } = world('grant')
    const { login, got } = start()
    await login()
    endpoint.is = down
    await login()
    await env.clock.advance(seconds(1))
    expect((await cell()).owed).toMatchObject(O.some({ tokens: [{}] }))
    endpoint.is = 'up'
    const before = asked.length
    let writes = 0
    const once: TokenStore = {
      ...store,
      compareAndSet: (...args) => (++writes === 1 ? store.compareAndSet(...args) : () => new Promise(() => undefined)),
    }
    expect(await start({ revokes: false, store: once }).revoked()).toEqual(E.right('local'))
    expect(writes).toBe(1)
    expect(await cell()).toMatchObject({ token: O.none, owed: O.none, status: { _tag: 'Revoked' } })
    await env.clock.advance(LATER)
    expect(await got()).toBe('no token: log in again: revoked')
    await env.clock.advance(seconds(1))
    expect(asked).toHaveLength(before)
  })

  test('[A18] nor does it, where another one was revoking at the same time', async () => {
    const { env, store, start, endpoint, cell } = world('grant')
    const { login, revoked } = start()
    await login()
    endpoint.is = down
    let isFirst = true
    const overtaken: TokenStore = {
      ...store,
      compareAndSet:
        (...args) =>
        async () => {
          if (isFirst) {
            isFirst = false
            expect(await revoked()).toEqual(E.left(down))
          }
          return store.compareAndSet(...args)()
        },
    }
    const mute = start({ revokes: false, store: overtaken })
    expect(await env.clock.settle(mute.source.revoke())).toEqual(E.right('local'))
    expect(await cell()).toMatchObject({ token: O.none, owed: O.none, status: { _tag: 'Revoked' } })
  })

  test('[A18] one that could not be written says so', async () => {
    const { start, store, cell } = world('grant')
    await start().login()
    const failed = AuthError.storeFailed('compareAndSet', 'READONLY')
    const refusing: TokenStore = { ...store, compareAndSet: () => async () => E.left(failed) }
    expect(tagOf(await start({ revokes: false, store: refusing }).revoked())).toBe('StoreFailed')
    expect(O.isSome((await cell()).token)).toBe(true)
  })
})
