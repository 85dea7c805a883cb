import { setTimeout as sleep } from 'node:timers/promises'
import { seconds } from '@tessera/core'
import type { Rotation } from '@tessera/sandbox'
import { type Account, type Crew, openCrew } from '../crew/Crew.js'
import { login } from '../crew/login.js'
import type { Member } from '../crew/Member.js'
import { POINTS, type Point, type Struck } from '../crew/protocol.js'
import { makeReserve, type Reserve } from '../crew/reserve.js'
import { isAfter, isQuiet, type Spot } from '../crew/watch.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { dealt } from '../random.js'
import { within } from '../within.js'

/** Sessions at a time. */
const ACCOUNTS = 16
/** Processes that share all sessions, and go on asking. */
const OTHERS = 3
/** Processes that are ready to be killed. */
const AHEAD = 4
/** How many of 1 are killed right after another of the same session. */
const PAIRS = 0.4
/**
 * How much faster time runs, so that the 20 s of a lease are 5. At ten times as fast, a machine that has three times as much to
 * do as it can loses sessions: what stalls for a second then is 10 s late.
 */
const SPEED = 4
/** Of access tokens, in s: somewhat longer than a lease. */
const LIFETIME = 25
/** What is left of the first token, in ms, so that nobody waits for its end. */
const FIRST = seconds(3)
/** Whoever is killed renews this long before the token's end, in ms, and so before the others, who wait for that. */
const EARLY = seconds(600)
/** In ms: more than for the leases of two that are killed one after the other. */
const GRACE_FOR = seconds(120)
/** How long a session may take to be whole again, in ms of real time. */
const PATIENCE = 180_000
/** How long some stay where they are killed, in ms of real time: for what they have told their callers too early. */
const STAY = 20
/** How long is waited for requests that must not come, in ms of real time. */
const SILENCE = 200

/** The server has the request, and its token is not in the store. */
const isBetween = (point: Point): boolean => point === 'sent' || point === 'answered' || point === 'committing'

/** What a run counts. */
interface Counts {
  done: number
  /** Struck between sending and committing. */
  between: number
  recoveries: number
}

/** What a test may break. */
export interface Parts {
  /** The program of the processes. Default: the project's. */
  readonly program?: string
  /** For how many requests a nonce is good, where tokens are bound to a key. Default: bearer tokens. */
  readonly nonceUses?: number
}

/** What all parts of a run share. */
interface Stage {
  readonly crew: Crew
  readonly others: ReadonlyArray<Member>
  readonly reserve: Reserve
  readonly counts: Counts
  readonly context: Context
}

const loggedIn = async (account: Account, [member]: ReadonlyArray<Member>, crew: Crew): Promise<void> => {
  if (member !== undefined) await login(account, member, crew, FIRST)
}

/** Whether each of the processes that go on asking comes to get that from the session. */
const all = ({ outcomes }: Account, others: ReadonlyArray<Member>, outcome: string): Promise<boolean> =>
  within(PATIENCE, () => others.every((other) => outcomes.get(other) === outcome))

/** Logs in anew whenever the session is lost, after a look at what its processes do then. */
const nurse = async (account: Account, { crew, others }: Stage, over: AbortSignal): Promise<void> => {
  let lost = -1
  while (!over.aborted) {
    const isLost = await account.watch.until(100, ({ epoch, status }) => epoch > lost && status._tag === 'LogInAgain')
    if (!isLost || over.aborted) continue
    lost = account.watch.cell()?.epoch ?? lost
    crew.tally.lost++
    const requests = account.requests()
    if (!(await all(account, others, 'ReauthenticationRequired')))
      crew.tally.problem('a lost session was not reported as ReauthenticationRequired to everybody')
    await sleep(SILENCE)
    if (account.requests() > requests) crew.tally.problem('a lost session was asked for again')
    await loggedIn(account, others, crew)
  }
}

/** Has a process killed at a point; resolves to what it was replacing. */
const kill = async (account: Account, point: Point, victim: Member, stage: Stage): Promise<Struck> => {
  const { key } = account
  const { crew, counts, context } = stage
  const struck = crew.struck(victim)
  victim.send({ do: 'join', ...account.membership(EARLY) })
  victim.send({ do: 'strike', key, at: point, by: 'SIGKILL', after: context.random() < 0.5 ? 0 : STAY })
  victim.send({ do: 'ask', key })
  try {
    const at = await struck
    const how = await victim.ended
    if (how !== 'SIGKILL') crew.tally.problem(`a process that killed itself ended by ${how}`)
    if (isBetween(point)) counts.between++
    if (at.recovery) counts.recoveries++
    if (point === 'sent') await received(account, crew)
    return at
  } finally {
    victim.signal('SIGKILL')
  }
}

/** Every request that was declared comes to the server, also that of a dead process. */
const received = async (account: Account, { tally }: Crew): Promise<void> => {
  const declared = account.events.filter(({ _tag }) => _tag === 'Renewing').length
  if (!(await within(PATIENCE, () => account.requests() >= declared)))
    tally.problem('a request that was sent did not come to the server')
}

