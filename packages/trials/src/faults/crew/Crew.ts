/**
 * Sessions over real stores, each with a server of its own, and the processes that share them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, type SourceEvent, type TokenStore } from '@tessera/core'
import { type Rotation, type Sandbox, startSandbox } from '@tessera/sandbox'
import { fileStore } from '@tessera/store-file'
import { ioRedis, redisStore } from '@tessera/store-redis'
import { Redis } from 'ioredis'
import { hasRedis, servers } from '../../servers/index.js'
import type { Context, Findings } from '../Fault.js'
import { makeTally, type Tally } from '../tally.js'
import { MEMBER, type Member, startMember } from './Member.js'
import { type FastTime, makeFastTime, type Pace } from './pace.js'
import type { Continued, Membership, Pair, Place, Report, Struck } from './protocol.js'
import { settledBy } from './settledBy.js'
import { type Spot, type Watch, watch } from './watch.js'

/** A session, as the row sees it. */
export interface Account {
  readonly key: string
  readonly sandbox: Sandbox
  readonly watch: Watch
  readonly membership: (early: number, maxStale?: number) => Membership
  /** Tokens for a login. */
  readonly issue: () => Pair
  /** Every pair that the server gave. */
  readonly pairs: ReadonlyArray<Pair>
  /** Requests for a new token that the server has received. */
  readonly requests: () => number
  readonly events: ReadonlyArray<SourceEvent>
  /** Of each process that goes on asking, how its last call ended. */
  readonly outcomes: ReadonlyMap<Member, string>
}

/** What a crew is made of. */
export interface CrewOptions {
  readonly accounts: number
  readonly rotation: Rotation
  /** How much faster than the system's clock time runs. */
  readonly speed: number
  /** Of access tokens, in s of that time. */
  readonly lifetime: number
  /** What processes run. Default: `MEMBER`. */
  readonly program?: string
  /** For how many requests a nonce is good, where tokens are bound to a key (RFC 9449). Default: bearer tokens. */
  readonly nonceUses?: number
}

export interface Crew {
  readonly accounts: ReadonlyArray<Account>
  /** Another session, at the server of one that there is. */
  readonly further: (key: string, of: Account) => Account
  readonly time: FastTime
  readonly tally: Tally
  readonly start: () => Promise<Member>
  /** Resolves when it was struck next; rejects where it was not in time. */
  readonly struck: (member: Member) => Promise<Struck>
  /** As `struck`, of one that goes on. */
  readonly continued: (member: Member) => Promise<Continued>
  /** Ends a process by its own doing. */
  readonly dismiss: (member: Member) => Promise<void>
  /** How often a refresh token was redeemed that another process may have redeemed before. */
  readonly recoveries: () => number
  readonly findings: (note?: string) => Findings
  readonly close: () => Promise<void>
}

/** An account with the writable side of what is heard of it. */
interface Kept extends Account {
  readonly pairs: Pair[]
  readonly events: SourceEvent[]
  readonly outcomes: Map<Member, string>
}

/** How long a process may take to come to a point, or to end, in ms of real time. */
const PATIENCE = 120_000

