import { setTimeout as sleep } from 'node:timers/promises'
import { minutes, seconds } from '@tessera/core'
import { type Account, type Crew, openCrew } from '../crew/Crew.js'
import { login } from '../crew/login.js'
import type { Member } from '../crew/Member.js'
import { settledBy } from '../crew/settledBy.js'
import type { Cell } from '../crew/watch.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { dealt, pick } from '../random.js'
import { within } from '../within.js'

const PROCESSES = 3
/** Races at a time, each at a server of its own. */
const LANES = 6
/** How much faster time runs, so that nobody waits long for a second try to revoke. */
const SPEED = 4
const LIFETIME = 3_600
/** How long a process may serve what it knows, in ms. */
const MAX_STALE = seconds(1)
const CALLERS = 5
const TIMEOUT = minutes(1)
/** In ms of real time: only what hangs takes so long. */
const PATIENCE = 180_000
/** How often a revoke is asked for, at most. */
const TRIES = 5

/** When the revoke is asked for. */
const MOMENTS = [
  'with the renewal',
  'while the request is on its way',
  'while the answer is on its way',
  'with the answer',
] as const

interface Race {
  readonly moment: (typeof MOMENTS)[number]
  /** The server does not take the first request to revoke: only who brings the late token can end it. */
  readonly isRefused: boolean
}

const RACES: ReadonlyArray<Race> = MOMENTS.flatMap((moment) => [
  { moment, isRefused: false },
  { moment, isRefused: true },
])

/** What a test may break. */
export interface Parts {
  /** The program of the processes. Default: the project's. */
  readonly program?: string
}

const isRevoked = ({ status }: Cell): boolean => status._tag === 'Revoked'

/**
 * Logs in, and waits for the end of the token. On a busy machine it may end before it is stored: the login renews it then, and another
 * one is due, whose token lives longer. Tells how many tokens the logins before it had: the record owes them to the server.
 */
const begin = async (account: Account, member: Member, crew: Crew): Promise<number> => {
  const asked = (): number => account.sandbox.counts().byEndpoint.token
  for (let life = 1_000; life <= 64_000; life *= 2) {
    const before = asked()
    await login(account, member, crew, life)
    const owed = account.pairs.length - 1
    await sleep(life / SPEED)
    if (asked() === before) return owed
  }
  crew.tally.problem('each login renewed its token')
  return 0
}

