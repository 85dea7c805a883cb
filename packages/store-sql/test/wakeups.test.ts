/** How changes are found out: by polling, and by messages. Time is the test's own. */
import { absent, millis, Secret, seconds, type Version } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { type SqlHeard, type SqlPort, type SqlStoreOptions, sqlStore } from '../src/index.js'
import { idOf, toHex } from '../src/internal/bytes.js'

const EVERY = 1_000

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate'] })
})
afterEach(() => {
  jest.useRealTimers()
})

const hex = (text: string): string => toHex('text', text)
const ofKey = (key: string): string => idOf(hex(key))

/** A table of versions, and what it was asked for. */
const table = (there: Record<string, Version> = {}) => {
  const polls: Array<ReadonlyArray<string>> = []
  const heard: SqlHeard[] = []
  const channels = { opened: 0, closed: 0 }
  let isDown = false
  let held: Promise<void> = Promise.resolve()
  const versionOf = (id: string): Version | undefined => Object.entries(there).find(([key]) => ofKey(key) === id)?.[1]
  const port: SqlPort = {
    dialect: 'postgres',
    query: async (text, parameters) => {
      const [id = ''] = parameters
      if (text.startsWith('select encode(id')) {
        polls.push(parameters)
        await held
        if (isDown) throw new Error('down')
        return [...new Set(parameters)].flatMap((of) => {
          const version = versionOf(of)
          return version === undefined ? [] : [{ id: of, version: hex(version), replica: 'false' }]
        })
      }
      if (text.startsWith('select')) {
        const version = versionOf(id)
        const found = version === undefined ? null : hex(version)
        return [{ version: found, record: found === null ? null : hex('r'), now: '1', replica: 'false' }]
      }
      return [{ written: 'yes' }]
    },
    listen: (_channel, one) => {
      if (isDown) throw new Error('down')
      channels.opened++
      heard.push(one)
      return () => {
        channels.closed++
      }
    },
  }
  return {
    there,
    polls,
    channels,
    heard: () => heard.at(-1),
    hold: (until: Promise<void>) => {
      held = until
    },
    fail: (down: boolean) => {
      isDown = down
    },
    open: (options: SqlStoreOptions = {}) =>
      sqlStore(port, { ...options, wakeups: { every: millis(EVERY), jitter: 0, ...options.wakeups } }),
  }
}

const settle = async (): Promise<void> => {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve))
}
const wait = async (milliseconds: number): Promise<void> => {
  await jest.advanceTimersByTimeAsync(milliseconds)
  await settle()
}

const subscribe = (store: ReturnType<typeof sqlStore>, key: string) => {
  const told: Array<Version | undefined> = []
  const end = store.changes?.(key, (version) => told.push(O.toUndefined(version)))
  if (end === undefined) throw new Error('it tells nothing')
  return { told, end }
}

test('a change after a read is told once, with its version; so is an end', async () => {
  const { there, open } = table({ k: '1' })
  const store = open()
  const { told, end } = subscribe(store, 'k')
  await store.get('k')()
  there['k'] = '2'
  await wait(3 * EVERY)
  expect(told).toEqual(['2'])
  delete there['k']
  await wait(3 * EVERY)
  expect(told).toEqual(['2', absent])
  end()
})

test('what was there before is not told; a change between a read and the first poll is', async () => {
  const { there, open } = table({ k: '1', l: '1' })
  const store = open()
  const [k, l] = [subscribe(store, 'k'), subscribe(store, 'l')]
  await store.get('l')()
  there['k'] = '2'
  there['l'] = '2'
  await wait(2 * EVERY)
  expect([k.told, l.told]).toEqual([[], ['2']])
})

test('a write, and what a read or a conflict finds, is told to all who listen here, at once', async () => {
  const { there, open } = table({ k: '1' })
  const store = open()
  const [one, other] = [subscribe(store, 'k'), subscribe(store, 'k')]
  await store.compareAndSet('k', '1', { version: '2', record: Secret.make('Record', 'r') })()
  there['k'] = '2'
  await wait(EVERY)
  expect([one.told, other.told]).toEqual([['2'], ['2']])
  there['k'] = '3'
  await store.get('k')()
  expect([one.told, other.told]).toEqual([
    ['2', '3'],
    ['2', '3'],
  ])
  await wait(EVERY)
  expect(one.told).toEqual(['2', '3'])
})

test('one poll asks for all keys, of so many at a time, and of a few sizes only; none is made where nobody listens', async () => {
  const { polls, open } = table()
  const store = open()
  const all = Array.from({ length: 600 }, (_, index) => subscribe(store, `k${index}`))
  await wait(EVERY)
  expect(polls.map(({ length }) => length)).toEqual([512, 128])
  expect(new Set(polls.flat()).size).toBe(600)
  for (const { end } of all.slice(3)) end()
  await wait(EVERY)
  expect(polls.map(({ length }) => length)).toEqual([512, 128, 4])
  for (const { end } of all) end()
  await wait(10 * EVERY)
  expect(polls).toHaveLength(3)
  expect(jest.getTimerCount()).toBe(0)
})

