import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuthError, instant, memoryStore, millis, Secret, seconds, TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, type SlimEnv, slimEnv, systemClock } from '@tessera/node'
import { Client, refreshToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { listening } from '../../servers/httpServer.js'
import { settledBy } from '../crew/settledBy.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'
import { canary, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

type Env = SlimEnv & { readonly close?: () => Promise<void> }

/** What a test may break. */
export interface Parts {
  /** Both transports. */
  readonly envs: ReadonlyArray<() => Env>
}

/** The most connections to one origin, unless an application says another number. */
const BOUND = 128
/** At once. */
const SESSIONS = 1_500
/** Of a renewal, where there is time. */
const TIMEOUT = seconds(15)
/** How long all may take, in ms. */
const PATIENCE = 60_000

/** A server whose refresh tokens are good for once. */
const strictServer = async (tally: Tally) => {
  const spent = new Set<string>()
  const held: Array<() => void> = []
  let sockets = 0
  let most = 0
  let isHolding = true
  let full: () => void = () => undefined
  const busy = new Promise<void>((resolve) => {
    full = resolve
  })

  const grant = (presented: string, response: ServerResponse): void => {
    const [id = '', turn = ''] = presented.split('|')
    const next = `${id}|${Number(turn) + 1}`
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        access_token: `access-${next}`,
        refresh_token: next,
        token_type: 'bearer',
        expires_in: 3_600,
      }),
    )
  }
  const server = createServer((request, response) => {
    let body = ''
    request
      .setEncoding('utf8')
      .on('data', (text) => (body += text))
      .on('end', () => {
        const presented = new URLSearchParams(body).get('refresh_token') ?? ''
        if (spent.has(presented)) tally.doubleRedemptions++
        spent.add(presented)
        if (!isHolding) return grant(presented, response)
        if (held.push(() => grant(presented, response)) === BOUND) full()
      })
  }).on('connection', (socket) => {
    most = Math.max(most, ++sockets)
    socket.on('close', () => sockets--)
  })
  return {
    ...(await listening(server)),
    /** When it has as many requests as there may be connections. */
    busy,
    /** From now on it answers. */
    answer: () => {
      isHolding = false
      for (const go of held) go()
    },
    isSpent: (token: string) => spent.has(token),
    most: () => most,
  }
}

type Server = Awaited<ReturnType<typeof strictServer>>

interface Herd {
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  readonly server: Server
  readonly env: Env
}

/** A session whose access token has expired. */
const makeSession = ({ context: { canaries, random }, server, env }: Herd) => {
  const id = canary(random, 'refresh')
  canaries.remember(id)
  const first = `${id}|0`
  const store = memoryStore()
  const client = Client.make({ id: 'app', tokenEndpoint: `${server.url}/token` })
  const initial = TokenSet.make(Secret.make('AccessToken', 'access'), {
    refreshToken: O.some(Secret.make('RefreshToken', first)),
    expiresAt: O.some(instant(systemClock.now() - 1_000)),
  })
  return {
    isSent: () => server.isSpent(first),
    get: (timeout: typeof TIMEOUT) =>
      pipe(refreshToken({ client }), TokenSource.make({ store, key: 'key', initial, timeout }))(env)().get,
  }
}

type Session = ReturnType<typeof makeSession>

const taken = ({ context, tally }: Herd, result: E.Either<AuthError, TokenSet>): boolean => {
  if (E.isRight(result)) return true
  context.canaries.wrote(printedResult(result))
  if (result.left._tag === 'ReauthenticationRequired') tally.lost++
  return false
}

/** Its time is over while it waits for a connection: nothing of it is sent, and it can be renewed later. */
const late = async (herd: Herd, session: Session): Promise<void> => {
  const { context, tally, stopwatch } = herd
  const timeout = millis(whole(context.random, 20, 300))
  const result = await stopwatch.time(timeout, session.get(timeout))
  if (taken(herd, result)) tally.problem('a renewal was answered that had no connection')
  else if (session.isSent()) tally.problem('a renewal without a connection was sent')
}

/** Asks until there is a token: after a failure a source rests. */
const again = async (herd: Herd, session: Session): Promise<void> => {
  const giveUpAt = performance.now() + PATIENCE
  while (!taken(herd, await session.get(TIMEOUT)())) {
    if (performance.now() > giveUpAt) return herd.tally.problem('a renewal that was late has no token')
    await sleep(50)
  }
}

const herdOf = async (herd: Herd, count: number): Promise<void> => {
  const { tally, stopwatch, server } = herd
  const sessions = Array.from({ length: count }, () => makeSession(herd))
  // Enough to take all connections, and a quarter that comes after them.
  const cut = Math.min(count, Math.max(BOUND, Math.floor(count * 0.75)))
  const [punctual, tardy] = [sessions.slice(0, cut), sessions.slice(cut)]
  const answers = punctual.map((session) => stopwatch.time(TIMEOUT, session.get(TIMEOUT)))
  await settledBy(PATIENCE, 'as many requests as connections', server.busy)
  await Promise.all(tardy.map((session) => late(herd, session)))
  server.answer()
  for (const result of await Promise.all(answers)) {
    if (!taken(herd, result)) tally.problem(`one got ${E.isLeft(result) ? AuthError.show.show(result.left) : ''}`)
  }
  // One round trip more: what was sent before it has arrived by then, however busy the machine is.
  if (!taken(herd, await makeSession(herd).get(TIMEOUT)())) tally.problem('one that came after them has no token')
  if (tardy.some(({ isSent }) => isSent())) tally.problem('a renewal was sent after its time')
  await Promise.all(tardy.map((session) => again(herd, session)))
}

const run =
  ({ envs }: Parts): Fault['run'] =>
  async (context): Promise<Findings> => {
    const { count, progress } = context
    const tally = makeTally()
    const stopwatch = makeStopwatch()
    const most: number[] = []
    try {
      for (let done = 0; done < count; ) {
        const size = Math.min(SESSIONS, Math.max(BOUND + 32, Math.ceil(count / envs.length)))
        for (const open of envs) {
          const env = open()
          const server = await strictServer(tally)
          try {
            await herdOf({ context, tally, stopwatch, server, env }, size)
          } finally {
            await server.close()
            await env.close?.()
          }
          most.push(server.most())
          if (server.most() > BOUND) tally.problem(`${server.most()} connections`)
          done += size
          progress(done)
        }
      }
      return tally.findings(context, stopwatch.longest(), `${Math.max(...most)} connections at most`)
    } finally {
      stopwatch.stop()
    }
  }

export const manySessionsWith = (parts: Parts): Fault => ({
  name: 'many-sessions',
  injection: `${SESSIONS.toLocaleString('en')} sessions of one process whose tokens have expired ask at once, over undici and over node:http in turn; the server does not answer before all connections are busy, and the time of a quarter is over by then; strict rotation`,
  expected: `never more than ${BOUND} connections; all that had time get a token; what had none was not sent, is not sent later, and is renewed when it is asked for again`,
  count: 6_000,
  seconds: 40,
  test: 'answers',
  run: run(parts),
})

export const manySessions = manySessionsWith({ envs: [() => nodeEnv(), () => slimEnv()] })
