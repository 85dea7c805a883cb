/**
 * `docs/scale.md`: what a fleet asks of Redis and of the authorization server, from the simulation and from Redis's own counters.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chartOfDay } from './chart.js'
import { type Fleet, type Happening, HOUR, MINUTE, type Ran, SECOND } from './Fleet.js'
import { GOALS, judge, type Status } from './judge.js'
import { type Outage, productionJitter } from './production.js'
import { type RedisCosts, redisCosts } from './redisCosts.js'
import { full } from './scenarios.js'
import { simulate } from './simulate.js'
import { withRedis } from './withRedis.js'

const DOCS = fileURLToPath(new URL('../../../../docs', import.meta.url))
const MANY = 10_000_000
const MICROSECONDS = 1e6

/** A fifth of the fleet, for what is compared with each other. */
const smaller: Fleet = { ...full, processes: 200, keys: 20_000 }

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const times = (value: number): string => `${value.toFixed(2)}x`
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
const minutesOf = (time: number): string => `${Number((time / MINUTE).toFixed(1))} min`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)))
  const line = (row: ReadonlyArray<string>): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

// -----------------------------------------------------------------------------
// what happened
// -----------------------------------------------------------------------------

const NAMES: Readonly<Record<Happening['_tag'], string>> = {
  'Rolling restart': 'a rolling restart',
  Deploy: 'a deploy, all processes at once',
  'Server down': 'the authorization server is down',
  'Redis down': 'Redis is down',
}

const dayTable = ({ peak, echo, recoveries }: Status): string =>
  table(
    ['what happened', 'at', 'busiest minute', 'goal', 'back to normal after', 'sessions without a token at its end'],
    [
      ['nothing: steady state', '', times(peak), `${GOALS.steady}x`, '', ''],
      ...recoveries.map(({ happening, peak: top, recoveredAfter, expired }) => [
        happening.lasts >= MINUTE ? `${NAMES[happening._tag]}, ${minutesOf(happening.lasts)}` : NAMES[happening._tag],
        `${happening.at / HOUR} h`,
        times(top),
        `${GOALS.recovery}x`,
        recoveredAfter === undefined ? `more than ${2 * GOALS.minutes} min` : `${recoveredAfter} min`,
        expired === undefined ? '' : whole(expired),
      ]),
      ['the three hours after an outage', '', times(echo), `${GOALS.recovery}x`, '', ''],
    ],
  )

// -----------------------------------------------------------------------------
// ten million keys
// -----------------------------------------------------------------------------

/** Regular looks a second of one key, over all its processes. */
const looksOf = ({ uses, processesPerKey }: Fleet, maxStale: number): number =>
  processesPerKey * uses.reduce((sum, { share, gap }) => sum + share / (maxStale + gap), 0) * SECOND

interface Load {
  readonly renewals: number
  readonly looks: number
  readonly writes: number
}

/** A second of many keys in steady state. */
const loadOf = (fleet: Fleet, { mean }: Status, ran: Ran, maxStale: number): Load => {
  const renewals = ((mean / fleet.keys) * MANY) / 60
  const all = (series: Uint32Array): number => series.reduce((sum, value) => sum + value, 0)
  // Restarts and outages are in it: a little more than a quiet day's.
  return { renewals, looks: looksOf(fleet, maxStale) * MANY, writes: (renewals * all(ran.writes)) / all(ran.renewals) }
}

/** The share of one processor core that Redis needs. */
const coresOf = ({ looks, writes }: Load, { look, write }: RedisCosts): number =>
  (looks * look + writes * write) / MICROSECONDS

const STALE = [30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE]

const staleTable = (fleet: Fleet, status: Status, ran: Ran, costs: RedisCosts): string =>
  table(
    ['`maxStale`', 'reads per second', 'writes per second', 'cores of Redis', 'primaries at 50 % load'],
    STALE.map((maxStale) => {
      const load = loadOf(fleet, status, ran, maxStale)
      const cores = coresOf(load, costs)
      const name = maxStale < MINUTE ? `${maxStale / SECOND} s` : minutesOf(maxStale)
      return [
        maxStale === full.maxStale ? `${name} (default)` : name,
        whole(load.looks),
        whole(load.writes),
        cores.toFixed(1),
        String(Math.ceil(cores / 0.5)),
      ]
    }),
  )

// -----------------------------------------------------------------------------
// settings
// -----------------------------------------------------------------------------

const outage = (how: Outage, lasts = 10 * MINUTE): ReadonlyArray<Happening> => [
  { _tag: 'Server down', at: 2 * HOUR, lasts, how },
]

const afterOutage = (fleet: Fleet) => {
  const ran = simulate(fleet)
  const status = judge(fleet, ran)
  const [recovery] = status.recoveries
  const during = ran.requests.slice(2 * 60, 2 * 60 + 10)
  return { status, peak: recovery?.peak ?? 0, expired: recovery?.expired ?? 0, asked: Math.max(...during) }
}

