/** A session ends by a deletion, and its key begins anew, while processes use it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuthError, millis, minutes, plus, Secret, seconds, type TokenSet, type TokenStore } from '@tessera/core'
import { systemClock } from '@tessera/node'
import { type RedisPort, recordNames, redisStore } from '@tessera/store-redis'
import * as E from 'fp-ts/lib/Either.js'
import { type Server, servers } from '../../servers/index.js'
import { standalone } from '../../servers/redisClients.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { type Fleet, type Member, makeFleet, type Session } from '../fleet.js'
import { many } from '../many.js'
import { dealt } from '../random.js'
import { holds } from '../renews.js'
import { within } from '../within.js'

/** Sessions at a time. */
const LANES = 6
const CALL = seconds(2)
const MAX_STALE = millis(200)

/**
 * What is done: the session is deleted as the command does; its hash is deleted by hand after a login and a revoke; or the hash of an
 * older session is there again after the one that came after it.
 */
const WAYS = ['a tombstone', 'by hand', 'put back'] as const
type Way = (typeof WAYS)[number]

/** What a test may break. */
export interface Parts {
  readonly store: (port: RedisPort) => TokenStore
  /** Deletes a session as the command does: `command` is a process that has not used it. */
  readonly deletes: (command: Member, byHand: () => Promise<unknown>) => Promise<unknown>
  /** How long a process may take until it knows, in ms. */
  readonly patience: number
}

const live: Parts = { store: redisStore, deletes: (command) => command.source.revoke(), patience: 30_000 }

const get = ({ source }: Member) => source.within({ deadline: plus(systemClock.now(), CALL) }).get()

const isToken = (of: TokenSet, outcome: E.Either<AuthError, TokenSet>): boolean =>
  E.isRight(outcome) && Secret.eq.equals(outcome.right.accessToken, of.accessToken)

const isOver = (outcome: E.Either<AuthError, TokenSet>): boolean =>
  E.isLeft(outcome) && outcome.left._tag === 'ReauthenticationRequired'

/** Until what the record says of its beginning, if it does, is past: it is as exact as a trip to Redis was short. */
const isPast = async (server: Server, name: string): Promise<void> => {
  const { since = 0 } = JSON.parse(String(await server.command('HGET', name, 'record')))
  for (;;) {
    const time = await server.command('TIME')
    const [seconds = 0, microseconds = 0] = Array.isArray(time) ? time.map(Number) : []
    if (1_000 * seconds + microseconds / 1_000 > since + 1) return
    await sleep(1)
  }
}

interface Ordeal {
  readonly fleet: Fleet
  readonly server: Server
  readonly session: Session
  readonly members: readonly [Member, Member]
  readonly command: Member
  readonly random: () => number
  readonly parts: Parts
}

/** A token of another login, whose expiry nobody awaits here. */
const another = ({ fleet, session }: Ordeal): TokenSet => fleet.session(session.key, minutes(10)).initial

const ordeal = async (of: Ordeal, way: Way): Promise<void> => {
  const { fleet, server, session, members, command, random, parts } = of
  const [first, second] = members
  const problem = (text: string): void => fleet.tally.problem(`${session.key}, ${way}: ${text}`)
  const name = recordNames().of(session.key)
  const byHand = () => server.command('DEL', name)

  /** Asks until the answer is as wished. */
  const until = (member: Member, wished: (outcome: E.Either<AuthError, TokenSet>) => boolean): Promise<boolean> =>
    within(parts.patience, async () => wished(await get(member)), 10)

  /** The login of `second` is what both have from now on. */
  const stands = async (login: TokenSet): Promise<void> => {
    for (const member of members) {
      if (!(await until(member, (outcome) => isToken(login, outcome)))) problem(`${member.name} has not the last login`)
    }
    if (!isToken(login, await get(second))) problem('the last login did not stand')
  }

  if (way === 'a tombstone') {
    for (const member of members) {
      if (!(await holds(member, parts.patience))) return problem(`${member.name} has no token before`)
    }
    let isDone = false
    const asking = members.map(async (member) => {
      for (let wasOver = false; !isDone; await sleep(10)) {
        const outcome = await get(member)
        if (wasOver && E.isRight(outcome)) problem(`${member.name} has a token after it had none`)
        wasOver ||= isOver(outcome)
      }
    })
    // Before, during or after a renewal.
    await sleep(700 * random())
    await parts.deletes(command, byHand)
    const ended = await Promise.all(members.map((member) => until(member, isOver)))
    if (ended.includes(false)) problem('a process has a token still')
    for (const { name: who, source } of members) {
      const state = await source.inspect()
      if (E.isRight(state) && state.right.state !== 'revoked') problem(`${who} finds it ${state.right.state}`)
    }
    isDone = true
    await Promise.all(asking)
  } else {
    const login = another(of)
    await first.source.adopt(login)()
    const kept = await server.command('HGETALL', name)
    if (way === 'by hand') await first.source.revoke()
    await isPast(server, name)
    await byHand()
    if (way === 'put back') {
      const later = another(of)
      await second.source.adopt(later)()
      await server.command('DEL', name)
      await server.command('HSET', name, ...(Array.isArray(kept) ? kept.map(String) : []))
      // A look at the store, which finds the older one.
      await second.source.inspect()
      return stands(later)
    }
  }
  const last = another(of)
  // Who has asked before the login has found nothing, and has put the tombstone back.
  if (random() < 0.5) await get(first)
  await second.source.adopt(last)()
  await stands(last)
}

const run =
  (parts: Parts) =>
  async (context: Context): Promise<Findings> => {
    const { count, progress, random } = context
    const all = servers()
    const fleet = await makeFleet(context)
    const closes: Array<() => void> = []
    let done = 0
    try {
      const server = await all.start()
      const opens = standalone(server.port)
      const clients = [await opens['@redis/client'](), await opens.ioredis()] as const
      closes.push(...clients.map(({ close }) => close))
      const ways = [...dealt(random, WAYS, count)]
      await many(ways, LANES, async (way, index) => {
        const session = fleet.session(`redis-delete ${index}`)
        const member = (of: 0 | 1, name: string): Member =>
          fleet.member({ name, session, store: parts.store(clients[of].port), maxStale: MAX_STALE })
        const [first, second, command] = [
          member(0, clients[0].name),
          member(1, clients[1].name),
          member(0, 'the command'),
        ]
        try {
          await ordeal({ fleet, server, session, members: [first, second], command, random, parts }, way)
        } finally {
          for (const { source } of [first, second, command]) await source.close({ revoke: false })()
        }
        progress(++done)
      })
      return fleet.findings(`${fleet.told('Restored')} records were restored`)
    } finally {
      for (const close of closes) close()
      await fleet.close()
      await all.stop()
    }
  }

/** The row, with a deletion that a test has broken. */
export const redisDeleteWith = (parts: Partial<Parts>): Fault => ({
  name: 'redis-delete',
  injection:
    'while two processes (@redis/client, ioredis) use a session, it is deleted as the command does, and somebody logs in; or its hash is deleted by hand after a revoke, and somebody logs in at the other process; or an older hash is put back in place of a newer session',
  expected:
    'after a deletion no process has a token, and none brings the session back; the login that came last stands in both, and what is older is written over',
  count: 200,
  seconds: 15,
  test: 'redis',
  needs: 'redis-server',
  run: run({ ...live, ...parts }),
})

export const redisDelete = redisDeleteWith({})
