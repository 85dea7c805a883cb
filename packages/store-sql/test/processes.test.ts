/** Processes that share one session through one file of SQLite. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import { absent, CellCodec, instant, Lifecycle, Secret } from '@tessera/core'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { migrate, nodeSqlite, sqlStore } from '../src/index.js'
import { right } from './support/either.js'
import { temporary } from './support/engines.js'
import { patient } from './support/patient.js'

const open = (secret: O.Option<Secret>): string => (O.isSome(secret) ? Secret.open(secret.value) : '')

test.each([
  [8, 'wal'],
  [4, 'delete'],
])('%i processes that need a token at once, by journal mode %s: 1 request', async (count, mode) => {
  const { folder, remove } = temporary()
  const path = join(folder, 'sessions.db')
  const model = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: { now: () => instant(Date.now()) } })
  const expired = { ...model.login(), expiresAt: O.some(instant(Date.now() - 1_000)) }
  const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(expired) }
  const db = new DatabaseSync(path)
  db.exec(`pragma journal_mode = ${mode}`)
  const port = nodeSqlite(db)
  await right(migrate(port, patient))
  await right(sqlStore(port, patient).compareAndSet('fleet', absent, { version: '1', record: CellCodec.encode(cell) }))
  db.close()

  let requests = 0
  const http = createServer(async (request, response) => {
    requests++
    const result = model.redeem(Secret.make('RefreshToken', await text(request)))()
    // Long enough for the others to come.
    await delay(50)
    if (E.isLeft(result)) {
      response.writeHead(400).end()
      return
    }
    const { accessToken, refreshToken, expiresAt } = result.right
    const expires = O.isSome(expiresAt) ? expiresAt.value : 0
    response.end(JSON.stringify({ access: Secret.open(accessToken), refresh: open(refreshToken), expiresAt: expires }))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const server = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''

  const fleet = Array.from({ length: count }, () => {
    const config = JSON.stringify({ path, server })
    const child = spawn(process.execPath, [join(__dirname, 'support', 'process.mjs'), config], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exit: once(child, 'exit') }
  })
  const next = () => Promise.all(fleet.map(async ({ lines }) => (await lines.next()).value))
  expect(await next()).toEqual(fleet.map(() => 'ready'))
  for (const { child } of fleet) child.stdin.write('go\n')
  expect(await next()).toEqual(fleet.map(() => 'access-2'))
  // They end by themselves.
  expect(await Promise.all(fleet.map(async ({ exit }) => (await exit)[0]))).toEqual(fleet.map(() => 0))
  http.close()
  remove()
  expect({ requests, ...model.counts() }).toMatchObject({ requests: 1, redeemed: 1, repeated: 0 })
})

test('writers that meet at a file count without a loss', async () => {
  const { folder, remove } = temporary()
  const path = join(folder, 'sessions.db')
  const opened = Array.from({ length: 4 }, () => new DatabaseSync(path, { timeout: 0 }))
  const [first, ...others] = opened.map((db) => nodeSqlite(db))
  if (first === undefined) throw new Error('none')
  await right(migrate(first, patient))
  const each = 25
  // Somebody else's transaction, which the writers have to wait for.
  const blocker = new DatabaseSync(path, { timeout: 0 })
  blocker.exec('begin immediate')
  const countIn = (version: string): number => Number(version.split(' ')[0])
  const count = async (port: typeof first, index: number): Promise<void> => {
    const store = sqlStore(port, patient)
    for (let made = 0; made < each; ) {
      const { version } = await right(store.get('count'))
      const wanted = `${countIn(version) + 1} by ${index}`
      const next = { version: wanted, record: Secret.make('Record', wanted) }
      if ((await right(store.compareAndSet('count', version, next)))._tag === 'Committed') made++
    }
  }
  const counting = [first, ...others].map(count)
  setImmediate(() => blocker.exec('commit'))
  await Promise.all(counting)
  expect(countIn((await right(sqlStore(first, patient).get('count'))).version)).toBe(4 * each)
  for (const db of [...opened, blocker]) db.close()
  remove()
})
