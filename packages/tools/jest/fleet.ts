/** Processes that share one session through one store, all of which need a token at the same moment. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { AuthError, absent, CellCodec, instant, Lifecycle, Secret, type TokenStore } from '@tessera/core'
import { modelServer } from '@tessera/testing'
import { buildSync } from 'esbuild'

const KEY = 'fleet'

const some = <A>(value: A) => ({ _tag: 'Some', value }) as const

/** What a fleet did. */
export interface Ran<A> {
  readonly tokens: ReadonlyArray<unknown>
  readonly exits: ReadonlyArray<unknown>
  readonly requests: number
  readonly redeemed: number
  readonly repeated: number
  /** How long it took them, in ms. */
  readonly took: number
  /** What `meanwhile` answered. */
  readonly seen: A
}

/** The parameters of {@link runFleet}. */
export interface FleetOptions<A> {
  /** Where the session is. */
  readonly store: TokenStore
  /** A program that calls `share` of `fleetMember.mjs`. */
  readonly program: string
  /** What each process is told. */
  readonly configs: ReadonlyArray<object>
  /** Begins to look before they need a token; what it answers is called when they have ended. */
  readonly meanwhile: () => Promise<() => Promise<A>>
}

/** Clients that a program loads by itself. */
const CLIENTS = ['ioredis*', '@redis/*', 'redis*', 'pg', 'postgres', 'mysql2', 'mariadb', '@photostructure/sqlite']

/**
 * Makes one file of a program and of the built packages, which a process loads in a tenth of the time. It is where the program's own
 * package has its clients.
 */
const bundle = (program: string, folder: string): string => {
  const outfile = join(folder, 'member.mjs')
  buildSync({
    entryPoints: [program],
    bundle: true,
    platform: 'node',
    format: 'esm',
    // As Node.js loads them, and not as bundlers do.
    conditions: [],
    mainFields: ['main'],
    external: CLIENTS,
    outfile,
    logLevel: 'error',
  })
  return outfile
}

const runBundled = async <A>({ store, program, configs, meanwhile }: FleetOptions<A>): Promise<Ran<A>> => {
  const model = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: { now: () => instant(Date.now()) } })
  const expired = { ...model.login(), expiresAt: some(instant(Date.now() - 1_000)) }
  const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: some(expired) }
  const written = await store.compareAndSet(KEY, absent, { version: '1', record: CellCodec.encode(cell) })()
  if (written._tag === 'Left') throw AuthError.toError(written.left)

  let requests = 0
  const http = createServer(async (request, response) => {
    requests++
    const result = model.redeem(Secret.make('RefreshToken', await text(request)))()
    // Long enough for the others to come.
    await delay(50)
    if (result._tag === 'Left') {
      response.writeHead(400).end()
      return
    }
    const { accessToken, refreshToken, expiresAt } = result.right
    const refresh = refreshToken._tag === 'Some' ? Secret.open(refreshToken.value) : ''
    const expires = expiresAt._tag === 'Some' ? expiresAt.value : 0
    response.end(JSON.stringify({ access: Secret.open(accessToken), refresh, expiresAt: expires }))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const server = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''

  const fleet = configs.map((config) => {
    const child = spawn(process.execPath, [program, JSON.stringify({ ...config, server, key: KEY })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exit: once(child, 'exit') }
  })
  const next = () => Promise.all(fleet.map(async ({ lines }) => (await lines.next()).value))
  expect(await next()).toEqual(fleet.map(() => 'ready'))
  const look = await meanwhile()
  const began = Date.now()
  for (const { child } of fleet) child.stdin.write('go\n')
  const tokens = await next()
  const took = Date.now() - began
  const exits = await Promise.all(fleet.map(async ({ exit }) => (await exit)[0]))
  const seen = await look()
  http.close()
  const { redeemed, repeated } = model.counts()
  return { tokens, exits, requests, redeemed, repeated, took, seen }
}

/** Starts processes with an expired token in their store, and tells them all to ask for one. */
export const runFleet = async <A>(options: FleetOptions<A>): Promise<Ran<A>> => {
  const folder = mkdtempSync(join(dirname(options.program), '..', '..', 'node_modules', '.fleet-'))
  try {
    return await runBundled({ ...options, program: bundle(options.program, folder) })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
