import { CellCodec, type Instant, instant, Lifecycle, plus, type SourceEvent, type TokenSource } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { recordedPrompt } from '../recordedPrompt.js'
import { makeActs } from './acts.js'
import { type AuthServer, LIFETIME, makeServer } from './authServer.js'
import { type Judge, makeJudge } from './judge.js'
import { type ModelStore, makeStore } from './modelStore.js'
import { makeSend } from './network.js'
import { type Fault, faults, type Plan } from './Plan.js'
import { clockOf, makeProcess, type Process, randomOf } from './processes.js'

/** Everything in one run: the processes, the store, the server, and the time. */
export interface World {
  readonly plan: Plan
  readonly processes: ReadonlyArray<Process>
  readonly now: () => Instant
  readonly goOn: (to: Instant) => void
  readonly store: ModelStore
  readonly server: AuthServer
  readonly judge: Judge
  readonly lock: { holder: Process | undefined }
  /** How often each fault may still come, and time go on while something is in flight. */
  readonly left: Map<Fault, number>
  stalls: number
  /** Whose turn it is: nobody else may do anything. */
  current: Process | undefined
  /** Somebody else did something all the same. */
  strayed: Process | undefined
  /** A process that has had no part yet, and asks when all is over. */
  readonly witness: () => Process
  readonly tell: (line: () => string) => void
}

const START = instant(1_700_000_000_000)
/** How long before its expiry, or after, the first token is met, in ms. */
const AHEAD = { due: 60_000, expired: -1_000 }

export const makeWorld = (plan: Plan, tell: World['tell']): World => {
  let time = START
  const now = (): Instant => time
  const processes = plan.acts.map((_, index) => makeProcess(index))
  const lock: World['lock'] = { holder: undefined }

  const acting = (process: Process): void => {
    if (process !== world.current) world.strayed = process
  }
  const send = makeSend(now, acting)
  const judge = makeJudge({ plan, now, server: () => server.model(), cell: () => store.cell() })
  const server = makeServer({ plan, now, send, judge })
  const first = server.begin()
  const seed = {
    ...Lifecycle.empty,
    epoch: 1,
    generation: 1,
    origin: O.some('origin'),
    since: O.some(START),
    token: O.some(first),
  }
  const store = makeStore({ version: 'first', record: CellCodec.encode(seed) }, { plan, now, send, judge, processes })
  judge.seeded(store.cell())

  const locking = (process: Process) => ({
    exclusive:
      <A>(_: string, use: () => Promise<A>) =>
      async () => {
        await send(process, { at: 'lock', isRead: false, what: 'lock', faults: [] }, () => {
          lock.holder = process
          return { value: undefined, seen: 'locked', told: () => `${process.name} takes the lock` }
        })
        try {
          return await use()
        } finally {
          if (lock.holder === process) lock.holder = undefined
        }
      },
  })

  const sourceOf = (process: Process): TokenSource => {
    const clock = clockOf(process, now, () => acting(process))
    return plan.make({
      strategy: server.strategyOf(process),
      store: { ...store.of(process), ...(plan.exclusive && locking(process)) },
      key: 'session',
      revocation: server.revokerOf(process),
      env: { clock, random: randomOf(process), http: server.httpOf(process, clock), prompt: recordedPrompt([]) },
      renewal: plan.renewal,
      observe: (event) => tell(() => `${process.name} tells: ${showEvent(event)}`),
    })
  }

  const actsOf = (process: Process) => makeActs(process, sourceOf(process), { judge, server, first, tell })

  const world: World = {
    plan,
    processes,
    now,
    goOn: (to) => {
      time = to
    },
    store,
    server,
    judge,
    lock,
    left: new Map(faults.map((fault) => [fault, plan.faults[fault] ?? 0])),
    stalls: plan.stalls,
    current: undefined,
    strayed: undefined,
    tell,
    witness: () => {
      const witness = makeProcess(processes.length)
      world.current = witness
      const { ask } = actsOf(witness)
      witness.acts.push(ask)
      processes.push(witness)
      return witness
    },
  }
  time = plus(START, LIFETIME)
  time = instant(time - AHEAD[plan.start])
  for (const process of processes) {
    world.current = process
    const acts = actsOf(process)
    process.acts.push(...(plan.acts[process.index] ?? []).map((act): IO<void> => acts[act]))
  }
  return world
}

const showEvent = (event: SourceEvent): string =>
  event._tag === 'Renewing' && event.recovery ? 'Renewing, to recover' : event._tag
