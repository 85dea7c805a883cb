/** What can be said of a session, and that what is said of its renewal is so. */
import { type Instant, instant, millis, minutes, Secret, seconds, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { access, outcomeUnknown, rejected, right, START, textOf, token } from './support/basics.js'
import { at, HOUR, holding, living, open, until } from './support/opened.js'

const full = (end: Instant, text: string): TokenSet =>
  until(end, text, { refreshToken: O.some(Secret.make('RefreshToken', 'refresh')), scope: ['read', 'write'] })

const NOTHING = {
  key: 'default',
  epoch: 0,
  generation: 0,
  state: 'empty',
  expiresAt: O.none,
  renewsAt: O.none,
  refreshToken: false,
  scope: [],
  waitingUntil: O.none,
}

test('where nothing was yet', async () => {
  expect(await open([]).inspect()).toEqual(NOTHING)
})

test('of a valid token all there is to know', async () => {
  const { source, inspect } = open([E.right(full(at(HOUR), 'a'))], { key: 'k' })
  await source.get()
  const { renewsAt, ...seen } = await inspect()
  expect(seen).toEqual({
    ...{ key: 'k', epoch: 0, generation: 1, state: 'valid', expiresAt: O.some(at(HOUR)) },
    ...{ refreshToken: true, scope: ['read', 'write'], waitingUntil: O.none },
  })
  expect(O.isSome(renewsAt)).toBe(true)
})

test('of a token without an end, no renewal', async () => {
  const { source, env, attempts, inspect } = open([E.right(token('a'))])
  await source.get()
  expect(await inspect()).toEqual({ ...NOTHING, generation: 1, state: 'valid' })
  await env.clock.advance(millis(1e12))
  expect(textOf(await source.get())).toBe('a')
  expect(attempts()).toHaveLength(1)
})

test('when it is renewed: not before, and then at once', async () => {
  const { source, env, attempts, inspect } = open([E.right(until(at(HOUR), 'a')), E.right(until(at(2 * HOUR), 'b'))])
  await source.get()
  const { renewsAt } = await inspect()
  const renewal = O.isSome(renewsAt) ? renewsAt.value : START
  // Ten minutes at most, and more than half of that.
  expect(renewal).toBeGreaterThanOrEqual(at(HOUR - minutes(10)))
  expect(renewal).toBeLessThan(at(HOUR - minutes(5)))
  await env.clock.advance(millis(renewal - START - 1))
  await env.clock.settle(source.get())
  await source.settled()
  expect(attempts()).toHaveLength(1)
  await env.clock.advance(millis(1))
  await source.get()
  await source.settled()
  expect(attempts()).toHaveLength(2)
})

test.each([
  ['a fifth of a short life', seconds(100), {}, seconds(20)],
  ['what was asked for', HOUR, { renewBefore: minutes(1) }, minutes(1)],
  ['half of its life, whatever was asked for', seconds(100), { renewBefore: minutes(10) }, seconds(50)],
])('how long before its end: at most %s', async (_, life, asked, most) => {
  const { source, inspect } = open([E.right(until(at(life), 'a'))], asked)
  await source.get()
  const { renewsAt } = await inspect()
  const renewal = O.isSome(renewsAt) ? renewsAt.value : START
  expect(renewal).toBeGreaterThanOrEqual(at(life - most))
  expect(renewal).toBeLessThanOrEqual(at(life - most / 2))
})

test('a fifth of the life that is left, where nobody knows when it was issued', async () => {
  const { source, inspect } = open([E.right(token('a', { expiresAt: O.some(at(100_000)) }))])
  await source.get()
  const { renewsAt } = await inspect()
  const renewal = O.isSome(renewsAt) ? renewsAt.value : START
  expect(renewal).toBeGreaterThanOrEqual(at(80_000))
  expect(renewal).toBeLessThanOrEqual(at(90_000))
})

test('expired, at the very end', async () => {
  const { source, env, inspect } = open([E.right(until(at(1_000), 'a'))])
  await source.get()
  await env.clock.advance(millis(999))
  expect(await inspect()).toMatchObject({ state: 'valid' })
  await env.clock.advance(millis(1))
  expect(await inspect()).toMatchObject({ state: 'expired', expiresAt: O.some(at(1_000)) })
})

test('revoked: a new epoch, in which nothing is valid', async () => {
  const { source, inspect } = open([E.right(until(at(HOUR), 'a'))])
  await source.get()
  await source.revoke()
  expect(await inspect()).toMatchObject({ epoch: 1, generation: 1, state: 'revoked', waitingUntil: O.none })
})

test('log in again, once the token is over', async () => {
  const answers = [E.left(rejected(400, { error: O.some('invalid_grant') }))]
  const { source, env, inspect } = open(answers, { initial: full(at(HOUR), 'a') }, { needsRefreshToken: true })
  await source.get()
  await env.clock.advance(HOUR)
  await source.get()
  expect(await inspect()).toMatchObject({ epoch: 1, generation: 1, state: 'log in again', refreshToken: true })
})

test('a refused token of a session that is over: log in again', async () => {
  const cell = { refused: true, token: O.some(full(at(HOUR), 'a')), status: { _tag: 'LogInAgain' } } as const
  const { inspect } = open([], { store: await holding(cell) })
  expect(await inspect()).toMatchObject({ state: 'log in again' })
})

describe('waiting', () => {
  test("for a request's own lease: 5 s longer than it may take", async () => {
    const { source, env, inspect } = open([E.left(outcomeUnknown(false))])
    await env.clock.settle(source.get())
    expect(await inspect()).toMatchObject({ state: 'empty', waitingUntil: O.some(at(20_000)) })
  })

  test('as much longer as another timeout says', async () => {
    const { source, env, inspect } = open([E.left(outcomeUnknown(false))], { timeout: seconds(4) })
    await env.clock.settle(source.get())
    expect(await inspect()).toMatchObject({ waitingUntil: O.some(at(9_000)) })
  })

  test('ten minutes for a person', async () => {
    const { source, env, inspect } = open([E.left(outcomeUnknown(false))], {}, { interactive: true })
    await env.clock.settle(source.get())
    expect(await inspect()).toMatchObject({ waitingUntil: O.some(at(minutes(10) + 5_000)) })
  })

  test("for another's", async () => {
    const lease = { nonce: O.some('of another'), firstAt: START, until: at(7_000), recovery: false }
    const { inspect } = open([], { store: await holding({ lease: O.some(lease) }) })
    expect(await inspect()).toMatchObject({ waitingUntil: O.some(at(7_000)) })
  })
})

test('a time before 1970 is a time', async () => {
  const { source, inspect } = open([], { initial: until(instant(-1), 'a') })
  await source.get()
  expect((await inspect()).expiresAt).toEqual(O.some(-1))
})

describe('inspect says what there is, without a secret', () => {
  test.each([
    ['empty', undefined, false],
    ['valid', living('a'), false],
    ['refused', living('a'), true],
    ['expired', until(START, 'a'), false],
  ])('%s', async (state, initial, isRefused) => {
    const { source, env } = open([E.left(rejected(500))], initial === undefined ? {} : { initial })
    if (initial !== undefined) await source.get()
    await env.clock.advance(seconds(2))
    if (isRefused) await source.invalidate(access('a'))()
    const seen = right(await source.inspect())
    expect(seen).toMatchObject({ key: 'default', state, refreshToken: false })
    expect(JSON.stringify(seen)).not.toContain('redacted')
  })

  test('waiting: until when', async () => {
    const { source } = open([E.left(rejected(429, { retryAfter: O.some(seconds(9)) }))])
    await source.get()
    expect(right(await source.inspect()).waitingUntil).toEqual(O.some(instant(START + 9_000)))
  })
})
