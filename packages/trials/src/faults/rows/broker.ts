import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds } from '@tessera/core'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { type Child, child } from '../../child.js'
import { TESSERA } from '../../project.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { many } from '../many.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { pick, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** What a test may break: the program and first arguments of the command. */
export interface Parts {
  readonly command: readonly [string, ...string[]]
}

const CLIENTS = 100

/** One request of so many is an attack. */
const ATTACK_EVERY = 200

/** A minute's requests, at 10,000 a second. */
const COUNT = 600_000

const isLong = (count: number): boolean => count >= COUNT / 10

/** How often the broker is killed, in the first half of the row. */
const killsIn = (count: number): number => (isLong(count) ? 3 : 1)

/** How long an answer may take, with a renewal or a restart before it. */
const ANSWER = seconds(10)

const MIB = 1_048_576

/** What a broker may take more in the last part of a row than in the part after the kills, in bytes: less, when its code is warm. */
const growthIn = (count: number): number => (isLong(count) ? 24 : 48) * MIB

/** How often its memory is looked at in the second half. */
const LOOKS = 10

interface Run {
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  readonly box: Sandbox
  readonly path: string
  /** Tokens that were given and are good. */
  readonly good: Set<string>
  /** Tokens that were refused and renewed, in their order. */
  readonly refused: Map<string, number>
}

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

interface Answer {
  readonly status: number
  readonly body: string
}

const HEAD = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n/
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

/** The first answer of a text; nothing while it is not whole. */
const answerIn = (text: string): Answer | undefined => {
  const [head, status] = HEAD.exec(text) ?? []
  if (head === undefined) return undefined
  // A 204 has none.
  const [, length = '0'] = LENGTH.exec(head) ?? []
  const body = text.slice(head.length)
  return body.length < Number(length) ? undefined : { status: Number(status), body: body.slice(0, Number(length)) }
}

/** One answer along a connection, or how it ended without one. */
const asked = (socket: Socket, request: string): Promise<Answer | 'away'> =>
  new Promise((resolve) => {
    let text = ''
    const done = (answer: Answer | 'away'): void => {
      socket.off('data', read).off('close', gone)
      resolve(answer)
    }
    const gone = (): void => done(answerIn(text) ?? 'away')
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      const answer = answerIn(text)
      if (answer !== undefined) done(answer)
    }
    socket.on('data', read).on('close', gone)
    if (socket.destroyed) return gone()
    socket.write(request)
  })

