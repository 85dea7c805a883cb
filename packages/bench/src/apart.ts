/**
 * Contenders in processes of their own: none is charged for the garbage, the timers and the engine's guesses of the others. All
 * load the same modules, and are run by the same flags ({@link BUSY}).
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { BUSY } from './busy.js'
import type { Case, Role } from './Case.js'
import type { SigningKey } from './peers/Peer.js'
import type { Context } from './Row.js'
import type { Endpoints } from './server/TokenServer.js'

const PROCESS = fileURLToPath(new URL('../dist/workers/contender.js', import.meta.url))
const QUICK_WARM_UP = 200

/** A contender, and what it is given. */
export type Entry = { readonly name: string } & (
  | { readonly contest: 'signing'; readonly key: SigningKey }
  | { readonly contest: 'renewing'; readonly at: Endpoints; readonly width: number }
)

/** What its process is told first; after that, how many. */
export interface Order {
  readonly entry: Entry
  /** In ms. */
  readonly warmUp: number
}

const answer = async (child: ChildProcess, name: string): Promise<unknown> => {
  const over = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: over.signal }).then(([message]: ReadonlyArray<unknown>) => message),
      once(child, 'exit', { signal: over.signal }).then(() =>
        Promise.reject(new Error(`the process of ${name} ended`)),
      ),
    ])
  } finally {
    over.abort()
  }
}

/** How much a contender does. */
export interface Turns {
  /** So many a round. */
  readonly count: number
  /** So long beforehand, in ms: until the engine has made of its code what it will. */
  readonly warmUp: number
}

/** In a process that is asked when it is its turn. */
export const apart = (role: Role, entry: Entry, { count, warmUp }: Turns, { isQuick }: Context): Case => ({
  name: entry.name,
  role,
  open: async () => {
    const child = fork(PROCESS, { execArgv: BUSY })
    const ready = answer(child, entry.name)
    const order: Order = { entry, warmUp: isQuick ? QUICK_WARM_UP : warmUp }
    child.send(order)
    await ready
    return {
      measure: async () => {
        const said = answer(child, entry.name)
        child.send(count)
        return { value: Number(await said) }
      },
      close: async () => {
        // One that has ended is told of by `measure`.
        if (child.connected) child.disconnect()
      },
    }
  },
})
