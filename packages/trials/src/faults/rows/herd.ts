import { minutes, seconds } from '@tessera/core'
import { type Account, type Crew, openCrew } from '../crew/Crew.js'
import type { Member } from '../crew/Member.js'
import { settledBy } from '../crew/settledBy.js'
import type { Context, Fault, Findings } from '../Fault.js'

const PROCESSES = 4
/** In each process. */
const CALLERS = 1_000
/** Of access tokens, in s. */
const LIFETIME = 3_600
/** What goes by between two rounds, in ms: the token's life. */
const ROUND = minutes(61)
/** How long a caller waits, in ms. */
const TIMEOUT = seconds(10)
/** How long the one request may take to come, in ms. */
const PATIENCE = 180_000

/** What a test may break. */
export interface Parts {
  /** The program of the processes. Default: the project's. */
  readonly program?: string
}

/** The token has expired: everybody asks, and the server does not answer before they all have. */
const round = async (account: Account, members: ReadonlyArray<Member>, crew: Crew, last: string): Promise<string> => {
  const { key, sandbox } = account
  const { tally } = crew
  const before = { requests: account.requests(), redeemed: sandbox.counts().redeemed }
  const gate = sandbox.gate('token', { grantType: 'refresh_token' })
  const calls = members.map((member) => member.begin({ do: 'get', key, callers: CALLERS, timeout: TIMEOUT }))
  const answers = Promise.all(calls.map(({ answer }) => answer))
  try {
    await Promise.all(calls.map(({ begun }) => begun))
    await settledBy(PATIENCE, 'a request', gate.arrived)
  } finally {
    gate.open()
  }
  const all = await answers
  await Promise.all(members.map((member) => member.ask({ do: 'settle', key })))
  const requests = account.requests() - before.requests
  if (requests !== 1) tally.problem(`${requests} requests in one round`)
  tally.doubleRedemptions += Math.max(0, sandbox.counts().redeemed - before.redeemed - 1)
  for (const { outcomes } of all)
    for (const [outcome, times] of Object.entries(outcomes))
      if (outcome !== 'ok') tally.problem(`${times} callers of one process got ${outcome}`)
  const [token = '', ...others] = new Set(all.flatMap(({ tokens }) => tokens))
  if (others.length > 0) tally.problem(`${others.length + 1} tokens in one round`)
  if (token === last) tally.problem('the expired token was served')
  return token
}

const run =
  ({ program }: Parts): Fault['run'] =>
  async (context: Context): Promise<Findings> => {
    const { count, progress } = context
    const crew = await openCrew(context, {
      accounts: 2,
      rotation: 'strict',
      speed: 1,
      lifetime: LIFETIME,
      ...(program !== undefined && { program }),
    })
    const { accounts, tally, time } = crew
    try {
      const members = await Promise.all(Array.from({ length: PROCESSES }, crew.start))
      for (const account of accounts) {
        for (const member of members) member.send({ do: 'join', ...account.membership(minutes(10)) })
        const { key } = account
        const login = await members[0]?.ask({ do: 'login', key, pair: account.issue(), expiresIn: minutes(60) })
        if (login?.outcomes['ok'] !== 1) tally.problem('a login failed')
      }
      const last = new Map<Account, string>()
      for (let done = 0; done < count; done++) {
        const account = accounts[done % accounts.length]
        if (account === undefined) break
        if (account === accounts[0]) {
          for (const member of members) member.send({ do: 'jump', ms: ROUND })
          time.jump(ROUND)
        }
        last.set(account, await round(account, members, crew, last.get(account) ?? ''))
        progress(done + 1)
      }
      await Promise.all(members.map(crew.dismiss))
      return crew.findings()
    } finally {
      await crew.close()
    }
  }

export const herdWith = (parts: Parts): Fault => ({
  name: 'herd',
  injection: `${CALLERS.toLocaleString('en')} callers in each of ${PROCESSES} processes at once, of a session whose token has expired; strict rotation; files and Redis in turn`,
  expected: 'one redemption a round; every caller gets the same new token',
  count: 100,
  seconds: 20,
  run: run(parts),
})

export const herd = herdWith({})