const opened = (path: string): Socket => connect(path).on('error', () => undefined)

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: broker\r\n\r\n`

/** A client that keeps its connection as long as it can, and asks again where the broker was away. */
const makeClient = ({ path }: Run) => {
  let socket = opened(path)
  return {
    ask: async (request: string): Promise<Answer> => {
      for (;;) {
        const answer = await asked(socket, request)
        if (answer !== 'away') return answer
        socket.destroy()
        // Until somebody listens again.
        await new Promise((resolve) => setTimeout(resolve, 5))
        socket = opened(path)
      }
    },
    end: (): void => void socket.destroy(),
  }
}

type Client = ReturnType<typeof makeClient>

const tokenOf = ({ body }: Answer): string => /"access_token":"([^"]*)"/.exec(body)?.[1] ?? ''

/** A token that is asked for after one was refused may not be that one. */
const take = async ({ box, tally, stopwatch, good, refused, context }: Run, client: Client): Promise<void> => {
  const before = refused.size
  const answer = await stopwatch.time(ANSWER, () => client.ask(get('/token')))
  const token = tokenOf(answer)
  if (answer.status !== 200) tally.problem(`answered ${answer.status}`)
  else if ((refused.get(token) ?? before) < before) tally.problem('gave a token after it was refused')
  else if (!good.has(token)) {
    if (!box.isActive(token)) tally.problem('gave a token that is none')
    good.add(token)
    context.canaries.remember(token)
  }
}

// -----------------------------------------------------------------------------
// attacks
// -----------------------------------------------------------------------------

/** What a hostile or broken program sends; some stay and say nothing more. */
const ATTACKS: ReadonlyArray<(random: () => number) => string> = [
  () => '',
  () => 'GET /token HTTP/1.1\r\nHost: bro',
  () => `GET /token HTTP/1.1\r\nX-Long: ${'x'.repeat(1_048_576)}\r\n\r\n`,
  () => `POST /refused HTTP/1.1\r\nHost: broker\r\nContent-Length: 1048576\r\n\r\n${'y'.repeat(1_048_576)}`,
  () => 'POST /refused HTTP/1.1\r\nHost: broker\r\nContent-Length: 1000\r\n\r\n{',
  () => 'POST /refused HTTP/1.1\r\nHost: broker\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{}',
  (random) => `${String.fromCharCode(whole(random, 0, 255)).repeat(whole(random, 1, 100))}\r\n\r\n`,
  () => get('/events'),
  () => get('/token?profile=../../etc/passwd'),
  () => get(`/token?profile=${'p'.repeat(8_000)}`),
  () => 'POST /refused HTTP/1.1\r\nHost: broker\r\nContent-Length: 23\r\n\r\n{"access_token":"other"}',
  () => get('/token').repeat(50),
]

/** Those that stay are let go at the end of the row, but so many. */
const MOST_STAYING = 200

const attack = ({ path }: Run, text: string, staying: Socket[]): void => {
  const socket = opened(path).on('data', () => undefined)
  socket.once('connect', () => socket.write(text, 'latin1'))
  staying.push(socket)
  if (staying.length > MOST_STAYING) staying.shift()?.destroy()
}

/** A server refused the token that is given now: one renewal follows, for all. */
const refuse = async (run: Run, client: Client): Promise<void> => {
  const token = tokenOf(await client.ask(get('/token')))
  const body = JSON.stringify({ access_token: token })
  const said = await client.ask(
    `POST /refused HTTP/1.1\r\nHost: broker\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  const now = tokenOf(await client.ask(get('/token')))
  // The broker hears one refusal a back-off, and gives the token that there is until then.
  if (said.status === 204 && now !== '' && now !== token) run.refused.set(token, run.refused.size)
}

// -----------------------------------------------------------------------------
// the broker
// -----------------------------------------------------------------------------

const begun = async ({ command: [program, ...first] }: Parts, env: NodeJS.ProcessEnv): Promise<Child> => {
  const started = child(program, [...first, 'serve'], { env })
  await started.until(() => started.complaints().includes('Ctrl-C'))
  return started
}

/** What the broker has taken: memory in bytes, processor time in s. */
const usageOf = async (client: Client) => {
  const { body } = await client.ask(get('/metrics'))
  const of = (name: string): number => Number(new RegExp(`^${name} ([\\d.e+-]+)$`, 'm').exec(body)?.[1])
  return { memory: of('process_resident_memory_bytes'), cpu: of('process_cpu_seconds_total') }
}

const ownCpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

const inThousands = (value: number): string => Math.round(value).toLocaleString('en')

