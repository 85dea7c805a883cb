import * as Box from '@tessera/box'
import { memoryStore, Secret, TokenSource } from '@tessera/core'
import { run } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

export const developerToken: Scene<World> = {
  title: 'developer token',
  play: async ({ box, env, canaries, observe, requests, whoami }) => {
    const before = requests()
    let questions = 0
    // The tour goes on without a person, so that it types the answer itself.
    const ask = () => {
      questions += 1
      const typed = box.developerToken()
      canaries.remember(typed)
      return TE.right(Secret.make('Answer', typed))
    }
    const source = pipe(
      Box.developerToken(),
      TokenSource.make({ store: memoryStore(), observe }),
    )({ ...env, prompt: { ask } })()
    const name = await whoami(source)
    await whoami(source)
    await run(source.close({ revoke: false }))
    return {
      text: `asked for ${questions === 1 ? 'once' : counted(questions, 'time')} (the tour typed it), used twice as ${name}`,
      checks: [
        check('the user', 'Ada App', name),
        check('questions', 1, questions),
        check('token requests', 0, requests() - before),
      ],
    }
  },
}
