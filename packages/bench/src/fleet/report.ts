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
    ['what happened', 'at', 'busiest minute', 'goal', 'back after', 'keys without a token at its end'],
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
    ['`maxStale`', 'looks a second', 'writes a second', 'cores of Redis', 'primaries at 50 %'],
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
    ['`renewBefore`', 'renewals of a key a day', 'busiest minute', 'keys without a token at the end'],
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
    ['for 10 minutes the server …', 'requests in the busiest minute of it', 'renewals in the busiest minute after it'],
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
    return `${percent(share)} of the keys every ${every}`
  })
  const memory = (costs.record * MANY) / 2 ** 30
  const reach = productionJitter(fleet.lifetime)({ issuedAt: 0, expiresAt: fleet.lifetime, now: 0 }, 1)
  const worst = Math.max(...status.recoveries.map(({ peak }) => peak))
  return `# Scale

What a large fleet asks of Redis and of the authorization server, and how to set Tessera for it. Made by \`${COMMAND}\`.

## The simulated day

${whole(fleet.processes)} processes share ${whole(fleet.keys)} sessions through one Redis for ${fleet.lasts / HOUR} hours. A key is used by ${fleet.processesPerKey} of the processes, as behind a
balancer that sends a user to the same few, and each of them needs its token now and then: ${uses.join(', ')}, on
average and independently. An access token lives ${minutesOf(fleet.lifetime)}; \`renewBefore\` is ${minutesOf(fleet.early)} (the default is 10 min, a fifth of the lifetime at most), \`maxStale\` ${minutesOf(fleet.maxStale)}, \`timeout\` ${fleet.timeout / SECOND} s. The server rotates
refresh tokens and takes ${fleet.serverTime} ms.

Every decision about a token is made by the code that runs in production: \`Lifecycle.step\`, the draw of when to renew, the back-off,
and what a failure means. Simulated are the callers, the trips, and what happens to the fleet. The same seed gives the same day:
${whole(ran.events)} events, ${whole(ran.steps)} steps.

![Renewals a minute over the day](charts/fleet.svg)

In steady state there are ${whole(status.mean)} renewals a minute. Multiples of that:

${dayTable(status)}

${status.doubleRedemptions} refresh tokens were sent twice, ${status.lost} sessions were lost.${
    status.faults.length === 0 ? '' : `\n\nShort of the goals: ${status.faults.join('; ')}.`
  }

- A **deploy** costs each process its memory, so each key is looked up once more by each; no token is renewed for it but those
  that are about to be.
- During an **outage** valid tokens are served. A renewal that fails rests for 0.1 to 0.7 of what its token still lives, so what was
  due meanwhile is renewed over the next quarter of an hour, and not together again one lifetime later.
- **After it**, the busiest minute asks the authorization server for ${times(worst)} the mean. Its rate limit must bear that, or answer 429 with
  \`Retry-After\`: the fleet waits for so long, and callers whose tokens are valid do not notice.
- **Redis down** means: no renewals, since none is sent without a lease; valid tokens are served from memory.

## Ten million keys

With the same pattern of use, in steady state:

${table(
  ['', 'a second', 'after the worst of the above'],
  [
    [
      'requests to the authorization server',
      whole(load.renewals),
      `${whole(load.renewals * worst)} in the busiest minute`,
    ],
    ['regular looks at Redis (1 command each)', whole(load.looks), 'the same'],
    [
      'writes to Redis (1 command each)',
      whole(load.writes),
      `${whole(load.writes - 2 * load.renewals + 2 * load.renewals * worst)} in the busiest minute`,
    ],
  ],
)}

A renewal that nobody disturbs is 2 or 3 commands: a look where the last is older than \`maxStale\`, the lease, the token. Each is one
\`EVALSHA\` on one key.

- **Memory**: ${whole(costs.record)} bytes a record (access and refresh token of 43 bytes each, Redis ${costs.version}), ${memory.toFixed(1)} GiB for ten million, and up to as much again while
  Redis forks to save. No record expires by itself: it is the session. Remove those of users who have gone
  ([\`recordNames\`](../packages/store-redis/README.md)).
- **Processor**: a look costs Redis ${costs.look.toFixed(1)} µs, a write ${costs.write.toFixed(1)} µs, measured on this machine with ${50} commands in flight.
  Redis runs scripts on one core: this load needs ${cores.toFixed(1)} of them${cores > 0.5 ? ', so it needs a Cluster, or a longer `maxStale`' : ', so one Redis bears it'}.
- **Cluster**: each key lies in one slot with its channel (\`SPUBLISH\`), so load and memory divide evenly by the number of
  primaries. A replica costs its primary the writes once more.
- **Connections**: one a process, and one more for the messages of all keys that its sources in memory have. A write is one message to
  each of those processes; a source that hears of another's write looks once, when it is asked for a token next.

What the looks cost is up to \`maxStale\`:

${staleTable(fleet, status, ran, costs)}

The authorization server sees none of this: its load depends on the lifetime of its tokens and on \`renewBefore\`. Ask its operator for the
limit; ten million keys renewed once an hour are ${whole(MANY / 3_600)} requests a second, whatever client asks.

## What to set

**\`renewBefore\`** is how long an outage of the authorization server may last before callers notice. Each process draws from the upper half of
it, and a token that lives an hour is renewed ${minutesOf(reach)} before its end at the earliest, whatever is set. Here the server refuses
connections for 10 minutes (${whole(smaller.keys)} keys):

${earlyTable()}

**\`maxStale\`** is how long a revoke by another process may stay unseen where its message was lost, and what Redis has to bear (the
table above). Otherwise it is known at once, as a refusal or a renewal is. With fewer than a million keys leave it at the default; with more, take the
shortest that your Redis bears by the table.

**\`timeout\`** bounds one renewal. A crashed holder's lease ends 5 s after it, and only then does somebody else renew; the
authorization server's grace period must be longer ([the life of a session](lifecycle.md)). Take the slowest answer that
you have seen, not the slowest that you can imagine.

**The poll** of those who wait for another's renewal is no setting: they are woken by a message, and look again after 250 to 500 ms, at
random, in case it was lost. Only callers without a valid token wait at all.

How the authorization server fails matters more than any setting:

${outageTable()}

A server that is down should say so: refuse, or answer 503 with \`Retry-After\`, which the fleet honours. One that swallows requests leaves
their outcome unknown, and each of them has to be tried once more as soon as its lease has ended, before a grace period is over.
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
