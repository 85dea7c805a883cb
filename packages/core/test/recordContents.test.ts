/** What a record can hold, what it cannot, and what somebody else wrote into it. */
import { instant, millis, Secret, type Stamped, seconds, type TokenSet, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { logging } from './support/answers.js'
import { access, right, tagOf, textOf, token } from './support/basics.js'
import { at, HOUR, holding, living, open, until, YEAR } from './support/opened.js'
import { watched } from './support/stores.js'

describe('what a record cannot hold', () => {
  const circular: Array<unknown> = []
  circular.push(circular, 's3cret')
  const unwritable: ReadonlyArray<[string, Partial<TokenSet>]> = [
    [
      'a member that is not JSON',
      {
        members: new Map([
          ['id_token', Secret.make('Member', 's3cret')],
          ['note', Secret.make('Member', '"kept"')],
        ]),
      },
    ],
    ['a restriction that is circular', { restrictedTo: circular }],
    ['a restriction with a bigint', { restrictedTo: ['s3cret', 1n] }],
    [
      'a restriction that throws',
      {
        restrictedTo: [
          {
            toJSON: () => {
              throw new Error('s3cret')
            },
          },
        ],
      },
    ],
  ]
  const origins = ['strategy', 'login', 'initial'] as const

  const opened = async (origin: (typeof origins)[number], given: TokenSet) => {
    const next = living('next')
    const all = open(origin === 'strategy' ? [E.right(given), E.right(next)] : [E.right(next)], {
      ...(origin === 'initial' && { initial: given }),
    })
    const first = await all.env.clock.settle(
      origin === 'login' ? all.source.login(logging(E.right(given)))({})() : all.source.get(),
    )
    return { ...all, first }
  }

  test.each(origins.flatMap((origin) => unwritable.map(([name, known]) => [name, origin, known] as const)))(
    '%s, from %s: the token is served and stored without it',
    async (_, origin, known) => {
      const given = { ...living('given'), ...known }
      const { source, store, events, first, attempts } = await opened(origin, given)
      for (const result of [first, await source.get()]) {
        const served = right(result)
        expect(textOf(result)).toBe('given')
        expect(served.restrictedTo).toEqual([])
        expect(Array.from(served.members, ([name, member]) => [name, Secret.open(member)])).toEqual(
          known.members === undefined ? [] : [['note', '"kept"']],
        )
      }
      const { record } = right(await store.get(source.key)())
      expect(O.isSome(record) && Secret.open(record.value)).not.toContain('s3cret')
      expect(JSON.stringify(events)).not.toContain('s3cret')
      expect(attempts()).toHaveLength(origin === 'strategy' ? 1 : 0)
    },
  )

  const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  test.each(origins.flatMap((origin) => numbers.map((number) => [number, origin] as const)))(
    'times of %s, from %s: the record is readable, the token is used until it is refused',
    async (number, origin) => {
      const given = token('given', { issuedAt: O.some(instant(number)), expiresAt: O.some(instant(number)) })
      const { source, env, store, got, first, attempts } = await opened(origin, given)
      expect(textOf(first)).toBe('given')
      await env.clock.advance(millis(10 * YEAR))
      expect(await got()).toBe('given')
      const second = open([], { env, store })
      expect(await second.got()).toBe('given')
      right(await env.clock.settle(source.invalidate(access('given'))()))
      await env.clock.settle(source.get())
      expect(attempts()).toHaveLength(origin === 'strategy' ? 2 : 1)
    },
  )

  test.each(origins)('an age of NaN, from %s: the token ends when it should', async (origin) => {
    const { env, got, attempts } = await opened(origin, { ...living('given'), issuedAt: O.some(instant(Number.NaN)) })
    expect(await got()).toBe('given')
    await env.clock.advance(HOUR)
    await got()
    expect(attempts()).toHaveLength(origin === 'strategy' ? 2 : 1)
  })
})

test('what a record can hold is kept as it was given', async () => {
  const restrictedTo = [{ scope: 'item_download', object: { id: '1' } }]
  const { source, cell } = open([E.right({ ...living('a'), restrictedTo })])
  await source.get()
  expect(source.peek()).toMatchObject(O.some({ restrictedTo }))
  expect((await cell()).token).toMatchObject(O.some({ restrictedTo }))
})

describe('a record that was changed by hand under its version', () => {
  /** A store whose record can be set, and the record. */
  const settable = async (cell: Parameters<typeof holding>[0]) => {
    const { store } = watched(await holding(cell))
    let record: Stamped['record'] | undefined
    const get: TokenStore['get'] = (key) =>
      pipe(
        store.get(key),
        TE.map((stamped) => ({ ...stamped, record: record ?? stamped.record })),
      )
    const set = (given: Stamped['record']) => {
      record = given
    }
    return { store: { ...store, get }, set }
  }

  test('is reported where it cannot be read, and not written over', async () => {
    const { store, set } = await settable({ token: O.some(living('a')) })
    const { source, env } = open([], { store })
    await source.get()
    await env.clock.advance(seconds(2))
    set(O.some(Secret.make('Record', 'rubbish')))
    const before = right(await store.get(source.key)())
    expect(tagOf(await source.inspect())).toBe('StoreFailed')
    expect(tagOf(await source.invalidate(access('a'))())).toBe('StoreFailed')
    expect(right(await store.get(source.key)())).toEqual(before)
  })

  test('and that is an earlier one is what counts', async () => {
    const { store, set } = await settable({ token: O.some(until(at(1), 'a')) })
    const { source, inspect, env } = open([E.right(living('b'))], { store })
    const first = right(await store.get(source.key)()).record
    await env.clock.advance(millis(1))
    expect(textOf(await source.get())).toBe('b')
    set(first)
    expect(await inspect()).toMatchObject({ generation: 1, state: 'expired' })
  })
})
