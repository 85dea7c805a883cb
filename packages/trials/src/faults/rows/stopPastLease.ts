import { setTimeout as sleep } from 'node:timers/promises'
import { seconds } from '@tessera/core'
import type { Rotation } from '@tessera/sandbox'
import { type Account, type Crew, openCrew } from '../crew/Crew.js'
import { login } from '../crew/login.js'
import type { Member } from '../crew/Member.js'
import { POINTS, type Point } from '../crew/protocol.js'
import { HOLD, isAfter, isQuiet } from '../crew/watch.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { dealt } from '../random.js'

/** Sessions at a time, each with a process that is stopped. */
const ACCOUNTS = 16
/** Processes that share all sessions, and go on asking. */
const OTHERS = 3
/** How much faster time runs. */
const SPEED = 5
/** Of access tokens, in s: longer than a lease. */
const LIFETIME = 25
/** What is left of the first token, in ms. */
const FIRST = seconds(4)
/** Whoever is stopped renews this long before the token's end, in ms, and so before the others. */
const EARLY = seconds(600)
/** Of a grace for a time, in ms: for a lease, and the recovery after it. */
const GRACE_FOR = seconds(120)
/** How long a session may take to be whole again, in ms of real time. */
const PATIENCE = 60_000

/**
 * How old its lease is when a process goes on, in s, and how old it may be on a slow machine without being another case. One may
 * send for 5 s, a request has 15 s, and a lease lasts 20 s.
 */
interface Pause {
  readonly least: number
  readonly most: number
  readonly limit: number
}
const SHORT: Pause = { least: 5.5, most: 9, limit: 17 }
const LONG: Pause = { least: 15.2, most: 16, limit: 17 }
const BEYOND: Pause = { least: 20.5, most: 30, limit: Number.POSITIVE_INFINITY }
/** How long is waited for a process that is told to go on before it is told again, in ms: it may not have been stopped yet. */
const AGAIN = 50

/** What can be survived: at each point, for how long, at which server. */
interface Case {
  readonly point: Point
  readonly rotation: Rotation
  readonly pause: Pause
}

const CASES: ReadonlyArray<Case> = [
  // For less than the others wait: nothing is lost at any server, one that kills the session at a reuse say.
  ...POINTS.map((point): Case => ({ point, rotation: 'strict', pause: SHORT })),
  // And beyond the end of its own request, where that was answered: the answer is read, or the token comes, late.
  { point: 'sent', rotation: 'strict', pause: LONG },
  { point: 'answered', rotation: 'strict', pause: LONG },
  { point: 'committing', rotation: 'strict', pause: LONG },
  // For longer: what was not sent must not be sent any more.
  { point: 'lease', rotation: 'strict', pause: BEYOND },
  { point: 'committed', rotation: 'strict', pause: BEYOND },
  // The others have tried, and were refused: whoever goes on holds the only valid refresh token.
  { point: 'sent', rotation: 'strict-without-kill', pause: BEYOND },
  { point: 'answered', rotation: 'strict-without-kill', pause: BEYOND },
  { point: 'committing', rotation: 'strict-without-kill', pause: BEYOND },
  // The others have recovered: whoever goes on is too late, and changes nothing.
  ...POINTS.flatMap(
    (point): ReadonlyArray<Case> => [
      { point, rotation: 'grace-until-use', pause: BEYOND },
      { point, rotation: { graceFor: GRACE_FOR }, pause: BEYOND },
    ],
  ),
]

/** What a test may break. */
export interface Parts {
  /** The program of the processes. Default: the project's. */
  readonly program?: string
}

/** Stops a process at a point, and lets it go on. Tells whether it was in time. */
const stop = async (account: Account, victim: Member, crew: Crew, of: Case, random: () => number): Promise<boolean> => {
  const { key, sandbox, watch } = account
  const { point, rotation, pause } = of
  const { least, most, limit } = pause
  const about = `stopped at "${point}", ${typeof rotation === 'string' ? rotation : 'grace for a time'}`
  sandbox.setRotation(rotation)
  const struck = crew.struck(victim)
  victim.send({ do: 'strike', key, at: point, by: 'SIGSTOP', after: 0 })
  const at = await struck
  const continued = crew.continued(victim)
  const since = at.until - HOLD
  const goesOn = since + 1_000 * (least + (most - least) * random())
  const wait = Math.max(0, goesOn - crew.time.clock.now()) / SPEED
  await sleep(wait)
  const telling = setInterval(() => victim.signal('SIGCONT'), AGAIN)
  victim.signal('SIGCONT')
  const { stopped, now } = await continued.finally(() => clearInterval(telling))
  // Timers are early where the event loop was late.
  if (stopped < wait / 2) crew.tally.problem(`${about}: it was not stopped`)
  const isInTime = now - since < 1_000 * limit
  await victim.ask({ do: 'settle', key })
  if (await watch.until(PATIENCE, (cell) => isAfter(cell, at) && isQuiet(cell) && watch.isAlive(cell))) return isInTime
  const cell = watch.cell()
  const isOver = cell !== undefined && (cell.status._tag === 'LogInAgain' || !watch.isAlive(cell))
  if (!isOver) throw new Error(`${about}: not renewed in ${PATIENCE / 1_000} s`)
  if (isInTime) {
    crew.tally.lost++
    crew.tally.problem(`${about}: lost`)
  }
  await login(account, victim, crew, FIRST)
  return isInTime
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
    let tooLate = 0
    const lane = async (account: Account, others: ReadonlyArray<Member>): Promise<void> => {
      const victim = await crew.start()
      for (const other of others) other.send({ do: 'join', ...account.membership(0) })
      victim.send({ do: 'join', ...account.membership(EARLY) })
      await login(account, victim, crew, FIRST)
      for (const member of [victim, ...others]) member.send({ do: 'ask', key: account.key })
      for (let of = cases.pop(); of !== undefined; of = cases.pop()) {
        if (await stop(account, victim, crew, of, random)) progress(++done)
        // Another time: this machine has other things to do.
        else if (tooLate++ < count) cases.push(of)
        else throw new Error('the machine is too slow for this')
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
      return crew.findings(`the others took over ${crew.recoveries()} times`)
    } finally {
      await crew.close()
    }
  }

export const stopPastLeaseWith = (parts: Parts): Fault => ({
  name: 'stop-past-lease',
  injection: [
    'processes stop themselves (SIGSTOP) after the lease is written, the request is sent, the answer has come, before the token',
    'is written and after that; they go on when they may not send any more, at a server with strict rotation before the others take',
    'over, at others, or where nothing is under way, after that;',
    `while ${OTHERS} others go on asking; files and Redis in turn; time runs ${SPEED} times as fast for processes, stores and server`,
  ].join(' '),
  expected:
    'no session lost while the others wait; beyond that none at a server with grace, and what was not sent stays unsent; nothing goes back',
  count: 200,
  seconds: 110,
  run: run(parts),
})

export const stopPastLease = stopPastLeaseWith({})