/** Kills processes of one session, one after the other. */
const strike = async (account: Account, stage: Stage, points: Point[]): Promise<void> => {
  const { crew, others, reserve, counts, context } = stage
  let last: Struck | undefined
  while (points.length > 0) {
    // The second is there in time for the recovery, and may be killed in it. A third would wear out the grace.
    const isPair = points.length > crew.accounts.length && context.random() < PAIRS
    const next = points.splice(isPair ? -2 : -1)
    const victims = await Promise.all(next.map(async (point) => ({ point, victim: await reserve.take() })))
    if (last === undefined) await begin(account, stage)
    for (const { point, victim } of victims) {
      last = await kill(account, point, victim, stage)
      context.progress(++counts.done)
    }
    if (last !== undefined) await whole(account, last)
  }
  if (last !== undefined && !(await all(account, others, 'ok')))
    crew.tally.problem('a process does not get the token of a whole session')
}

const begin = async (account: Account, { crew, others }: Stage): Promise<void> => {
  for (const other of others) other.send({ do: 'join', ...account.membership(0) })
  await loggedIn(account, others, crew)
  for (const other of others) other.send({ do: 'ask', key: account.key })
}

const whole = async ({ watch }: Account, after: Spot): Promise<void> => {
  if (!(await watch.until(PATIENCE, (cell) => isAfter(cell, after) && isQuiet(cell) && watch.isAlive(cell))))
    throw new Error(`a session was not renewed in ${PATIENCE / 1_000} s after a process of it was killed`)
}

const run =
  (rotation: Rotation, { program, nonceUses }: Parts): Fault['run'] =>
  async (context: Context): Promise<Findings> => {
    const { count, random } = context
    const crew = await openCrew(context, {
      accounts: Math.min(ACCOUNTS, count),
      rotation,
      speed: SPEED,
      lifetime: LIFETIME,
      ...(program !== undefined && { program }),
      ...(nonceUses !== undefined && { nonceUses }),
    })
    const { tally, accounts } = crew
    const counts: Counts = { done: 0, between: 0, recoveries: 0 }
    const over = new AbortController()
    try {
      const others = await Promise.all(Array.from({ length: OTHERS }, crew.start))
      const stage: Stage = { crew, others, counts, context, reserve: makeReserve(AHEAD, count, crew.start) }
      const nurses = accounts.map((account) => nurse(account, stage, over.signal))
      const points = [...dealt(random, POINTS, count)]
      await Promise.all(
        accounts.map((account) =>
          strike(account, stage, points).catch((error: unknown) => {
            tally.problem(error instanceof Error ? error.message : String(error))
            points.length = 0
          }),
        ),
      )
      over.abort()
      await Promise.all(nurses)
      await Promise.all(others.map(crew.dismiss))
      if (tally.lost > counts.between && rotation === 'strict')
        tally.problem(`${tally.lost} sessions were lost, and ${counts.between} processes killed that could lose one`)
      return crew.findings(
        `${counts.between} were killed between sending and committing, ${counts.recoveries} of all in a recovery; ${crew.recoveries()} recoveries`,
      )
    } finally {
      over.abort()
      await crew.close()
    }
  }

/** A row that kills processes. */
export const kills = (
  about: Pick<Fault, 'name' | 'expected' | 'count' | 'seconds' | 'mayLose'>,
  server: string,
  rotation: Rotation,
  parts: Parts,
): Fault => ({
  ...about,
  injection: [
    'processes kill themselves (SIGKILL) after the lease is written, the request is sent, the answer has come,',
    `before the token is written and after that, while ${OTHERS} others go on asking; ${server}; files and Redis in turn;`,
    `time runs ${SPEED} times as fast for processes, stores and server`,
  ].join(' '),
  run: run(rotation, parts),
})

export const RECOVERED = 'no session lost; no refresh token redeemed again but by a declared recovery'

export const killGraceUntilUseWith = (parts: Parts): Fault =>
  kills(
    { name: 'kill-grace-until-use', expected: RECOVERED, count: 500, seconds: 300 },
    'grace until the new token is used',
    'grace-until-use',
    parts,
  )

export const killGraceForATimeWith = (parts: Parts): Fault =>
  kills(
    { name: 'kill-grace-for-a-time', expected: RECOVERED, count: 500, seconds: 300 },
    `a grace of ${GRACE_FOR / 1_000} s`,
    { graceFor: GRACE_FOR },
    parts,
  )

export const killStrictWith = (parts: Parts): Fault =>
  kills(
    {
      name: 'kill-strict',
      expected:
        'no more sessions lost than processes killed between sending and committing; each is reported, and not asked for again until a login',
      count: 300,
      seconds: 180,
      // The run compares.
      mayLose: ({ lost }) => lost,
    },
    'strict rotation',
    'strict',
    parts,
  )

export const killGraceUntilUse = killGraceUntilUseWith({})
export const killGraceForATime = killGraceForATimeWith({})
export const killStrict = killStrictWith({})
