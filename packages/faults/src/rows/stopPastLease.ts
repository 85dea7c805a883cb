import { setTimeout as sleep } from 'node:timers/promises'
import { seconds } from '@tessera/core'
import type { Rotation } from '@tessera/sandbox'
import * as O from 'fp-ts/lib/Option.js'
import { type Account, type Crew, openCrew } from '../crew/Crew.js'
import type { Member } from '../crew/Member.js'
import { POINTS, type Point } from '../crew/protocol.js'
import { type Cell, isAfter } from '../crew/watch.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { dealt } from '../random.js'

/** Sessions at a time, each with a process that is stopped. */
const ACCOUNTS = 16
/** Processes that share all sessions, and go on asking. */
const OTHERS = 3
/** How much faster time runs. */
const SPEED = 5
/** Of access tokens, in s: longer than an intent. */
const LIFETIME = 25
/** What is left of the first token, in ms. */
const FIRST = seconds(4)
/** Whoever is stopped renews this long before the token's end, in ms, and so before the others. */
const EARLY = seconds(600)
/** Of a grace for a time, in ms: for an intent, and the recovery after it. */
const GRACE_FOR = seconds(120)
/** How long a session may take to be whole again, in ms of real time. */
const PATIENCE = 15_000

/** For how long a process is stopped, in s. One may send for 5 s, a request has 15 s, and an intent lasts 20 s. */
type Pause = readonly [least: number, most: number]
const BEFORE_THE_ANSWER: Pause = [5.5, 9]
const WITHIN: Pause = [5.5, 15.5]
const BEYOND: Pause = [20.5, 30]

/** What can be survived: at each point, for how long, at which server. */
interface Case {
  readonly point: Point
  readonly rotation: Rotation
  readonly pause: Pause
}

const CASES: ReadonlyArray<Case> = [
  // Stopped for less than the others wait, nothing is lost at any server: at one that kills the session at a reuse, say.
  { point: 'intent', rotation: 'strict', pause: WITHIN },
  { point: 'sent', rotation: 'strict', pause: BEFORE_THE_ANSWER },
  { point: 'answered', rotation: 'strict', pause: WITHIN },
  { point: 'committed', rotation: 'strict', pause: WITHIN },
  // For longer: what was not sent must not be sent any more.
  { point: 'intent', rotation: 'strict', pause: BEYOND },
  { point: 'committed', rotation: 'strict', pause: BEYOND },
  // The others have tried, and were refused: whoever wakes up holds the only valid refresh token.
  { point: 'answered', rotation: 'strict-without-kill', pause: BEYOND },
  { point: 'answered', rotation: 'strict-without-kill', pause: BEYOND },
  // The others have recovered: whoever wakes up is too late, and changes nothing.
  ...POINTS.flatMap(
    (point): ReadonlyArray<Case> => [
      { point, rotation: 'grace-until-use', pause: BEYOND },
      { point, rotation: { graceFor: GRACE_FOR }, pause: BEYOND },
    ],
  ),
]

const isWhole = ({ token, intent, verdict }: Cell): boolean =>
  O.isSome(token) && O.isNone(intent) && verdict._tag === 'None'

/** What a test may break. */
export interface Parts {
  /** The program of the processes. Default: the project's. */
  readonly program?: string
}

const login = async (account: Account, member: Member, { tally }: Crew): Promise<void> => {
  const { outcomes } = await member.ask({ do: 'login', key: account.key, pair: account.issue(), expiresIn: FIRST })
  if (outcomes['ok'] !== 1) tally.problem(`a login ended by ${Object.keys(outcomes).join()}`)
}

/** Stops a process at a point, and lets it go on. */
const stop = async (account: Account, victim: Member, crew: Crew, of: Case, random: () => number): Promise<void> => {
  const { key, sandbox, watch } = account
  const { point, rotation, pause } = of
  const [least, most] = pause
  const about = `stopped at "${point}", ${typeof rotation === 'string' ? rotation : 'grace for a time'}`
  sandbox.setRotation(rotation)
  const struck = crew.struck(victim)
  victim.send({ do: 'strike', key, at: point, signal: 'SIGSTOP', after: 0 })
  const at = await struck
  const continued = crew.continued(victim)
  const stopFor = (1_000 * (least + (most - least) * random())) / SPEED
  await sleep(stopFor)
  victim.signal('SIGCONT')
  // Timers are early where the event loop was late.
  if ((await continued) < stopFor / 2) crew.tally.problem(`${about}: it was not stopped`)
  await victim.ask({ do: 'settle', key })
  if (await watch.until(PATIENCE, (cell) => isAfter(cell, at) && isWhole(cell))) return
  if (watch.cell()?.verdict._tag !== 'LogInAgain') throw new Error(`${about}: not renewed in ${PATIENCE / 1_000} s`)
  crew.tally.lost++
  crew.tally.problem(`${about}: lost`)
  await login(account, victim, crew)
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
    const lane = async (account: Account, others: ReadonlyArray<Member>): Promise<void> => {
      const victim = await crew.start()
      for (const other of others) other.send({ do: 'join', ...account.membership(0) })
      victim.send({ do: 'join', ...account.membership(EARLY) })
      await login(account, victim, crew)
      for (const member of [victim, ...others]) member.send({ do: 'ask', key: account.key })
      for (let of = cases.pop(); of !== undefined; of = cases.pop()) {
        await stop(account, victim, crew, of, random)
        progress(++done)
      }
      await crew.dismiss(victim)
    }
    try {
      const others = await Promise.all(Array.from({ length: OTHERS }, crew.start))
      await Promise.all(
        crew.accounts.map((account) =>
          lane(account, others).catch((error: unknown) => {
            crew.tally.problem(error instanceof Error ? error.message : String(error))
            cases.length = 0
          }),
        ),
      )
      await Promise.all(others.map(crew.dismiss))
      return crew.findings()
    } finally {
      await crew.close()
    }
  }

export const stopPastLeaseWith = (parts: Parts): Fault => ({
  name: 'stop-past-lease',
  injection: [
    'processes stop themselves (SIGSTOP) after the intent is written, the request sent, the answer there, the token committed,',
    'and go on when they may not send any more: before the others take over, at a server with strict rotation, and after that,',
    `while ${OTHERS} others go on asking; files and Redis in turn; time runs ${SPEED} times as fast for processes, stores and server`,
  ].join(' '),
  expected:
    'no session lost while the others wait; beyond that none at a server with grace, and what was not sent stays unsent; nothing goes back',
  count: 200,
  seconds: 110,
  run: run(parts),
})

export const stopPastLease = stopPastLeaseWith({})
