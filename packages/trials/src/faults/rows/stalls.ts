import { setTimeout as sleep } from 'node:timers/promises'
import { seconds } from '@tessera/core'
import { type Account, type Crew, openCrew } from '../crew/Crew.js'
import { login } from '../crew/login.js'
import type { Member } from '../crew/Member.js'
import { type Point, STALLS } from '../crew/protocol.js'
import { settledBy } from '../crew/settledBy.js'
import { type Cell, isAfter, isQuiet } from '../crew/watch.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { dealt } from '../random.js'

/** Sessions at a time, each with its one process. */
const ACCOUNTS = 16
/** How much faster time runs. */
const SPEED = 5
/** Of access tokens, in s. */
const LIFETIME = 25
/** What is left of the first token, in ms. */
const FIRST = seconds(4)
/** A renewal is always due, in ms before a token's end. */
const EARLY = seconds(600)
/** How long a session may take to be whole again, and how long a request may be waited for, in ms of real time. */
const PATIENCE = 20_000
/** How long is waited for a process that is told to go on before it is told again, in ms: it may not have been stopped yet. */
const AGAIN = 50

/**
 * For how long, in s: longer than a request (15 s), or than that, a lease (20 s), a flight (35 s) and whoever asked for it (40 s). Of
 * real time it is more than one call to Redis may take (1 s).
 */
const LENGTHS = [16, 42]

interface Case {
  readonly point: Point
  readonly kind: 'busy' | 'stopped'
  readonly length: number
}

const CASES: ReadonlyArray<Case> = STALLS.flatMap((point) =>
  LENGTHS.flatMap(
    (length): ReadonlyArray<Case> => [
      { point, kind: 'busy', length },
      { point, kind: 'stopped', length },
    ],
  ),
)

/** What a test may break. */
export interface Parts {
  /** The program of the processes. Default: the project's. */
  readonly program?: string
}

/** Has a process stall once, and looks at what becomes of its session. */
const stall = async (account: Account, member: Member, crew: Crew, { point, kind, length }: Case): Promise<void> => {
  const { key, sandbox, watch } = account
  const about = `${kind} for ${length} s at "${point}"`
  const ms = (1_000 * length) / SPEED
  // A request that is held has not been answered; it is, while the process stalls.
  const gate = point === 'waiting' ? sandbox.gate('token', { grantType: 'refresh_token' }) : undefined
  try {
    if (gate !== undefined) await settledBy(PATIENCE, 'a request', gate.arrived)
    const struck = crew.struck(member)
    member.send({ do: 'strike', key, at: point, by: kind === 'busy' ? { busy: ms } : 'SIGSTOP', after: 0 })
    const at = await struck
    gate?.open()
    const continued = crew.continued(member)
    await sleep(ms)
    const telling = setInterval(() => member.signal('SIGCONT'), AGAIN)
    const { stopped } = await continued.finally(() => clearInterval(telling))
    // Timers are early where the event loop was late.
    if (stopped < ms / 2) crew.tally.problem(`${about}: it did not stall`)
    await member.ask({ do: 'settle', key })
    const isLost = ({ status }: Cell): boolean => status._tag === 'LogInAgain'
    const isWhole = (cell: Cell): boolean => isAfter(cell, at) && isQuiet(cell) && watch.isAlive(cell)
    if (!(await watch.until(PATIENCE, (cell) => isLost(cell) || isWhole(cell)))) {
      throw new Error(`${about}: not renewed in ${PATIENCE / 1_000} s`)
    }
    const cell = watch.cell()
    if (cell !== undefined && isWhole(cell)) return
  } finally {
    gate?.open()
  }
  crew.tally.lost++
  crew.tally.problem(`${about}: lost`)
  await login(account, member, crew, FIRST)
}

const run =
  ({ program }: Parts): Fault['run'] =>
  async (context: Context): Promise<Findings> => {
    const { count, random, progress } = context
    const crew = await openCrew(context, {
      accounts: Math.min(ACCOUNTS, count),
      rotation: 'strict',
      speed: SPEED,
      lifetime: LIFETIME,
      ...(program !== undefined && { program }),
    })
    const cases = [...dealt(random, CASES, count)]
    let done = 0
    const lane = async (account: Account, index: number, member: Member): Promise<void> => {
      // Two by two, since files and Redis alternate.
      member.send({ do: 'join', ...account.membership(EARLY), http: index % 4 < 2 ? 'undici' : 'node' })
      await login(account, member, crew, FIRST)
      member.send({ do: 'ask', key: account.key })
      for (let of = cases.pop(); of !== undefined; of = cases.pop()) {
        await stall(account, member, crew, of)
        progress(++done)
      }
      await crew.dismiss(member)
    }
    try {
      // Time runs fast: none begins while others still take the machine to start.
      const members = await Promise.all(crew.accounts.map(async (account) => ({ account, member: await crew.start() })))
      await Promise.all(
        members.map(({ account, member }, index) =>
          lane(account, index, member).catch((error: unknown) => {
            crew.tally.problem(error instanceof Error ? error.message : String(error))
            cases.length = 0
          }),
        ),
      )
      return crew.findings()
    } finally {
      await crew.close()
    }
  }

export const stallsWith = (parts: Parts): Fault => ({
  name: 'stalls',
  injection: [
    'processes, each with a session of its own, stop (SIGSTOP), or have no turn of their event loop as in a busy loop, for longer than',
    'a request may take, or than that, the lease, the renewal and its callers: while the answer of the store is on its way, before',
    'and while the request is sent, while it is at the server, when the answer has come, and around the write of the token; by undici',
    'and node:http, files and Redis in turn; strict rotation; time runs',
    `${SPEED} times as fast for processes, stores and server`,
  ].join(' '),
  expected: 'no session lost: what has arrived meanwhile is read and written, what was not sent stays unsent',
  count: 120,
  seconds: 90,
  run: run(parts),
})

export const stalls = stallsWith({})
