/**
 * `node --expose-gc idleKeys.js COUNT plain|encrypted`: how much memory a process needs for so many sessions that nobody asks for,
 * in bytes a key. Prints it as JSON.
 */
import { randomBytes } from 'node:crypto'
import { encrypted, memoryStore, minutes, plus, Secret, type Strategy, TokenSet, TokenSource } from '@tessera/core'
import { aesGcm, generateKey, nodeEnv, run, systemClock, systemRandom } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { IdleKeys } from './IdleKeys.js'

const BATCH = 200

const [count = Number.NaN, kind] = [Number(process.argv[2]), process.argv[3]]
// Time stands still: on a busy machine, a renewal among so many would come too late.
const start = systemClock.now()
const env = nodeEnv({ clock: { ...systemClock, now: () => start } })

// As many characters as Box's tokens have, all different.
const text = (): string => randomBytes(32).toString('base64url')

const strategy: Strategy<unknown> = () => () =>
  TE.fromIO(() =>
    TokenSet.make(Secret.make('AccessToken', text()), {
      refreshToken: O.some(Secret.make('RefreshToken', text())),
      issuedAt: O.some(env.clock.now()),
      expiresAt: O.some(plus(env.clock.now(), minutes(60))),
    }),
  )

const live = async (): Promise<number> => {
  // What finalizers and microtasks let go of, the next collection takes.
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.()
    await new Promise(setImmediate)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

if (globalThis.gc === undefined) throw new Error('node is run without --expose-gc')
const memory = memoryStore()
const cipher = aesGcm({ write: generateKey(systemRandom)() })
if (E.isLeft(cipher)) throw new Error('no cipher')
const store = kind === 'encrypted' ? encrypted(cipher.right)(memory) : memory
const open = () => TokenSource.keyed({ store })(() => strategy)(env)()

const fill = async (from: number, to: number, sources: ReturnType<typeof open>): Promise<void> => {
  for (let first = from; first < to; first += BATCH) {
    const keys = Array.from({ length: Math.min(BATCH, to - first) }, (_, nth) => `user ${first + nth}`)
    await Promise.all(keys.map((key) => run(sources.for(key).get)))
    await Promise.all(keys.map((key) => sources.for(key).settled()))
    // As in a server: V8 keeps the target of a WeakRef that was read until the event loop goes on.
    await new Promise(setImmediate)
  }
}

// What code and caches need is there before it counts.
await fill(-2 * BATCH, 0, open())
const before = await live()
const measure = async (): Promise<IdleKeys> => {
  const sources = open()
  await fill(0, count, sources)
  const withSources = await live()
  const kept = sources.size()
  return { count, kept, withSources: withSources - before, idle: 0 }
}
const measured = await measure()
const idle = (await live()) - before
process.stdout.write(JSON.stringify({ ...measured, idle }))
// Until here, the store is in use.
await run(store.get('user 0'))