const EARLY = [5, 10, 20, 30]

const earlyTable = (): string =>
  table(
    ['`renewBefore`', 'renewals per session and day', 'busiest minute', 'sessions without a token at the end'],
    EARLY.map((minutes) => {
      const fleet = { ...smaller, early: minutes * MINUTE, lasts: 6 * HOUR, happenings: outage('refuses') }
      const { status, peak, expired } = afterOutage(fleet)
      const name = `${minutes} min`
      return [
        fleet.early === full.early ? `${name} (simulated above)` : name,
        ((status.mean * 60 * 24) / fleet.keys).toFixed(1),
        times(peak),
        percent(expired / fleet.keys),
      ]
    }),
  )

const OUTAGES: ReadonlyArray<readonly [Outage, string]> = [
  ['refuses', 'refuses connections'],
  ['answers 503', 'answers 503 without `Retry-After`'],
  ['is silent', 'accepts requests and does not answer'],
]

const outageTable = (): string =>
  table(
    ['for 10 minutes the server …', 'busiest minute meanwhile (requests)', 'busiest minute afterwards (renewals)'],
    OUTAGES.map(([how, name]) => {
      const { status, peak, asked } = afterOutage({ ...smaller, lasts: 6 * HOUR, happenings: outage(how) })
      return [name, times(asked / status.mean), times(peak)]
    }),
  )

// -----------------------------------------------------------------------------
// the page
// -----------------------------------------------------------------------------

const COMMAND = 'npm run bench -- --report'

