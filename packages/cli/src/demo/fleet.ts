/**
 * Processes of the tour's own that share one session with it, through a store of the command's.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { nonce, type TokenSource } from '@tessera/core'
import { run, systemRandom } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { openSessions } from '../sessionStore.js'
import { parseStore } from '../storePlace.js'
import { Answer, News, type Request, type Sharing } from './messages.js'
import type { World } from './World.js'

/** One process. */
export interface Member {
  /** Asks its source for a token; tells only which it is. */
  readonly get: () => Promise<string>
  /** Ends it at once, whatever it does. Tells by which signal it ended. */
  readonly kill: () => Promise<unknown>
}

export interface Fleet {
  /** The tour's own source of the session, which it has logged in. */
  readonly source: TokenSource
  readonly members: ReadonlyArray<Member>
  /** Moves the clock of all who are there. */
  readonly travel: (ms: number) => Promise<void>
  /** What the processes wrote to their standard error. */
  readonly written: () => string
}

type Ask = Request extends infer Each ? (Each extends Request ? Omit<Each, 'id'> : never) : never

interface Process extends Member {
  readonly isThere: () => boolean
  readonly ask: (what: Ask) => Promise<string>
  readonly end: () => Promise<void>
}

const WORKER = new URL('./worker.js', import.meta.url)

const start = (world: World, heard: (text: string) => void): Process => {
  const child: ChildProcess = fork(WORKER, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  const waiting = new Map<
    number,
    { readonly resolve: (value: string) => void; readonly reject: (why: Error) => void }
  >()
  const exited = new Promise<unknown>((resolve) => {
    child.once('exit', (_, signal) => resolve(signal)).once('error', () => resolve(null))
  })
  let asked = 0
  let isThere = true
  child.stderr?.on('data', (data: Buffer) => heard(data.toString()))
  child.on('message', (message) => {
    if (News.is(message)) {
      if ('secrets' in message) world.canaries.remember(...message.secrets)
      else world.observe({ _tag: 'LoginRequired', key: '' })
    } else if (Answer.is(message)) {
      const waiter = waiting.get(message.id)
      waiting.delete(message.id)
      if ('value' in message) waiter?.resolve(message.value)
      else waiter?.reject(new Error(message.error))
    }
  })
  const gone = (): void => {
    isThere = false
    for (const { reject } of waiting.values()) reject(new Error('the process has gone'))
    waiting.clear()
  }
  child.once('exit', gone).on('error', gone)
  const ask: Process['ask'] = (what) =>
    new Promise((resolve, reject) => {
      if (!isThere) {
        reject(new Error('the process has gone'))
        return
      }
      const id = ++asked
      waiting.set(id, { resolve, reject })
      child.send({ ...what, id })
    })
  const kill: Process['kill'] = () => {
    child.kill('SIGKILL')
    return exited
  }
  return {
    ask,
    kill,
    isThere: () => isThere,
    get: () => ask({ ask: 'get' }),
    end: async () => {
      if (isThere) await ask({ ask: 'close' }).catch(() => undefined)
      if (isThere) await kill()
    },
  }
}

const must = <E, A>(what: string, result: E.Either<E, A>): A => {
  if (E.isRight(result)) return result.right
  throw Object.assign(new Error(what), { name: what })
}

/** The variables that a Redis or a database is opened with. */
const ofStores = (variables: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      /^TESSERA_(REDIS|SENTINEL|SQL)_/.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  )

/** Logs in, starts processes that share the login by way of the store, and ends them. */
export const withFleet = async <A>(
  world: World,
  store: string,
  count: number,
  use: (fleet: Fleet) => Promise<A>,
): Promise<A> => {
  const { box, client, folder, along, moved, travel } = world
  // Nobody else's, in a store that is not the tour's own.
  const key = `tour ${nonce(systemRandom)()}`
  const variables = { ...ofStores(process.env), XDG_STATE_HOME: folder }
  const opening = { variables, shared: {}, signal: new AbortController().signal, self: 'tessera' }
  const sessions = must(
    'the store does not open',
    await openSessions(opening, must('the store has no place', parseStore(store, '/')), '')(),
  )
  let written = ''
  const processes = Array.from({ length: count }, () =>
    start(world, (text) => {
      written += text
    }),
  )
  try {
    const source = await world.login({ store: along(sessions.store), key })
    const sharing: Sharing = {
      server: box.url,
      clientId: client.id,
      clientSecret: box.client.secret,
      store,
      variables,
      key,
      moved: moved(),
    }
    await Promise.all(processes.map(({ ask }) => ask({ ask: 'share', sharing })))
    const result = await use({
      source,
      members: processes,
      travel: async (ms) => {
        travel(ms)
        await Promise.all(processes.filter(({ isThere }) => isThere()).map(({ ask }) => ask({ ask: 'travel', ms })))
      },
      written: () => written,
    })
    await run(source.close({ revoke: false }))
    return result
  } finally {
    await Promise.all(processes.map(({ end }) => end()))
    await sessions.remove(key)()
    await sessions.close()
  }
}