test('a poll that fails tells nothing, and the next one does', async () => {
  const { there, fail, open } = table({ k: '1' })
  const store = open()
  const { told } = subscribe(store, 'k')
  await store.get('k')()
  there['k'] = '2'
  fail(true)
  await wait(2 * EVERY)
  expect(told).toEqual([])
  fail(false)
  await wait(EVERY)
  expect(told).toEqual(['2'])
})

test('who comes back is polled for once, also where a poll was under way meanwhile', async () => {
  const { polls, hold, open } = table()
  const store = open()
  subscribe(store, 'k').end()
  subscribe(store, 'k').end()
  const { end } = subscribe(store, 'k')
  let letGo: () => void = () => undefined
  hold(
    new Promise((resolve) => {
      letGo = resolve
    }),
  )
  await wait(EVERY)
  expect(polls).toHaveLength(1)
  end()
  subscribe(store, 'k')
  letGo()
  await wait(4 * EVERY)
  expect(polls).toHaveLength(5)
})

test('what a poll under way has found is not told where a newer version is known since', async () => {
  const { there, hold, open } = table({ k: '1' })
  const store = open()
  const { told } = subscribe(store, 'k')
  await store.get('k')()
  there['k'] = '2'
  let letGo: () => void = () => undefined
  hold(
    new Promise((resolve) => {
      letGo = resolve
    }),
  )
  await wait(EVERY)
  await store.compareAndSet('k', '2', { version: '3', record: Secret.make('Record', 'r') })()
  letGo()
  await settle()
  expect(told).toEqual(['3'])
})

test('polls come at times of their own, around the one that was told', async () => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0)
  const { polls, open } = table()
  const store = open({ wakeups: { jitter: 0.5 } })
  subscribe(store, 'k')
  await wait(499)
  expect(polls).toHaveLength(0)
  random.mockReturnValue(1)
  await wait(1)
  expect(polls).toHaveLength(1)
  await wait(1_499)
  expect(polls).toHaveLength(1)
  await wait(1)
  expect(polls).toHaveLength(2)
  random.mockRestore()
})

describe('messages', () => {
  const wakeups = { notify: true, every: seconds(30) }

  test('tell a version, or that there is another; one connection is for all keys, and ends a while after the last', async () => {
    const { heard, channels, open } = table({ k: '1' })
    const store = open({ wakeups })
    const [k, l] = [subscribe(store, 'k'), subscribe(store, 'l')]
    heard()?.message(`${ofKey('k')} ${hex('2')}`)
    heard()?.message(`${ofKey('k')} ${hex('2')}`)
    heard()?.message(ofKey('l'))
    for (const odd of ['', 'x', `${ofKey('k')} zz`, `${ofKey('nobody')} 00`]) heard()?.message(odd)
    expect([k.told, l.told]).toEqual([['2', undefined], [undefined]])
    k.end()
    l.end()
    const again = subscribe(store, 'k')
    await wait(5_000)
    expect(channels).toEqual({ opened: 1, closed: 0 })
    again.end()
    await wait(5_000)
    expect(channels).toEqual({ opened: 1, closed: 1 })
  })

  test('may have been missed before it listens: it looks then', async () => {
    const { there, heard, open } = table({ k: '1' })
    const store = open({ wakeups })
    const { told } = subscribe(store, 'k')
    await store.get('k')()
    there['k'] = '2'
    heard()?.ready()
    await settle()
    expect(told).toEqual(['2'])
  })

  test('are listened to again after the connection has ended, or could not be made, as long as somebody listens', async () => {
    const { heard, channels, fail, open } = table()
    const store = open({ wakeups })
    fail(true)
    const { end } = subscribe(store, 'k')
    await wait(5_000)
    fail(false)
    await wait(1_000)
    expect(channels).toEqual({ opened: 1, closed: 0 })
    heard()?.ended()
    await wait(1_000)
    expect(channels).toEqual({ opened: 2, closed: 0 })
    end()
    heard()?.ended()
    await wait(5_000)
    expect(channels).toEqual({ opened: 2, closed: 0 })
  })

  test('are sent with each write, and neither sent nor listened to where they are not asked for', async () => {
    const sent: Array<ReadonlyArray<string>> = []
    let listened = 0
    const port: SqlPort = {
      dialect: 'postgres',
      query: async (text, parameters) => {
        expect(text.includes('pg_notify')).toBe(parameters.length > 4)
        sent.push(parameters.slice(4))
        return [{ written: 'yes' }]
      },
      listen: () => {
        listened++
        return () => undefined
      },
    }
    const write = (options: SqlStoreOptions, version: Version) => {
      const store = sqlStore(port, options)
      store.changes?.('k', () => undefined)()
      return store.compareAndSet('k', absent, { version, record: Secret.make('Record', 'r') })()
    }
    expect(await write({}, '1')).toMatchObject(E.right({ _tag: 'Committed' }))
    expect([sent, listened]).toEqual([[[]], 0])
    await write({ wakeups }, '1')
    await write({ wakeups }, 'x'.repeat(5_000))
    await write({ wakeups, table: 'other' }, '1')
    const [, one, long, other] = sent
    expect(one?.[1]).toBe(`${ofKey('k')} ${hex('1')}`)
    expect(long?.[1]).toBe(ofKey('k'))
    expect(one?.[0]).toMatch(/^tessera_[0-9a-f]{32}$/)
    expect(one?.[0] === other?.[0]).toBe(false)
    expect(listened).toBe(3)
  })
})
