// People in Chromium, two replicas of an application with Fastify behind a balancer, and their sessions in one database. Tokens live for
// seconds, refresh tokens are good for once, and replicas are killed while they renew: nobody may have to log in again, and no secret
// may be in cookies, pages, headers, URLs, logs, spans, metrics and the database. What a careless page lets out is found in all of them.
//
// Prints a table; ends with 1 where something was lost or let out. --people 50, --kills 10, --renewals 3 (of each session, at least),
// --lifetime 5 (of a token), --timeout 5 (of a renewal: who waits for a killed one waits 5 more), --limit 600 (all of it), in seconds;
// --json. With --lifetime 0 tokens live long, and the server ends all of them before each round: no machine is too busy for that.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Secret } from '@tessera/core'
import { formatKeys, generateKey, systemRandom } from '@tessera/node'
import { startSandbox } from '@tessera/sandbox'
import { freePort, processes } from '@tessera/trials'
import { chromium } from 'playwright-core'
import tools from '../../tools/jest/tools.cjs'
import { startBalancer } from './balancer.mjs'
import { openDatabase } from './database.mjs'
import { startFleet } from './fleet.mjs'
import { nameOf, peopleIn } from './people.mjs'
import { searchFor } from './secrets.mjs'
import { table } from './table.mjs'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '50' },
    kills: { type: 'string', default: '10' },
    renewals: { type: 'string', default: '3' },
    lifetime: { type: 'string', default: '5' },
    timeout: { type: 'string', default: '5' },
    limit: { type: 'string', default: '600' },
    json: { type: 'boolean', default: false },
  },
})
const [people, kills, renewals, lifetime] = [values.people, values.kills, values.renewals, values.lifetime].map(Number)
const REPLICAS = 2
const LONG = 3_600
/** A token that is younger, in s, is not renewed for a refusal. */
const YOUNG = 1
/** How long people stay away, in ms. */
const REST = (lifetime === 0 ? YOUNG : lifetime) * 1_000
/** Browsers that are open at the same time: each is a process of two or more. */
const AT_ONCE = 4
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
]

/** @type {Array<() => unknown>} */
const ends = []
/** What helps to understand a failure. */
let lately = () => ''