const page = (fleet: Fleet, ran: Ran, status: Status, costs: RedisCosts): string => {
  const load = loadOf(fleet, status, ran, fleet.maxStale)
  const cores = coresOf(load, costs)
  const uses = fleet.uses.map(({ share, gap }) => {
    const every = gap < MINUTE ? `${gap / SECOND} s` : minutesOf(gap)
    return `${percent(share)} of the sessions every ${every}`
  })
  const memory = (costs.record * MANY) / 2 ** 30
  const reach = productionJitter(fleet.lifetime)({ issuedAt: 0, expiresAt: fleet.lifetime, now: 0 }, 1)
  const worst = Math.max(...status.recoveries.map(({ peak }) => peak))
  return `# Scale

How much load a large fleet puts on Redis and on the authorization server, and which settings change that. This page is made by \`${COMMAND}\`.

- **Fewer than a million sessions**: keep the defaults. One Redis is enough.
- **More**: choose \`maxStale\` by [the table](#ten-million-sessions), and ask the operator of the authorization server for its rate limit.
- **After an outage or a deployment**, the busiest minute has up to ${times(worst)} the usual number of renewals.

## The simulated day

${whole(fleet.processes)} processes share ${whole(fleet.keys)} sessions through one Redis for ${fleet.lasts / HOUR} hours. Each session is used by ${fleet.processesPerKey} processes, as behind a load balancer
that sends a user to the same few. Each of them asks for the token on its own: ${uses.join(', ')}, on average. An access token lives ${minutesOf(fleet.lifetime)}.
\`renewBefore\` is ${minutesOf(fleet.early)} (the default is 10 min, and a fifth of the lifetime at most), \`maxStale\` is ${minutesOf(fleet.maxStale)}, \`timeout\` is ${fleet.timeout / SECOND} s. The server
rotates refresh tokens and answers after ${fleet.serverTime} ms.

The code that runs in production makes every decision about a token: \`Lifecycle.step\`, the random time of a renewal, the back-off, and what a
failure means. The callers, the network and the outages are simulated. The same seed gives the same day: ${whole(ran.events)} events and
${whole(ran.steps)} steps.

![Renewals a minute over the day](charts/fleet.svg)

In steady state there are ${whole(status.mean)} renewals a minute. The busiest minute is given as a multiple of that:

${dayTable(status)}

${status.doubleRedemptions} refresh tokens were sent twice, and ${status.lost} sessions were lost.${
    status.faults.length === 0 ? '' : `\n\nShort of the goals: ${status.faults.join('; ')}.`
  }

- **A deployment** empties the memory of each process, so each process reads each of its sessions once more. Only tokens that are about to expire
  are renewed.
- **During an outage of the authorization server**, valid tokens are served. A renewal that fails is tried again after 0.1 to 0.7 of the
  time that its token still lives. That spreads the work that has piled up over the next quarter of an hour, so it does not come all at once,
  nor again one lifetime later.
- **The worst minute** of the day has ${times(worst)} the mean number of requests. The rate limit of the authorization server must allow that. If it answers
  429 with \`Retry-After\`, the fleet waits, and callers with a valid token notice nothing.
- **While Redis is down**, valid tokens are served from memory. Nothing is renewed, because a renewal needs a lease in the store.

## Ten million sessions

The same pattern of use, in steady state:

${table(
  ['load', 'per second', 'per second after the worst event above'],
  [
    [
      'requests to the authorization server',
      whole(load.renewals),
      `${whole(load.renewals * worst)} in the busiest minute`,
    ],
    ['regular reads from Redis (1 command each)', whole(load.looks), 'the same'],
    [
      'writes to Redis (1 command each)',
      whole(load.writes),
      `${whole(load.writes - 2 * load.renewals + 2 * load.renewals * worst)} in the busiest minute`,
    ],
  ],
)}

An undisturbed renewal takes 2 or 3 commands: a read, if the last one is older than \`maxStale\`; a write of the lease; a write of the token. Each
is one \`EVALSHA\` on one key.

- **Memory**: ${whole(costs.record)} bytes for each record (access and refresh token of 43 bytes each, Redis ${costs.version}), ${memory.toFixed(1)} GiB for ten million. While Redis forks to
  save, it may need as much again. Records do not expire, because a record is the session. Revoke the sessions of users who have left.
  A revoke leaves a tombstone of some 400 bytes. Remove it ([\`recordNames\`](../packages/store-redis/README.md)) once no running process has
  used that session: a process that has used it would take the missing record for lost, and write it back.
- **Processor**: a read costs Redis ${costs.look.toFixed(1)} µs and a write ${costs.write.toFixed(1)} µs, measured on this machine with ${50} commands in flight. Redis runs scripts on one
  core. This load needs ${cores.toFixed(1)} cores${cores > 0.5 ? ', so it needs a Cluster, or a longer `maxStale`' : ', so one Redis is enough'}.
- **Cluster**: a key and its channel (\`SPUBLISH\`) are in the same slot, so load and memory divide evenly by the number of primaries. Each
  replica costs its primary the writes once more.
- **Connections**: each process has one for commands, and one for the messages about all sessions that it has in memory. A write sends a message
  to each of those processes. A process that gets one reads the record when it is next asked for the token.

\`maxStale\` decides how many reads there are:

${staleTable(fleet, status, ran, costs)}

The load on the authorization server does not depend on \`maxStale\`. It depends on the lifetime of the tokens and on \`renewBefore\`. Ask the
operator for the limit: ten million sessions that are renewed once an hour are ${whole(MANY / 3_600)} requests a second with any client.

## What to set

**\`renewBefore\`** decides how long an outage of the authorization server may last before callers notice. Each process picks a random time in
the upper half of it. A token that lives an hour is renewed ${minutesOf(reach)} before its end at the earliest, whatever you set. In this table the server
refuses connections for 10 minutes (${whole(smaller.keys)} sessions):

${earlyTable()}

**\`maxStale\`** decides how long another process's revoke can go unnoticed if its message is lost; if the message arrives, it is
noticed at once. It also decides the load on Redis. With fewer than a million sessions, keep the default. With more, take the shortest
time that your Redis can bear, by the table above.

**\`timeout\`** limits one renewal. If the process that renews crashes, another one takes over when the lease ends, 5 s after \`timeout\`. The
provider must accept the old refresh token for longer than that ([the life of a session](lifecycle.md#what-nobody-can-fix-from-the-clients-side)). Set
it to the slowest answer that you have seen, not to the slowest that you can imagine.

**\`connections\`** of the environment is how many requests one process sends to the authorization server at the same time: 128 by default. If an
answer takes 200 ms, that is 640 renewals a second. A renewal that waits for a connection has the same deadline as any other. So a process can
renew \`connections\` × \`timeout\` ÷ (time of an answer) sessions together: 9,600 here.

**Waiting for another process** has no setting. A message wakes the callers that wait. In case the message is lost, they also look after 250 to
500 ms, at random. Only callers without a valid token wait at all.

How the authorization server fails matters more than any setting:

${outageTable()}

A server that is down should refuse connections, or answer 503 with \`Retry-After\`; the fleet waits as long as it says, a minute at most. A server that accepts
requests and never answers leaves their outcome unknown. Each of those renewals must be tried again as soon as its lease has ended, while
the provider may still accept the old refresh token.
`
}

/** Simulates, measures, and writes the page and its chart. Takes some minutes. */
export const writeScale = async (): Promise<void> => {
  const ran = simulate(full)
  const status = judge(full, ran)
  const costs = await withRedis(redisCosts)
  const charts = join(DOCS, 'charts')
  mkdirSync(charts, { recursive: true })
  const svg = chartOfDay('Renewals a minute, over their mean', full, ran.renewals, status.mean)
  writeFileSync(join(charts, 'fleet.svg'), svg)
  writeFileSync(join(DOCS, 'scale.md'), page(full, ran, status, costs))
}
