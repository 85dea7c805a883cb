/** What a user of the seed's `DeveloperTokenAuth` relies on, and what is better. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import * as Box from '@tessera/box'
import { type Instant, minutes, pairCallbackStore, Secret, seconds } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { testWith } from '../../../tools/jest/needs.js'
import { accessOf, refreshOf, right } from '../support/either.js'
import { makeDeveloper } from './seed/subclasses.js'
import { better } from './support/better.js'
import { eachInWorld, type Row, renewed, row, sourceOf, type World } from './support/world.js'

const world = eachInWorld()

const PROMPT = 'Enter developer token: '

/** A person with the console before them, who is asked by a callback. */
const person = ({ box }: World) => {
  const questions: string[] = []
  return {
    questions,
    answer: async (message: string): Promise<string> => {
      questions.push(message)
      return box.developerToken()
    },
  }
}

const asking = ({ env, ...rest }: World, answer: (message: string) => Promise<string>): World => ({
  ...rest,
  env: {
    ...env,
    prompt: {
      ask: ({ message }) => TE.fromTask(async () => Secret.make('Answer', await answer(message))),
    },
  },
})

/** Runs the script in a pseudo terminal, and types what comes next at each prompt. All that the terminal shows. */
const atTerminal = async (side: 'ours' | 'seed', url: string, tokens: ReadonlyArray<string>): Promise<string> => {
  const script = join(__dirname, 'processes', 'developer.mjs')
  const command = [process.execPath, script, side, url, tokens.length].join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let shown = ''
  let typed = 0
  child.stdout.on('data', (data: Buffer) => {
    shown += data.toString()
    while (typed < tokens.length && shown.split(PROMPT).length > typed + 1) child.stdin.write(`${tokens[typed++]}\r`)
  })
  await once(child, 'close')
  return shown
}

// -----------------------------------------------------------------------------
// what is kept
// -----------------------------------------------------------------------------

describe('S-DEV-01', () => {
  test('a callback is asked, and again at every renewal; never for a refresh token', async () => {
    const { questions, answer } = person(world())
    const source = sourceOf(asking(world(), answer), Box.developerToken())
    const first = right(await source.get())
    expect([questions, refreshOf(first)]).toEqual([[PROMPT], null])
    world().pass(seconds(2))
    const second = await renewed(source)
    expect(second).not.toBe(accessOf(first))
    world().pass(minutes(61))
    right(await source.get())
    expect(questions).toEqual([PROMPT, PROMPT, PROMPT])
    expect(world().requests()).toBe(0)
  })

  testWith('script')('on a terminal, by the same words, and again at a renewal; a revoke asks nobody', async () => {
    const { box } = world()
    const shown = await atTerminal('ours', box.url, [box.developerToken(), box.developerToken()])
    expect(shown.split(PROMPT)).toHaveLength(3)
    expect(shown.match(/status \d+|local/g)).toEqual(['status 200', 'status 200', 'local'])
    expect(box.counts().byEndpoint.revoke).toBe(0)
  })

  test('a revoke asks nobody, and the next use asks a person', async () => {
    const { questions, answer } = person(world())
    const source = sourceOf(asking(world(), answer), Box.developerToken())
    const token = accessOf(right(await source.get()))
    expect(right(await source.revoke())).toBe('local')
    expect([world().sent(), world().box.isActive(token)]).toEqual([[], true])
    expect(accessOf(right(await source.get()))).not.toBe(token)
    expect(questions).toHaveLength(2)
  })

  testWith('script')('a developer token lives for an hour, as Box says', async () => {
    const { answer } = person(world())
    const now = world().env.clock.now()
    const { expiresAt } = right(await sourceOf(asking(world(), answer), Box.developerToken()).get())
    const ahead = O.match(
      () => 0,
      (at: Instant) => at - now,
    )(expiresAt)
    expect(Math.round(ahead / 60_000)).toBe(60)
  })
})

// -----------------------------------------------------------------------------
// what is better
// -----------------------------------------------------------------------------

interface Asked {
  readonly questions: ReadonlyArray<string>
  readonly ask: () => Promise<unknown>
}

better('S-DEV-01', 'nobody is asked before a token is needed', {
  law: async ({ questions, ask }: Asked) => {
    expect(questions).toEqual([])
    await ask()
    expect(questions).toHaveLength(1)
  },
  ours: (at) => {
    const { questions, answer } = person(at)
    const source = sourceOf(asking(at, answer), Box.developerToken())
    return { questions, ask: source.get }
  },
  seed: async (at) => {
    const { questions, answer } = person(at)
    const auth = await makeDeveloper(() => answer(PROMPT), { client: at.client })
    return { questions, ask: async () => auth.accessToken() }
  },
})

better('S-DEV-01', 'what is typed is not echoed', {
  law: async (type: (token: string) => Promise<string>, { box }) => {
    const token = box.developerToken()
    const shown = await type(token)
    // It was taken, and the question was seen.
    if (!shown.includes(PROMPT) || !shown.includes('status 200')) throw new Error(`nobody was asked: ${shown}`)
    expect(shown.includes(token)).toBe(false)
  },
  ours:
    ({ box }) =>
    (token) =>
      atTerminal('ours', box.url, [token]),
  seed:
    ({ box }) =>
    (token) =>
      atTerminal('seed', box.url, [token]),
})

interface Writing {
  readonly renew: () => Promise<string | null>
  readonly table: Row
}

better('S-DEV-01', 'the store is written', {
  law: async ({ renew, table }: Writing) => {
    const token = await renew()
    expect(table.read()).toEqual({ accessToken: token, refreshToken: null })
  },
  ours: async (at) => {
    const table = row()
    const store = pairCallbackStore({ retrieve: table.read, store: table.write })
    const source = sourceOf(asking(at, person(at).answer), Box.developerToken(), { store, minimumAge: seconds(0) })
    return { renew: () => renewed(source), table }
  },
  seed: async (at) => {
    const table = row()
    const auth = await makeDeveloper(() => person(at).answer(PROMPT), {
      client: at.client,
      storeTokens: ([access, refresh]) =>
        table.write(access === null ? null : { accessToken: access, refreshToken: refresh }),
    })
    return { renew: async () => (await auth.refresh(auth.accessToken()))[0], table }
  },
})