const everything = async () => {
  const began = performance.now()
  const all = processes('replicas')
  ends.push(all.stop)
  const database = await openDatabase(all)
  ends.push(database.close)

  const origin = `http://127.0.0.1:${await freePort()}`
  /** @type {import('./people.mjs').Person[]} */
  const persons = Array.from({ length: people }, (_, at) => ({ sub: `${8000 + at}`, cookies: [], seenAt: 0 }))
  const box = await startSandbox({
    dialect: 'generic',
    client: { redirectUris: [`${origin}/callback`] },
    ttl: { access: lifetime === 0 ? LONG : lifetime },
    users: persons.map(({ sub }) => ({
      id: sub,
      name: `Person ${sub}`,
      login: `${sub}@example.com`,
      kind: 'app user',
    })),
  })
  ends.push(box.close)
  const key = Secret.open(formatKeys({ write: generateKey(systemRandom)() })).trim()
  const fleet = await startFleet(REPLICAS, {
    APP_KEY: key,
    CLIENT_ID: box.client.id,
    CLIENT_SECRET: box.client.secret,
    DATABASE_URL: database.url,
    ISSUER: box.url,
    REDIRECT_URI: `${origin}/callback`,
    TIMEOUT: values.timeout,
  })
  ends.push(fleet.end)
  const balancer = await startBalancer(Number(new URL(origin).port), fleet.ports)
  ends.push(balancer.close)
  lately = () => {
    const requests = balancer.passed
      .slice(-20)
      .map(({ method, url, status }) => `${method} ${url.split('?', 1)[0]} ${status}`)
    return [...requests, ...fleet.logs.slice(-20)].join('\n')
  }
  const browser = await chromium.launch({ executablePath: tools.chromium(), args: FLAGS })
  ends.push(() => browser.close())
  const { again, login, visit, open } = peopleIn(browser, origin)

  /** @param {(person: import('./people.mjs').Person) => Promise<unknown>} work */
  const each = async (work) => {
    const queue = persons.values()
    const worker = async () => {
      for (const person of queue) await work(person)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  await each(login)
  const logins = () => balancer.passed.filter(({ url }) => url.startsWith('/login')).length
  const loginsAtFirst = logins()

  /** @type {string[]} */
  const metrics = []
  /** @type {string[]} */
  const wrong = []
  let visits = 0
  let killing = Promise.resolve()
  /** @type {unknown} */
  let failed
  let begun = 0
  /** Kills are spread over the visits; the first is of the first. Of every second the server's answer is lost as well, so that the refresh token is spent for nothing. */
  const killInTime = () => {
    if (begun === kills || visits < (begun * people * renewals) / kills) return
    const isLost = begun++ % 2 === 0
    killing = killing.then(() => {
      if (isLost) box.faults.next({ kind: 'hang-after', endpoint: 'token', grantType: 'refresh_token' })
      return fleet.killAt(isLost ? 'sent' : 'got')
    })
    killing.catch((error) => {
      failed = error
    })
  }
  /** Everybody comes back, when their token has ended. */
  const round = async () => {
    if (lifetime === 0) box.expireAccessTokens()
    await each(async (person) => {
      await sleep(Math.max(0, person.seenAt + REST - performance.now()))
      killInTime()
      const said = await visit(person)
      visits++
      if (said !== nameOf(person)) wrong.push(`${person.sub} saw ${said}`)
    })
    metrics.push(...(await fleet.metrics()))
  }
  const isDone = () => fleet.counts().kills === kills && box.counts().redeemed >= people * renewals
  while (!isDone() && failed === undefined) await round()
  await killing
  // Whose renewal ended with the last one is seen now.
  await round()

  const leaks = async () => {
    const search = searchFor([box.client.secret, key.split(':').at(-1) ?? '', ...fleet.secrets])
    return {
      cookies: search(persons.flatMap(({ cookies }) => cookies).map(({ name, value }) => `${name}=${value}`)),
      pages: search(balancer.passed.map(({ body }) => body)),
      headers: search(balancer.passed.flatMap(({ headers }) => headers)),
      urls: search(balancer.passed.map(({ url }) => url)),
      logs: search(fleet.logs),
      spans: search(fleet.spans),
      metrics: search(metrics),
      database: search([await database.text()]),
    }
  }
  const { redeemed, repeated, reuseRefused, familiesKilled } = box.counts()
  const found = await leaks()
  const loginsAgain = logins() - loginsAtFirst
  const secrets = fleet.secrets.size

  const [careless] = persons
  if (careless !== undefined) await open(careless, '/careless')
  metrics.push(...(await fleet.metrics()))
  return {
    on: `${database.name}, Chromium ${browser.version()}`,
    took: Math.round((performance.now() - began) / 1_000),
    people,
    visits,
    again: again(),
    renewals: redeemed,
    ...fleet.counts(),
    repeated,
    loginsAgain,
    wrong,
    reuseRefused,
    familiesKilled,
    secrets,
    requests: balancer.passed.length,
    spans: fleet.spans.length,
    found,
    planted: await leaks(),
  }
}

const main = async () => {
  if (!tools.tools.chromium.isThere()) {
    console.log(`SKIPPED: chromium is missing; ${tools.installLine('chromium')}`)
    return process.env['REQUIRE_TOOLS'] === undefined
  }
  const limit = new AbortController()
  try {
    const isOver = sleep(Number(values.limit) * 1_000, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`it did not end in ${values.limit} s`)
    })
    const result = await Promise.race([everything(), isOver])
    console.log(values.json ? JSON.stringify(result) : table(result))
    const { loginsAgain, wrong, reuseRefused, familiesKilled, found, planted } = result
    return (
      loginsAgain + wrong.length + reuseRefused + familiesKilled === 0 &&
      Object.values(found).every((count) => count === 0) &&
      Object.values(planted).every((count) => count > 0)
    )
  } catch (error) {
    console.error(error, lately())
    return false
  } finally {
    limit.abort()
    for (const end of ends.reverse()) await end()
  }
}

// What hangs when the limit is over must not keep the process.
process.exit((await main()) ? 0 : 1)
