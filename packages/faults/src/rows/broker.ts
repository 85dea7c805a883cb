import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds } from '@tessera/core'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { type Child, child } from '../child.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { many } from '../many.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { inProject } from '../project.js'
import { pick, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** What a test may break: the program and first arguments of the command. */
export interface Parts {
  readonly command: readonly [string, ...string[]]
}

const COMMAND = inProject('packages/cli/bin/tessera.js')

const CLIENTS = 100

/** One request of so many is an attack. */
const ATTACK_EVERY = 200

/** How often the broker is killed, in the first half of the row. */
const killsIn = (count: number): number => (count < 50_000 ? 1 : 3)

/** How long an answer may take, with a renewal or a restart before it. */
const ANSWER = seconds(10)

/** What a broker may take more at the end of a row's second half, in bytes: the heap's own movements. */
const GROWTH = 48 * 1_048_576

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
  const started = child(program, [...first, 'serve'], env)
  await started.until(() => started.complaints().includes('Ctrl-C'))
  return started
}

const memoryOf = async (client: Client): Promise<number> =>
  Number(/^process_resident_memory_bytes (\d+)/m.exec((await client.ask(get('/metrics'))).body)?.[1])

const under = async (run: Run, parts: Parts, env: NodeJS.ProcessEnv): Promise<string> => {
  const { context, tally } = run
  const { count, random, progress, canaries } = context
  const staying: Socket[] = []
  const clients = Array.from({ length: CLIENTS }, () => makeClient(run))
  const watch = makeClient(run)
  let broker = await begun(parts, env)
  const said: Child[] = [broker]
  let done = 0
  /** Up to so many requests in all, with so many kills on the way. */
  const ask = async (to: number, kills: number): Promise<void> => {
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
  }
  try {
    const startedAt = performance.now()
    await ask(Math.floor(count / 2), killsIn(count))
    const before = await memoryOf(watch)
    await ask(count, 0)
    const after = await memoryOf(watch)
    if (after - before > GROWTH) tally.problem(`memory grew by ${Math.round((after - before) / 1_048_576)} MiB`)
    const rate = Math.round(count / ((performance.now() - startedAt) / 1_000))
    for (const path of ['/sessions', '/metrics', '/health']) canaries.wrote((await watch.ask(get(path))).body)
    broker.process.kill('SIGTERM')
    if ((await broker.ended) !== 0) tally.problem('the broker did not end well')
    for (const { lines, complaints } of said) canaries.wrote(`${lines.join('\n')}${complaints()}`)
    return `${rate} requests a second, ${said.length - 1} kills, ${run.good.size} tokens`
  } finally {
    for (const client of [...clients, watch]) client.end()
    for (const socket of staying) socket.destroy()
    broker.process.kill('SIGKILL')
  }
}

export const brokerWith = (parts: Parts): Fault => ({
  name: 'broker',
  injection: `tessera serve, asked by ${CLIENTS} clients at once as fast as it answers; between their requests headers and bodies of 1 MiB, halves of requests by clients that stay, rubbish, tokens that are refused; killed by kill −9 and started again`,
  expected:
    'each request has an answer, by its deadline; no token that is none, or that was refused before; no secret beside; memory flat',
  count: 300_000,
  seconds: 90,
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

export const broker = brokerWith({ command: [process.execPath, COMMAND] })