/** Tells whether a token came too late. */
const race = async (
  account: Account,
  members: ReadonlyArray<Member>,
  crew: Crew,
  { moment, isRefused }: Race,
  random: () => number,
): Promise<boolean> => {
  const { tally } = crew
  const { key, sandbox, watch, events } = account
  const about = `revoked ${moment}${isRefused ? ', at first refused' : ''}`
  const [first, ...rest] = members
  if (first === undefined) return false
  for (const member of members) member.send({ do: 'join', ...account.membership(minutes(10), MAX_STALE) })
  const owed = await begin(account, first, crew)

  if (isRefused) sandbox.faults.next({ kind: 'status', status: 503, endpoint: 'revoke' })
  const revoker = pick(random, [first, ...rest])
  const revoke = () => revoker.ask({ do: 'revoke', key, timeout: TIMEOUT })
  const gets = () => members.map((member) => member.ask({ do: 'get', key, callers: CALLERS, timeout: TIMEOUT }))
  const isOnItsWay = moment === 'while the request is on its way' || moment === 'while the answer is on its way'
  const at = moment === 'while the request is on its way' ? 'before' : 'after'
  const gate = moment === 'with the renewal' ? undefined : sandbox.gate('token', { at })
  const renewals: Array<Promise<unknown>> = gets()
  /** On a busy machine a lease may have grown too old to send with: then they ask again. */
  const requested = async (arrived: Promise<unknown>): Promise<void> => {
    let isHere = false
    const here = arrived.then(() => {
      isHere = true
    })
    for (let asked = renewals; ; ) {
      await Promise.race([here, Promise.all(asked)])
      if (isHere) return
      await sleep(20)
      asked = gets()
      renewals.push(...asked)
    }
  }
  let revocation: ReturnType<typeof revoke>
  try {
    if (gate === undefined) {
      await sleep(10 * random())
      revocation = revoke()
    } else {
      await settledBy(PATIENCE, 'a request', requested(gate.arrived))
      revocation = revoke()
      if (isOnItsWay && !(await watch.until(PATIENCE, isRevoked))) tally.problem(`${about}: there is no tombstone`)
      await sleep(5 * random())
    }
  } finally {
    gate?.open()
  }
  let { outcomes } = await revocation
  await Promise.all(renewals)
  await Promise.all(members.map((member) => member.ask({ do: 'settle', key })))

  const alive = (from = 0) =>
    account.pairs.slice(from).filter(({ access, refresh }) => sandbox.isActive(access) || sandbox.isActive(refresh))
  // Whoever came too late with a token has ended it, whatever became of the revoke. An earlier login's may be
  // what the server did not revoke at first: the next revoke asks for that again.
  const isLate = events.some(({ _tag }) => _tag === 'Discarded')
  if ((isLate || isOnItsWay) && alive(owed).length > 0) tally.problem(`${about}: a token that came too late is alive`)
  for (let tries = 1; outcomes['revoked'] !== 1 && tries < TRIES; tries++) outcomes = (await revoke()).outcomes
  if (outcomes['revoked'] !== 1) tally.problem(`${about}: not revoked at the server`)
  if (alive().length > 0) tally.problem(`${about}: a token is alive`)

  // What a process still remembered is over soon.
  const isOver = (member: Member): Promise<boolean> =>
    within(PATIENCE, async () => {
      const got = await member.ask({ do: 'get', key, callers: 1, timeout: TIMEOUT })
      return got.outcomes['ReauthenticationRequired'] === 1
    })
  const ends = await Promise.all(members.map(isOver))
  if (ends.includes(false)) tally.problem(`${about}: a process has a token still`)
  const states = await Promise.all(members.map((member) => member.ask({ do: 'inspect', key })))
  if (states.some((state) => state.outcomes['revoked'] !== 1)) tally.problem(`${about}: it did not stay so`)
  if (!(await watch.until(PATIENCE, isRevoked))) tally.problem(`${about}: the record says otherwise`)
  for (const member of members) member.send({ do: 'leave', key })
  await watch.stop()
  return isLate
}

const run =
  ({ program }: Parts): Fault['run'] =>
  async (context: Context): Promise<Findings> => {
    const { count, random, progress } = context
    const crew = await openCrew(context, {
      accounts: Math.min(LANES, count),
      rotation: 'strict',
      speed: SPEED,
      lifetime: LIFETIME,
      ...(program !== undefined && { program }),
    })
    const races = [...dealt(random, RACES, count)]
    let done = 0
    let late = 0
    const lane = async (server: Account, members: ReadonlyArray<Member>): Promise<void> => {
      for (let of = races.pop(); of !== undefined; of = races.pop()) {
        const account = crew.further(`${server.key}, race ${races.length}`, server)
        if (await race(account, members, crew, of, random)) late++
        progress(++done)
      }
    }
    try {
      const members = await Promise.all(Array.from({ length: PROCESSES }, crew.start))
      await Promise.all(
        crew.accounts.map((account) =>
          lane(account, members).catch((error: unknown) => {
            crew.tally.problem(error instanceof Error ? error.message : String(error))
            races.length = 0
          }),
        ),
      )
      await Promise.all(members.map(crew.dismiss))
      return crew.findings(`${late} renewals brought a token too late`)
    } finally {
      await crew.close()
    }
  }

export const revokeRaceWith = (parts: Parts): Fault => ({
  name: 'revoke-race',
  injection: `one of ${PROCESSES} processes revokes while they renew: with the renewal, while its request or its answer is on its way, or with the answer; each also where the server does not take the first request to revoke; files and Redis in turn; time runs ${SPEED} times as fast`,
  expected:
    'the session stays revoked; no token of it is alive at the server, the late one is revoked by whom it came to',
  count: 200,
  seconds: 10,
  run: run(parts),
})

export const revokeRace = revokeRaceWith({})
