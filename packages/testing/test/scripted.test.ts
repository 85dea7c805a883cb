import { type Attempt, AuthError, instant, Secret, Strategy, TokenSet } from '@tessera/core'
import { recordedPrompt, scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const attempt: Attempt = { previous: O.none, deadline: instant(0), signal: new AbortController().signal }

test('a script is answered in order, one answer a run, and then is over', async () => {
  const token = TokenSet.make(Secret.make('AccessToken', 'abc'))
  const { strategy, attempts } = scriptedStrategy(
    [E.left(AuthError.closed), E.right(token), () => TE.left(AuthError.aborted)],
    { needsRefreshToken: true },
  )
  const run = strategy(attempt)({})
  expect(attempts()).toEqual([])
  expect(await run()).toEqual(E.left(AuthError.closed))
  expect(await run()).toEqual(E.right(token))
  expect(await run()).toEqual(E.left(AuthError.aborted))
  expect(await run()).toMatchObject({ left: { _tag: 'Misconfigured' } })
  expect(attempts()).toEqual([attempt, attempt, attempt, attempt])
  expect(Strategy.needsRefreshToken(strategy)).toBe(true)
})

test('a prompt is answered in order, and then nobody is there', async () => {
  const prompt = recordedPrompt(['abc'])
  const question = { message: 'Token: ', deadline: instant(0), signal: new AbortController().signal }
  const answer = await prompt.ask(question)()
  expect(E.isRight(answer) && Secret.open(answer.right)).toBe('abc')
  expect(await prompt.ask(question)()).toMatchObject({ left: { _tag: 'TimedOut' } })
  expect(prompt.questions()).toEqual([question, question])
})