const under = async (run: Run, parts: Parts, env: NodeJS.ProcessEnv): Promise<string> => {
  const { context, tally } = run
  const { count, random, progress, canaries } = context
  const staying: Socket[] = []
  const clients = Array.from({ length: CLIENTS }, () => makeClient(run))
  const watch = makeClient(run)
  let broker = await begun(parts, env)
  const said: Child[] = [broker]
  let done = 0
  /** Up to so many requests in all, with so many kills on the way; answers the rate, in requests a second. */
  const ask = async (to: number, kills: number): Promise<number> => {
    const [before, startedAt] = [done, performance.now()]
    const step = Math.ceil((to - done) / (kills + 1))
    let nextKill = done + step
    let left = kills
    await many(clients, CLIENTS, async (client) => {
      while (done < to) {
        done += 1
        progress(done)
        if (done % ATTACK_EVERY === 1) {
          attack(run, pick(random, ATTACKS)(random), staying)
          await refuse(run, client)
        }
        if (left > 0 && done >= nextKill) {
          left -= 1
          nextKill += step
          broker.process.kill('SIGKILL')
          await broker.ended
          broker = await begun(parts, env)
          said.push(broker)
        }
        await take(run, client)
      }
    })
    return (done - before) / ((performance.now() - startedAt) / 1_000)
  }
  try {
    const half = Math.floor(count / 2)
    const killed = await ask(half, killsIn(count))
    const [cpuBefore, { cpu: brokerBefore }] = [ownCpu(), await usageOf(watch)]
    const [rates, memory]: [number[], number[]] = [[], []]
    for (let look = 1; look <= LOOKS; look++) {
      rates.push(await ask(half + Math.floor(((count - half) * look) / LOOKS), 0))
      memory.push((await usageOf(watch)).memory)
    }
    const each = (seconds: number): string => `${Math.round((seconds / (count - half)) * 1e6)} µs`
    const cpu = `of the processor a request takes ${each((await usageOf(watch)).cpu - brokerBefore)} in the broker and ${each(ownCpu() - cpuBefore)} in the clients`
    const [before, after] = [median(memory.slice(0, LOOKS / 2)), median(memory.slice(LOOKS / 2))]
    // What cannot be read is not flat either.
    if (!(after - before <= growthIn(count))) tally.problem(`memory grew by ${Math.round((after - before) / MIB)} MiB`)
    for (const path of ['/sessions', '/metrics', '/health']) canaries.wrote((await watch.ask(get(path))).body)
    broker.process.kill('SIGTERM')
    if ((await broker.ended) !== 0) tally.problem('the broker did not end well')
    for (const { lines, complaints } of said) canaries.wrote(`${lines.join('\n')}${complaints()}`)
    return `${inThousands(median(rates))} requests a second, ${inThousands(killed)} with ${said.length - 1} kills among them; ${cpu}; ${run.good.size} tokens; memory ${Math.round(before / MIB)} MiB, at the end ${Math.round(after / MIB)} MiB`
  } finally {
    for (const client of [...clients, watch]) client.end()
    for (const socket of staying) socket.destroy()
    broker.process.kill('SIGKILL')
  }
}

export const brokerWith = (parts: Parts): Fault => ({
  name: 'broker',
  injection: `tessera serve, asked by ${CLIENTS} clients at once as fast as it answers, as often as 10,000 times a second are in a minute; between their requests headers and bodies of 1 MiB, halves of requests by clients that stay, rubbish, tokens that are refused; killed by kill −9 and started again`,
  expected:
    'each request has an answer, by its deadline; no token that is none, or that was refused before; no secret beside; memory flat',
  count: COUNT,
  seconds: 120,
  test: 'broker',
  run: async (context): Promise<Findings> => {
    const root = mkdtempSync(join(tmpdir(), 'tessera-broker-'))
    const box = await startSandbox()
    const tally = makeTally()
    const stopwatch = makeStopwatch()
    context.canaries.remember(box.client.secret)
    try {
      mkdirSync(join(root, 'config', 'tessera'), { recursive: true })
      const settings = { ...(await box.settings()), tessera: { baseUrl: box.url } }
      writeFileSync(join(root, 'config', 'tessera', 'default.json'), JSON.stringify(settings), { mode: 0o600 })
      const env = {
        PATH: process.env['PATH'] ?? '',
        HOME: root,
        XDG_CONFIG_HOME: join(root, 'config'),
        XDG_STATE_HOME: join(root, 'state'),
        XDG_RUNTIME_DIR: join(root, 'run'),
      }
      const path = join(root, 'run', 'tessera', 'broker.sock')
      const run: Run = { context, tally, stopwatch, box, path, good: new Set(), refused: new Map() }
      const note = await under(run, parts, env)
      return tally.findings(context, stopwatch.longest(), note)
    } finally {
      stopwatch.stop()
      await box.close()
      rmSync(root, { recursive: true, force: true })
    }
  },
})

export const broker = brokerWith({ command: [process.execPath, TESSERA] })
