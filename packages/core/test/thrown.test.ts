/** What code of the application's throws: kept for those who ask, shown nowhere. */
import { inspect } from 'node:util'
import {
  AuthError,
  memoryStore,
  pairCallbackStore,
  recordCallbackStore,
  remoteCallback,
  Secret,
  TokenSource,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { left, testEnv } from './support/basics.js'

class VaultError extends Error {
  readonly code = 'EVAULT'
}
const make = (threw: string): AuthError => AuthError.storeFailed('get', `the callback load ${threw}`)
const bytesOf = (text: string) => new TextEncoder().encode(text)
const secret = (text: string) => Secret.make('Record', text)

describe('fromThrown', () => {
  test('is told by class and code, and kept as it was for events and promise edges', () => {
    const mine = new VaultError('s3cret of mine')
    const error = AuthError.fromThrown(mine, make)
    expect(AuthError.show.show(error)).toBe('the store failed at get: the callback load threw VaultError (EVAULT)')
    expect(AuthError.thrown(error)).toEqual(O.some(mine))
    expect(AuthError.toError(error).cause).toBe(mine)
    for (const shown of [
      inspect(error, { showHidden: true, depth: 9 }),
      JSON.stringify(error),
      AuthError.show.show(error),
    ]) {
      expect(shown).not.toContain('s3cret')
    }
    expect('cause' in AuthError.toError(AuthError.closed)).toBe(false)
    expect(AuthError.thrown(AuthError.closed)).toBe(O.none)
  })

  test('among several causes it is found', () => {
    const error = AuthError.semigroup.concat(AuthError.closed, AuthError.fromThrown(1, make))
    expect(AuthError.thrown(error)).toEqual(O.some(1))
  })

  test.each([
    ['a text', (text: string) => `failed with ${text}`],
    ['a message', (text: string) => new Error(`failed with ${text}`)],
    ['a member', (text: string) => Object.assign(new Error('failed'), { sql: { parameters: [text] } })],
    ['a cause', (text: string) => new Error('failed', { cause: new TypeError(text) })],
    ['a map', (text: string) => new Map([['token', new Set([text])]])],
    ['bytes', (text: string) => Object.assign(new Error('failed'), { bytes: Buffer.from(text) })],
    ['bytes without a view', (text: string) => Object.assign(new Error('failed'), { bytes: bytesOf(text).buffer })],
    ['a view', (text: string) => Object.assign(new Error('failed'), { bytes: new DataView(bytesOf(text).buffer) })],
    ['a symbol', (text: string) => Object.assign(new Error('failed'), { [Symbol('response')]: { text } })],
    ['a code', (text: string) => Object.assign(new Error('failed'), { code: text })],
  ])('property: a secret that the code was given is nowhere in %s that it threw', (_, thrower) => {
    const texts = fc.stringMatching(/^[a-z0-9]{12,20}$/)
    fc.assert(
      fc.property(texts, (text) => {
        const error = AuthError.fromThrown(thrower(text), make, [secret(text)])
        for (const value of [error, AuthError.toError(error), O.toUndefined(AuthError.thrown(error))]) {
          expect(inspect(value, { showHidden: true, depth: 9 })).not.toContain(text)
        }
        // Bytes are printed as numbers.
        expect(inspect(AuthError.toError(error), { depth: 9 })).not.toMatch(/Buffer|DataView/)
      }),
    )
  })

  test('what quotes no secret is itself, also where it goes in circles; what is endless counts as one that does', () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(AuthError.toError(AuthError.fromThrown(circle, make, [secret('c4n4ry')])).cause).toBe(circle)
    const endless = Array.from({ length: 2_000 }, (_, at) => ({ at }))
    expect(AuthError.toError(AuthError.fromThrown(endless, make, [secret('c4n4ry')])).cause).not.toBe(endless)
  })
})

test('events and the errors of a source keep it, also while a token is held', async () => {
  const mine = new VaultError('mine')
  const thrower = (): never => {
    throw mine
  }
  const kept: Array<unknown> = []
  const env = testEnv()
  const open = (store: Parameters<typeof TokenSource.make>[0]['store'], retrieve: () => string) =>
    TokenSource.make({
      store,
      observe: (event) => 'error' in event && kept.push(O.toUndefined(AuthError.thrown(event.error))),
    })(remoteCallback(retrieve))(env)()
  const failures = [
    open(memoryStore(), thrower),
    open(recordCallbackStore({ load: async () => thrower(), compareAndSwap: async () => true }), () => 'a new token'),
    open(pairCallbackStore({ retrieve: () => null, store: thrower }), () => 'a new token'),
  ]
  for (const source of failures) {
    expect(AuthError.toError(left(await env.clock.settle(source.get()))).cause).toBe(mine)
  }
  expect(kept).toEqual([mine, mine])
})

describe('wrong shapes from JavaScript', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what JavaScript may pass.
  const wrong: any = undefined
  test.each<[string, string, () => unknown]>([
    ['TokenSource.make', 'store', () => TokenSource.make(wrong)],
    ['TokenSource.make', 'store', () => TokenSource.make({ ...wrong })],
    ['TokenSource.make', 'store', () => TokenSource.make({ ...wrong, store: {} })],
    ['TokenSource.make', 'store', () => TokenSource.make({ ...wrong, ...memoryStore() })],
    ['TokenSource.make', 'strategy', () => TokenSource.make({ store: memoryStore() })(wrong)],
    ['TokenSource.keyed', 'store', () => TokenSource.keyed({ ...wrong })],
    ['TokenSource.keyed', 'strategyFor', () => TokenSource.keyed({ store: memoryStore() })(wrong)],
    [
      'TokenSource.keyed',
      'strategyFor',
      () => TokenSource.keyed({ store: memoryStore() })(Object.assign(() => wrong, { traits: {} })),
    ],
    ['pairCallbackStore', 'retrieve', () => pairCallbackStore(wrong)],
    ['pairCallbackStore', 'store', () => pairCallbackStore({ ...wrong, retrieve: () => null })],
    ['recordCallbackStore', 'load', () => recordCallbackStore({ ...wrong })],
    ['recordCallbackStore', 'compareAndSwap', () => recordCallbackStore({ ...wrong, load: async () => null })],
    ['remoteCallback', 'retrieve', () => remoteCallback(wrong)],
  ])('%s: %s is named', (of, field, use) => {
    const thrown = (() => {
      try {
        return use()
      } catch (error) {
        return error
      }
    })()
    expect(AuthError.isException(thrown) && thrown.error).toMatchObject({
      _tag: 'Misconfigured',
      field,
      message: expect.stringMatching(new RegExp(`^${of} takes .*, where ${field} is `)),
    })
  })
})
