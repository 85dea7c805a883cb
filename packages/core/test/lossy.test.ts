/** A store that loses acknowledged writes, as a replicated Redis does at a fail-over. */
import {
  encrypted,
  Lifecycle,
  millis,
  Secret,
  type SourceEvent,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { modelServer } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { right, tagOf, testEnv, textOf } from './support/basics.js'
import { losing } from './support/losing.js'
import { HOUR } from './support/opened.js'

const KEY = 'default'

const open = (isLossy: boolean, layer: (store: TokenStore) => TokenStore = (store) => store) => {
  const env = testEnv()
  const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
  const { store, cell, lose } = losing({ isLossy })
  const told: Array<SourceEvent> = []
  const make = () =>
    TokenSource.make({
      store: layer(store),
      key: KEY,
      minimumAge: millis(0),
      renewal: 'blocking',
      observe: (event) => told.push(event),
    })(server.refreshing())(env)()
  const login = (source: TokenSource): Promise<unknown> => source.login(() => () => TE.fromIO(server.login))({})()
  return { env, server, cell, lose, told, make, login }
}

/** As a token says when it was redeemed. */
const placeOf = ({ epoch, generation }: Lifecycle.Cell<TokenSet>): number => 1_000 * epoch + generation

describe('what the store has lost', () => {
  test('is restored and told, not redeemed again', async () => {
    const { env, server, cell, lose, told, make, login } = open(true)
    const source = make()
    await login(source)
    await env.clock.advance(HOUR)
    const renewed = textOf(await source.get())
    // The renewal's two writes.
    lose(2)
    expect(cell().generation).toBe(1)
    await env.clock.advance(HOUR)
    const next = await source.get()
    expect(tagOf(next)).toBe('Right')
    expect(textOf(next)).not.toBe(renewed)
    expect(cell().generation).toBe(3)
    expect(server.counts()).toMatchObject({ redeemed: 2, repeated: 0 })
    expect(told).toContainEqual({ _tag: 'Restored', key: KEY, epoch: 1, generation: 2 })
  })

  test('is restored where nothing is left', async () => {
    const { env, cell, lose, make, login } = open(true)
    const source = make()
    await login(source)
    lose(10)
    await env.clock.advance(HOUR)
    expect(tagOf(await source.get())).toBe('Right')
    expect(cell()).toMatchObject({ epoch: 1, generation: 2 })
  })

  test('a tombstone stays', async () => {
    const { env, cell, lose, make, login } = open(true)
    const source = make()
    await login(source)
    right(await source.revoke())
    lose(1)
    await env.clock.advance(HOUR)
    expect(tagOf(await source.get())).toBe('ReauthenticationRequired')
    expect(cell().status._tag).toBe('Revoked')
  })

  test('is restored through a layer of encryption', async () => {
    const { env, server, lose, make, login } = open(
      true,
      encrypted({
        seal: (plaintext, slot) => () => `${slot} ${Secret.open(plaintext)}`,
        open: (sealed, slot) => {
          expect(sealed.startsWith(`${slot} `)).toBe(true)
          return { _tag: 'Right', right: Secret.make('Record', sealed.slice(slot.length + 1)) }
        },
      }),
    )
    const source = make()
    await login(source)
    await env.clock.advance(HOUR)
    await source.get()
    lose(1)
    await env.clock.advance(HOUR)
    expect(tagOf(await source.get())).toBe('Right')
    expect(server.counts().repeated).toBe(0)
  })

  test('in another store it is what somebody wanted', async () => {
    const { env, cell, lose, make, login } = open(false)
    const source = make()
    await login(source)
    lose(10)
    await env.clock.advance(HOUR)
    expect(tagOf(await source.get())).toBe('ReauthenticationRequired')
    expect(cell().generation).toBe(0)
  })
})

test('a process that goes on never sees a generation go back, and loses no session', async () => {
  const action = fc.oneof(
    fc.record({ _tag: fc.constant('get' as const), after: fc.integer({ min: 0, max: 2 * HOUR }) }),
    fc.record({ _tag: fc.constant('lose' as const), writes: fc.integer({ min: 1, max: 6 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const { env, server, cell, lose, make, login } = open(true)
      const source = make()
      await login(source)
      let place = placeOf(cell())
      for (const each of actions) {
        if (each._tag === 'lose') lose(each.writes)
        else {
          await env.clock.advance(millis(each.after))
          const text = textOf(await source.get())
          expect(text).not.toMatch(/^no token/)
          // Served from memory, it may not have looked.
          const seen = Math.max(place, placeOf(cell()))
          expect(seen).toBeGreaterThanOrEqual(place)
          place = seen
        }
      }
      await env.clock.advance(HOUR)
      expect(tagOf(await source.get())).toBe('Right')
      expect(placeOf(cell())).toBeGreaterThan(place)
      expect(server.counts()).toMatchObject({ repeated: 0, refused: 0 })
    }),
  )
})

test('an epoch of another origin is another history, and an earlier epoch is earlier', () => {
  const at = (epoch: number, origin: string, generation: number) => ({
    ...Lifecycle.empty,
    epoch,
    origin: O.some(origin),
    generation,
  })
  expect(Lifecycle.precedes(at(1, 'a', 1), at(1, 'a', 2))).toBe(true)
  expect(Lifecycle.precedes(at(1, 'b', 1), at(1, 'a', 2))).toBe(false)
  expect(Lifecycle.precedes(at(1, 'b', 9), at(2, 'a', 2))).toBe(true)
  expect(Lifecycle.precedes(at(2, 'a', 2), at(1, 'b', 9))).toBe(false)
  expect(Lifecycle.precedes(at(1, 'a', 2), at(1, 'a', 2))).toBe(false)
  expect(Lifecycle.precedes(at(2, 'a', 1), at(1, 'a', 2))).toBe(false)
})
