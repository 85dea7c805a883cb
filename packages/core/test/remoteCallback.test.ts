import {
  type Attempt,
  AuthError,
  millis,
  plus,
  type RemoteAnswer,
  type RemoteRequest,
  remoteCallback,
} from '@tessera/core'
import { instants, tokenSets, tokenTexts } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { access, left, right, START, testEnv, textOf, token } from './support/basics.js'

const attempt: Attempt = {
  previous: O.some(token('stale')),
  deadline: plus(START, millis(1_000)),
  signal: new AbortController().signal,
}

/** An answer that the type does not allow: callbacks are written in JavaScript too. */
const answering = (answer: unknown) => remoteCallback(() => answer as RemoteAnswer)

test('S-REMOTE-01 the callback gets the token that went stale, and until when it is waited for', async () => {
  const requests: Array<RemoteRequest> = []
  const strategy = remoteCallback((request) => {
    requests.push(request)
    return 'new'
  })
  expect(textOf(await strategy(attempt)(testEnv())())).toBe('new')
  expect(requests).toEqual([attempt])
})

describe('S-REMOTE-01 each form of an answer', () => {
  test('a text, at once or later', async () => {
    await fc.assert(
      fc.asyncProperty(tokenTexts, fc.boolean(), async (text, later) => {
        const strategy = remoteCallback(() => (later ? Promise.resolve(text) : text))
        const answer = await strategy(attempt)(testEnv())()
        expect(textOf(answer)).toBe(text)
        expect(right(answer).expiresAt).toEqual(O.none)
      }),
    )
  })

  test('with an expiry', async () => {
    await fc.assert(
      fc.asyncProperty(tokenTexts, instants, async (accessToken, expiresAt) => {
        const answer = await remoteCallback(() => ({ accessToken, expiresAt }))(attempt)(testEnv())()
        expect(textOf(answer)).toBe(accessToken)
        expect(right(answer).expiresAt).toEqual(O.some(expiresAt))
      }),
    )
  })

  test('a token set', async () => {
    await fc.assert(
      fc.asyncProperty(tokenSets, async (value) => {
        expect(right(await remoteCallback(() => value)(attempt)(testEnv())())).toBe(value)
      }),
    )
  })
})

describe('S-REMOTE-01 what is not an answer is malformed, and may be asked for again', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
    ['an empty object', {}],
    ['an array', ['abc']],
    ['an empty token', { accessToken: '' }],
    ['a number as token', { accessToken: 7 }],
    ['a text as expiry', { accessToken: 'abc', expiresAt: '2030-01-01' }],
    ['null as expiry', { accessToken: 'abc', expiresAt: null }],
    ['no number as expiry', { accessToken: 'abc', expiresAt: Number.NaN }],
    ['no finite number as expiry', { accessToken: 'abc', expiresAt: Number.POSITIVE_INFINITY }],
    ['a secret alone', access('abc')],
    ['half a token set', { accessToken: access('abc') }],
    ['a token set with a number as expiry', { ...token('abc'), expiresAt: 1_900_000_000_000 }],
    ['a token set with a plain refresh token', { ...token('abc'), refreshToken: 'abc' }],
    ['a token set without scope', { ...token('abc'), scope: undefined }],
    ['a token set with an empty token', token('')],
  ])('%s', async (_, answer) => {
    const error = left(await answering(answer)(attempt)(testEnv())())
    expect(error).toMatchObject({ _tag: 'Malformed', repeatable: true })
    expect(AuthError.show.show(error)).not.toContain('abc')
  })

  test.each([
    [7, '', 'a text or an object with an access token'],
    [{ ...token('abc'), scope: undefined }, '', 'a token set'],
    [{ accessToken: '' }, 'accessToken', 'a text that is not empty'],
    [{ accessToken: 'abc', expiresAt: 'soon' }, 'expiresAt', 'milliseconds since the epoch'],
  ])('where it is wrong is told: %#', async (answer, path, expected) => {
    expect(left(await answering(answer)(attempt)(testEnv())())).toMatchObject({ path, expected })
  })

  test('whatever it is, it is an answer or an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (answer) => {
        const result = await answering(answer)(attempt)(testEnv())()
        expect(['Left', 'Right']).toContain(result._tag)
      }),
    )
  })
})

describe('S-REMOTE-01 a callback that fails', () => {
  test('by throwing, at once or later: nothing of what it threw is shown', async () => {
    await fc.assert(
      fc.asyncProperty(tokenTexts, fc.boolean(), async (secret, later) => {
        const strategy = remoteCallback(() => {
          if (later) return Promise.reject(new Error(secret))
          throw new Error(secret)
        })
        const error = left(await strategy(attempt)(testEnv())())
        expect(error).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: true })
        expect(JSON.stringify(error)).not.toContain(JSON.stringify(secret).slice(1, -1))
      }),
    )
  })

  test('by hanging: it settles at the deadline', async () => {
    const env = testEnv()
    const hanging = remoteCallback(() => new Promise<string>(() => undefined))(attempt)(env)()
    const error = left(await env.clock.settle(hanging))
    expect(error).toMatchObject({ _tag: 'OutcomeUnknown', url: 'callback', repeatable: true })
    expect(env.clock.now()).toBe(attempt.deadline)
    expect(env.clock.pending()).toBe(0)
  })

  test('by ignoring an abort: it settles at once', async () => {
    const env = testEnv()
    const controller = new AbortController()
    const strategy = remoteCallback(() => new Promise<string>(() => undefined))
    const hanging = strategy({ ...attempt, signal: controller.signal })(env)()
    controller.abort()
    expect(left(await hanging)).toMatchObject({ _tag: 'OutcomeUnknown', reason: 'aborted' })
    expect(env.clock.pending()).toBe(0)
  })
})

test('an answer leaves no timer behind', async () => {
  const env = testEnv()
  await remoteCallback(() => 'abc')(attempt)(env)()
  expect(env.clock.pending()).toBe(0)
})

describe('nothing is asked', () => {
  test.each([
    ['after the deadline', { ...attempt, deadline: START }, 'TimedOut'],
    ['after an abort', { ...attempt, signal: AbortSignal.abort() }, 'Aborted'],
  ])('%s', async (_, late, tag) => {
    const retrieve = jest.fn(() => 'abc')
    const error = left(await remoteCallback(retrieve)(late)(testEnv())())
    expect(error._tag).toBe(tag)
    expect(retrieve).not.toHaveBeenCalled()
  })
})
