import { type Attempt, AuthError, minutes, plus, prompt, Strategy } from '@tessera/core'
import { durations, recordedPrompt, tokenTexts } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { left, right, START, testEnv, textOf, token } from './support/basics.js'

const attempt: Attempt = {
  previous: O.some(token('stale')),
  deadline: plus(START, minutes(10)),
  signal: new AbortController().signal,
}
const strategy = prompt({ message: 'Enter developer token: ' })

test('S-DEV-01 it asks at each renewal, and not before', async () => {
  const asked = recordedPrompt(['first', 'second'])
  const env = { ...testEnv(), prompt: asked }
  const run = strategy(attempt)(env)
  expect(asked.questions()).toEqual([])
  expect([textOf(await run()), textOf(await run())]).toEqual(['first', 'second'])
  const question = { message: 'Enter developer token: ', deadline: attempt.deadline, signal: attempt.signal }
  expect(asked.questions()).toEqual([question, question])
})

test('S-DEV-01 what is typed is the token, without the spaces around it, and there is no refresh token', async () => {
  await fc.assert(
    fc.asyncProperty(
      tokenTexts.filter((text) => text.trim() !== ''),
      fc.constantFrom('', ' ', '\n', '\r\n', '\t '),
      async (text, space) => {
        const env = { ...testEnv(), prompt: recordedPrompt([`${space}${text}${space}`]) }
        const typed = await strategy(attempt)(env)()
        expect(textOf(typed)).toBe(text.trim())
        expect(right(typed)).toMatchObject({ refreshToken: O.none, issuedAt: O.some(START), expiresAt: O.none })
      },
    ),
  )
})

test('a known lifetime is counted from the answer, not from the question', async () => {
  await fc.assert(
    fc.asyncProperty(durations, durations, async (lifetime, thinking) => {
      const env = testEnv()
      const slow = {
        ask: () => async () => {
          await env.clock.sleep(thinking)()
          return recordedPrompt(['typed']).ask({ ...attempt, message: '' })()
        },
      }
      const asking = prompt({ message: '', lifetime })(attempt)({ ...env, prompt: slow })()
      const typed = right(await env.clock.settle(asking))
      expect(typed.expiresAt).toEqual(O.some(START + thinking + lifetime))
    }),
    { numRuns: 30 },
  )
})

test('nothing typed is not applicable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('', ' ', '\n', ' \t '), async (text) => {
      const env = { ...testEnv(), prompt: recordedPrompt([text]) }
      expect(left(await strategy(attempt)(env)())._tag).toBe('NotApplicable')
    }),
  )
})

test('an error of the prompt is handed on', async () => {
  const env = { ...testEnv(), prompt: { ask: () => TE.left(AuthError.aborted) } }
  expect(await strategy(attempt)(env)()).toEqual(E.left(AuthError.aborted))
})

test('a person takes part', () => {
  const strategy = prompt({ message: 'Enter developer token: ' })
  expect(Strategy.isInteractive(strategy)).toBe(true)
  expect(Strategy.needsRefreshToken(strategy)).toBe(false)
})
