/** The record of a person's sessions, in a store that others write at the same time. */
import { instant, memoryStore, minutes, Secret, type TokenStore } from '@tessera/core'
import { systemClock, systemRandom } from '@tessera/node'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Kept, recordsIn } from '../src/internal/records.js'

const right = async <A>(effect: TaskEither<unknown, A>): Promise<A> => {
  const result = await effect()
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

const opened = (store: TokenStore, now = () => 0) =>
  recordsIn({ store, maxAge: minutes(60), clock: { ...systemClock, now: () => instant(now()) }, random: systemRandom })

const kept = (id: string, beganAt = 0): Kept => ({ id, beganAt: instant(beganAt), sid: `sid of ${id}` })

test('what begins is there until it ends, whoever else writes meanwhile', async () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    ends: fc.boolean(),
    user: fc.constantFrom('ann', 'bob'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(step, { selector: ({ id, user }) => `${user} ${id}` })),
      async (rounds) => {
        const store = memoryStore()
        const expected = new Set<string>()
        // Each in a process of its own, and those of a round at once.
        for (const round of rounds) {
          await Promise.all(
            round.map(({ id, ends, user }) =>
              right(ends ? opened(store).end(user, (each) => each.id === id) : opened(store).begin(user, kept(id))),
            ),
          )
          for (const { id, ends, user } of round) {
            if (ends) expected.delete(`${user} ${id}`)
            else expected.add(`${user} ${id}`)
          }
        }
        for (const user of ['ann', 'bob'])
          for (const id of ['a', 'b', 'c', 'd']) {
            const found = await right(opened(store).find(user, id))
            expect(O.isSome(found)).toBe(expected.has(`${user} ${id}`))
          }
      },
    ),
    { numRuns: 50 },
  )
})

test('fifty are kept, the oldest not; none longer than it may last', async () => {
  const store = memoryStore()
  let now = 0
  const records = opened(store, () => now)
  for (let at = 0; at < 51; at++) await right(records.begin('ann', kept(`${at}`, at)))
  expect(await right(records.find('ann', '0'))).toEqual(O.none)
  expect(await right(records.find('ann', '1'))).toEqual(O.some(kept('1', 1)))
  now = minutes(60) + 25
  expect(await right(records.find('ann', '24'))).toEqual(O.none)
  expect(await right(records.find('ann', '25'))).toEqual(O.some(kept('25', 25)))
  await right(records.end('ann', ({ id }) => id === '30'))
  expect(await right(records.count('ann'))).toBe(25)
})

test('what somebody else keeps under the name stays as it is', async () => {
  const store = memoryStore()
  const others = ['{"v":2,"kind":"web sessions","sessions":[]}', '{"v":1,"kind":"orders","sessions":[]}', '{"v":1}']
  for (const record of ['nonsense', ...others]) {
    const { version } = await right(store.get('web sessions of ann'))
    await right(
      store.compareAndSet('web sessions of ann', version, { version: record, record: Secret.make('Record', record) }),
    )
    const failed = { _tag: 'Left', left: { _tag: 'StoreFailed', operation: 'decode' } }
    expect(await opened(store).begin('ann', kept('a'))()).toMatchObject(failed)
    expect(await opened(store).find('ann', 'a')()).toMatchObject(failed)
    expect(await right(store.get('web sessions of ann'))).toMatchObject({ version: record })
  }
})
