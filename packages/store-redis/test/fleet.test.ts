/** Processes that share one session through one Redis, with each client. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { absent, CellCodec, instant, Lifecycle, Secret } from '@tessera/core'
import { servers } from '@tessera/local-redis'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describeWith } from '../../scripts/jest/needs.js'
import { redisStore } from '../src/index.js'
import { type Client, clients } from './support/clients.js'
import { right } from './support/either.js'
import { monitor } from './support/monitor.js'

const open = (secret: O.Option<Secret>): string => (O.isSome(secret) ? Secret.open(secret.value) : '')

/** What a fleet did. */
interface Ran {
  readonly tokens: ReadonlyArray<unknown>
  readonly exits: ReadonlyArray<unknown>
  readonly requests: number
  readonly redeemed: number
  readonly repeated: number
  /** What its processes sent to Redis from the moment on at which they needed a token, as the server saw it. */
  readonly commands: ReadonlyArray<string>
  /** How long it took them, in ms. */
  readonly took: number
}

/** Processes with an expired token in the store, which all need one at the same moment. */
const run = async (by: ReadonlyArray<Client>): Promise<Ran> => {
  const all = servers()
  const server = await all.start()
  const model = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: { now: () => instant(Date.now()) } })
  const expired = { ...model.login(), expiresAt: O.some(instant(Date.now() - 1_000)) }
  const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(expired) }
  const opened = await clients.ioredis.standalone(server.port)
  await right(redisStore(opened.port).compareAndSet('fleet', absent, { version: '1', record: CellCodec.encode(cell) }))
  await opened.close()

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
    const answer = { access: Secret.open(accessToken), refresh: open(refreshToken), expiresAt: expires }
    response.end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''

  const fleet = by.map((client) => {
    const config = { client, port: server.port, server: url }
    const child = spawn(process.execPath, [join(__dirname, 'support', 'process.mjs'), JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exit: once(child, 'exit') }
  })
  const next = () => Promise.all(fleet.map(async ({ lines }) => (await lines.next()).value))
  expect(await next()).toEqual(fleet.map(() => 'ready'))
  const watch = await monitor(server)
  const began = Date.now()
  for (const { child } of fleet) child.stdin.write('go\n')
  const tokens = await next()
  const took = Date.now() - began
  const exits = await Promise.all(fleet.map(async ({ exit }) => (await exit)[0]))
  const commands = await watch.commands()
  watch.end()
  http.close()
  await all.stop()
  const { redeemed, repeated } = model.counts()
  return { tokens, exits, requests, redeemed, repeated, commands, took }
}

describeWith('redis-server')('a fleet', () => {
  test.each<readonly [Client, Client]>([
    ['@redis/client', '@redis/client'],
    ['ioredis', 'ioredis'],
    ['@redis/client', 'ioredis'],
    ['@redis/client 5', 'ioredis 5'],
  ])('8 processes (%s, %s) that need a token at once: 1 request, at most 6 commands each', async (one, other) => {
    const ran = await run(Array.from({ length: 8 }, (_, number) => (number % 2 === 0 ? one : other)))
    expect(ran).toMatchObject({ requests: 1, redeemed: 1, repeated: 0 })
    expect(ran.tokens).toEqual(Array.from({ length: 8 }, () => 'access-2'))
    // They end by themselves.
    expect(ran.exits).toEqual(Array.from({ length: 8 }, () => 0))
    // Whatever the order: two reads and a write, a connection that listens, its subscription, a read after the wake-up. On a busy
    // machine they wait longer, and each of the seven reads at each poll, a quarter of a second apart at least.
    expect(ran.commands.length).toBeLessThanOrEqual(8 * 6 + 7 * Math.floor(ran.took / 250))
  })
})
