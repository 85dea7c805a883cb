/** A process that stalls beyond its deadline: after that, timers are due before what has arrived is read. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Clock, type Instant, millis, race } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { Agent } from 'undici'
import { nodeHttp, systemClock, undiciHttp } from '../src/index.js'
import { type Answerer, startAnswerer } from './support/answerer.js'
import { bundle, ended } from './support/bundle.js'
import { inMs, post, told } from './support/requests.js'
import { type Served, serve } from './support/servers.js'

const userAgent = 'tests/1'

/** Asks a server, until a deadline: its status, or what came instead. */
type Ask = (origin: string, deadline: Instant) => Promise<string>

const raced =
  (clock: Clock): Ask =>
  (origin, deadline) => {
    const status = () =>
      new Promise<E.Either<string, string>>((resolve) => {
        get(origin, { agent: false }, (response) =>
          response.resume().on('end', () => resolve(E.right(`${response.statusCode}`))),
        )
      })
    return race(clock, { deadline }, 'late', 'aborted', status)().then(E.toUnion)
  }

const { timer: _, ...withoutTimer } = systemClock
const dispatcher = new Agent()
const asks: ReadonlyArray<readonly [what: string, ask: Ask]> = [
  [
    'undiciHttp',
    async (url, deadline) => told(await undiciHttp({ dispatcher, userAgent }).send(post(url, { deadline }))()),
  ],
  ['nodeHttp', async (url, deadline) => told(await nodeHttp({ userAgent }).send(post(url, { deadline }))())],
  ["a race by the clock's timer", raced(systemClock)],
  ["a race by the clock's sleep", raced(withoutTimer)],
]

describe('[A01] an answer that arrived during a stall counts, though the deadline has passed', () => {
  let answerer: Answerer
  beforeAll(async () => {
    answerer = await startAnswerer()
  })
  const servers: Served[] = []
  const using = async (server: Promise<Served>): Promise<Served> => {
    const served = await server
    servers.push(served)
    return served
  }
  afterAll(async () => {
    answerer.close()
    await dispatcher.close()
    await Promise.all(servers.map((server) => server.close()))
  })

  test.each(asks)('%s, in a process that is busy', async (_, ask) => {
    const deadline = inMs(1_500)
    const answer = ask(answerer.origin, deadline)
    const stall = await answerer.received()
    stall(deadline)
    expect(await answer).toBe('200')
  })

  const script = bundle(`
    import { nodeEnv } from '@tessera/node'
    import { slimEnv } from '@tessera/node/slim'
    import * as O from 'fp-ts/lib/Option.js'

    const [url, of, ms] = process.argv.slice(2)
    const { http } = of === 'undici' ? nodeEnv() : slimEnv()
    const send = (method, deadline) => http.send({
      method, url, headers: [], body: O.none, deadline, signal: new AbortController().signal, maxBytes: 1000,
    })()
    const main = async () => {
      await send('GET', Date.now() + 60_000)
      process.stdin.once('data', () => console.log('waiting')).unref()
      const result = await send('POST', Date.now() + Number(ms))
      console.log(result._tag === 'Right' ? result.right.status : result.left._tag + ' ' + result.left.cause)
    }
    main()
  `)

  test.concurrent.each(['undici', 'node:http'])('%s, in a process that is stopped', async (of) => {
    const time = 2_000
    let hold: () => Promise<void> = async () => undefined
    const server = await using(
      serve((request, response) => {
        if (request.method === 'GET') response.end()
        else void hold().then(() => response.end())
      }),
    )
    const child = spawn(process.execPath, [script, server.origin, of, `${time}`])
    const ending = ended(child, 60_000)
    hold = async () => {
      // It has done all that it does before the answer.
      child.stdin.write('?')
      await once(child.stdout, 'data')
      child.kill('SIGSTOP')
      // The deadline is before that.
      void setTimeout(time).then(() => child.kill('SIGCONT'))
    }
    expect(await ending).toEqual({ code: 0, output: 'waiting\n200\n' })
  })
})

test('[A01] a timer may be called off until it acts, also after it was due', async () => {
  const waked: string[] = []
  const cancel = systemClock.timer?.(millis(1), () => waked.push('called off'))
  const due = setTimeout(1)
  // On a busy machine a millisecond may lie between the two: after a stall both are due at once, and act one right after the other.
  for (const end = performance.now() + 5; performance.now() < end; );
  await due
  cancel?.()
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  expect(waked).toEqual([])
})