export const openCrew = async (
  context: Context,
  { accounts: count, rotation, speed, lifetime, program = MEMBER, nonceUses }: CrewOptions,
): Promise<Crew> => {
  const { canaries } = context
  const pace: Pace = { origin: Date.now(), speed }
  const time = makeFastTime(pace)
  const tally = makeTally()
  const folder = mkdtempSync(join(tmpdir(), 'tessera-faults-'))
  const redis = servers()
  const clients: Redis[] = []
  const accounts = new Map<string, Kept>()
  const members = new Set<Member>()
  const awaited = {
    struck: new Map<Member, (at: Struck) => void>(),
    continued: new Map<Member, (at: Continued) => void>(),
  }
  let longest = 0

  const places: Array<{ readonly place: Place; readonly store: TokenStore }> = [
    {
      place: { _tag: 'File', folder: join(folder, 'sessions') },
      store: fileStore({ folder: join(folder, 'sessions') }),
    },
  ]
  if (hasRedis()) {
    const { port } = await redis.start()
    const client = new Redis(port, '127.0.0.1')
    client.on('error', () => undefined)
    clients.push(client)
    places.push({ place: { _tag: 'Redis', port }, store: redisStore(ioRedis(client)) })
  }

  const hear = (report: Report, from: Member): void => {
    switch (report.tag) {
      case 'event':
        accounts.get(report.event.key)?.events.push(report.event)
        return
      case 'outcome':
        accounts.get(report.key)?.outcomes.set(from, report.outcome)
        return
      case 'struck':
        awaited.struck.get(from)?.(report)
        return
      case 'continued':
        awaited.continued.get(from)?.(report)
        return
      case 'overdue':
        longest = Math.max(longest, report.ms)
        return
      default:
    }
  }

  const openAccount = (key: string, sandbox: Sandbox, { place, store }: (typeof places)[number]): Account => {
    // Refresh tokens of a public client are bound to its key.
    const client = nonceUses === undefined ? sandbox.client : sandbox.publicClient
    const { id, secret } = client
    const pairs: Pair[] = []
    const account: Kept = {
      key,
      sandbox,
      watch: watch(key, store, sandbox),
      membership: (early, maxStale) => ({
        key,
        place,
        server: sandbox.url,
        client: { id, ...(secret !== null && { secret }) },
        early,
        ...(maxStale !== undefined && { maxStale }),
      }),
      issue: () => {
        const { accessToken, refreshToken } = sandbox.issue({ client })
        const pair = { key, access: accessToken, refresh: refreshToken }
        canaries.remember(accessToken, refreshToken)
        pairs.push(pair)
        return pair
      },
      pairs,
      requests: () => sandbox.counts().byGrantType['refresh_token'] ?? 0,
      events: [],
      outcomes: new Map(),
    }
    accounts.set(key, account)
    return account
  }

  const starting = new Set<Promise<Member>>()
  const start = (): Promise<Member> => {
    const member = started()
    starting.add(member)
    const forget = (): void => {
      starting.delete(member)
    }
    member.then(forget, forget)
    return member
  }
  const started = async (): Promise<Member> => {
    const heard = { report: hear, pair: (pair: Pair) => void accounts.get(pair.key)?.pairs.push(pair) }
    const begin = { pace, ...(nonceUses !== undefined && { dpop: join(folder, 'dpop') }) }
    const member = await startMember(program, begin, heard, canaries)
    members.add(member)
    void member.ended.then((how) => {
      members.delete(member)
      if (how !== 0 && how !== 'SIGKILL') tally.problem(`a process ended by ${how}`)
    })
    return member
  }

  const next = <A>(what: string, waiting: Map<Member, (value: A) => void>, member: Member): Promise<A> =>
    settledBy(
      PATIENCE,
      what,
      new Promise<A>((resolve) => {
        waiting.set(member, resolve)
      }),
    )

  const sandboxes = new Set<Sandbox>()
  for (let i = 0; i < count; i++) {
    const sandbox = await startSandbox({
      rotation,
      ttl: { access: lifetime },
      now: () => time.of(Date.now()),
      ...(nonceUses !== undefined && { dpop: { nonceUses } }),
    })
    canaries.remember(sandbox.client.secret)
    sandboxes.add(sandbox)
    const at = places[i % places.length]
    if (at !== undefined) openAccount(`account ${i}`, sandbox, at)
  }

  return {
    accounts: [...accounts.values()],
    further: (key, of) => {
      const { place } = of.membership(0)
      const at = places.find((each) => each.place === place)
      if (at === undefined) throw new Error('an account of another crew')
      return openAccount(key, of.sandbox, at)
    },
    time,
    tally,
    start,
    struck: (member) => next('the point to be struck at', awaited.struck, member),
    continued: (member) => next('a process that goes on', awaited.continued, member),
    dismiss: async (member) => {
      member.send({ do: 'close' })
      try {
        await settledBy(PATIENCE, 'the end of a process', member.ended)
      } catch {
        tally.problem('a process did not end by itself')
        member.signal('SIGKILL')
        await member.ended
      }
    },
    recoveries: () =>
      [...accounts.values()]
        .flatMap(({ events }) => events)
        .filter((event) => event._tag === 'Renewing' && event.recovery).length,
    findings: (note) => {
      judge([...accounts.values()], [...sandboxes], tally)
      return tally.findings(context, longest, note)
    },
    close: async () => {
      await Promise.allSettled(starting)
      for (const member of members) member.signal('SIGKILL')
      await Promise.all([...members].map(({ ended }) => ended))
      await Promise.all([...accounts.values()].map((account) => account.watch.stop()))
      await Promise.all([...sandboxes].map((sandbox) => sandbox.close()))
      for (const client of clients) client.disconnect()
      await redis.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What can be said when the run is over. */
const judge = (accounts: ReadonlyArray<Account>, sandboxes: ReadonlyArray<Sandbox>, tally: Tally): void => {
  const recoveries = new Map<string, number>()
  for (const { key, watch, events } of accounts) {
    tally.staleOverwrites += watch.stale()
    const committed = new Set<string>()
    let released = 0
    for (const event of events) {
      if (event._tag === 'Restored') tally.problem('a record went back, and was restored')
      if (event._tag === 'Renewing' && event.recovery) {
        const place = nameOf(key, event)
        recoveries.set(place, (recoveries.get(place) ?? 0) + 1)
      }
      if (event._tag === 'Renewed' || event._tag === 'LoggedIn') {
        const place = nameOf(key, event)
        // Two processes, each of which wrote this generation: one wrote over the other's token.
        if (committed.has(place)) tally.staleOverwrites++
        committed.add(place)
      }
      if (event._tag === 'RenewalFailed' && isUnsent(event.error)) released++
    }
    // A lease ends before its time only where its holder gave it up, unsent.
    tally.doubleRedemptions += Math.max(0, watch.early() - released)
  }
  for (const sandbox of sandboxes) {
    const counts = sandbox.counts()
    for (const { session, generation, attempts } of counts.redemptions) {
      const declared = accounts.reduce((most, { key, watch }) => {
        const place = watch.placeOf(session, generation)
        return place === undefined ? most : Math.max(most, recoveries.get(nameOf(key, place)) ?? 0)
      }, 0)
      tally.doubleRedemptions += Math.max(0, attempts - 1 - declared)
    }
    if (counts.internalErrors > 0) tally.problem('the sandbox has a bug')
  }
}

const isUnsent = (error: AuthError): boolean => AuthError.isNotSent(error) || error._tag === 'Closed'

const nameOf = (key: string, { epoch, generation }: Spot): string => `${key} ${epoch} ${generation}`
