import { createServer, type Socket } from 'node:net'
import {
  AuthError,
  instant,
  memoryStore,
  millis,
  plus,
  Secret,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import { Client, clientCredentials, type Http, refreshToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Listening, listening } from '../../servers/httpServer.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { many } from '../many.js'
import { type MovableClock, movableClock } from '../movableClock.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'
import { canary, dealt, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

// -----------------------------------------------------------------------------
// what is done to an answer
// -----------------------------------------------------------------------------

/** How far an answer comes. */
const CUTS = ['before the status line', 'in the headers', 'after the headers', 'in the body'] as const
/** What is done there. */
const ENDS = ['reset', 'closed', 'hang', 'drip'] as const
/** What tells where the body ends. */
const FRAMINGS = ['content-length', 'chunked', 'connection: close'] as const
/** Before a request can be written. */
const UNSENT = ['nobody listens', 'reset in the TLS handshake', 'closed in it', 'hang in it'] as const

type Case =
  | {
      readonly _tag: 'Cut'
      readonly cut: (typeof CUTS)[number]
      readonly end: (typeof ENDS)[number]
      readonly framing: (typeof FRAMINGS)[number]
    }
  /** Half of the JSON, in well-formed HTTP. */
  | { readonly _tag: 'Truncated' }
  | { readonly _tag: 'NoHttp' }
  /** Informational answers without an end. */
  | { readonly _tag: 'EarlyHints' }
  | { readonly _tag: 'Unsent'; readonly how: (typeof UNSENT)[number] }

const CASES: ReadonlyArray<Case> = [
  ...CUTS.flatMap((cut) =>
    ENDS.flatMap((end) => FRAMINGS.map((framing): Case => ({ _tag: 'Cut', cut, end, framing }))),
  ),
  { _tag: 'Truncated' },
  { _tag: 'NoHttp' },
  { _tag: 'EarlyHints' },
  ...UNSENT.flatMap(
    (how): ReadonlyArray<Case> => [
      { _tag: 'Unsent', how },
      { _tag: 'Unsent', how },
    ],
  ),
]

const nameOf = (of: Case): string =>
  of._tag === 'Cut' ? `${of.end} ${of.cut} (${of.framing})` : of._tag === 'Unsent' ? of.how : of._tag

const headOf = (framing: (typeof FRAMINGS)[number], body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${
    framing === 'content-length'
      ? `content-length: ${body.length}`
      : framing === 'chunked'
        ? 'transfer-encoding: chunked'
        : 'connection: close'
  }\r\n\r\n`

const framed = (framing: (typeof FRAMINGS)[number], body: string): string =>
  framing === 'chunked' ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body

const DRIP = 3

/** One byte at a time, and never the last one. */
const drip = (socket: Socket, rest: string): void => {
  let at = 0
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer)
    else if (at < rest.length - 1) socket.write(rest.charAt(at++))
  }, DRIP)
  socket.once('close', () => clearInterval(timer))
}

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n\r\n'

const hint = (socket: Socket): void => {
  if (!socket.destroyed) socket.write(EARLY_HINTS, () => setImmediate(hint, socket))
}

/** Answers a request as the case says; `at` in [0, 1) is where in a part. */
const breakAnswer = (socket: Socket, of: Case, body: string, request: string, at: number): void => {
  switch (of._tag) {
    case 'Cut': {
      const head = headOf(of.framing, body)
      const all = head + framed(of.framing, body)
      const inside = (from: number, to: number): number => from + 1 + Math.floor(at * (to - from - 1))
      const length = {
        'before the status line': 0,
        'in the headers': inside(0, head.length),
        'after the headers': head.length,
        // Short of the end of the JSON, whatever the framing.
        'in the body': inside(head.length, head.length + body.length),
      }[of.cut]
      const sent = all.slice(0, length)
      const end = {
        reset: () => socket.resetAndDestroy(),
        closed: () => socket.end(),
        hang: () => undefined,
        drip: () => drip(socket, all.slice(length)),
      }[of.end]
      if (sent === '') end()
      else socket.write(sent, end)
      return
    }
    case 'Truncated': {
      const half = body.slice(0, 1 + Math.floor(at * (body.length - 1)))
      socket.end(headOf('content-length', half) + half)
      return
    }
    case 'NoHttp':
      socket.end(`${request}\r\n\r\n`)
      return
    case 'EarlyHints':
      hint(socket)
      return
    case 'Unsent':
      if (of.how === 'closed in it') socket.end()
      if (of.how === 'reset in the TLS handshake') socket.resetAndDestroy()
  }
}

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

interface Breaking extends Listening {
  /** The bodies of the requests that came to their end. */
  readonly requests: ReadonlyArray<string>
  /** Answers as it should from now on. */
  readonly mend: () => void
}

const LENGTH = /content-length: (\d+)/i

/** The body of a request that is complete. */
const bodyOf = (text: string): string | undefined => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const body = text.slice(end + 4)
  return body.length >= Number(LENGTH.exec(text)?.[1] ?? 0) ? body : undefined
}

const breaking = async (of: Case, answer: string, at: number): Promise<Breaking> => {
  const requests: string[] = []
  let isMended = false
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (of._tag === 'Unsent') {
      breakAnswer(socket, of, answer, '', at)
      socket.resume()
      return
    }
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
      const body = bodyOf(text)
      if (body === undefined) return
      requests.push(body)
      const request = text
      text = ''
      if (isMended) socket.write(headOf('content-length', answer) + answer)
      else breakAnswer(socket, of, answer, request, at)
    })
  })
  const started = await listening(server)
  if (of._tag === 'Unsent' && of.how === 'nobody listens') await started.close()
  return {
    ...started,
    url: of._tag === 'Unsent' && of.how !== 'nobody listens' ? started.url.replace('http', 'https') : started.url,
    requests,
    mend: () => {
      isMended = true
    },
  }
}

// -----------------------------------------------------------------------------
// the row
// -----------------------------------------------------------------------------

/** What a test may break. */
export interface Parts {
  readonly http: (env: NodeEnv) => Http
}

/** How long a request may take, in ms: nobody shall wait for those that hang. */
const TIMEOUT = { least: 80, most: 250 }
/** For a request to a server that is well. */
const AMPLE = seconds(60)

interface Secrets {
  readonly client: string
  readonly refresh: string
  readonly next: string
  readonly access: string
}

interface Run {
  readonly context: Context
  readonly tally: Tally
  readonly stopwatch: Stopwatch
  readonly secrets: Secrets
}

const isNotSent = ({ _tag }: AuthError): boolean => _tag === 'Unreachable' || _tag === 'TimedOut'

/** Whether the outcome is said to be unknown, and whether that may be asked for again as the grant allows. */
const isUnknown = (error: AuthError, repeatable: boolean): boolean =>
  (error._tag === 'OutcomeUnknown' || error._tag === 'Malformed') && error.repeatable === repeatable

const judge = (
  tally: Tally,
  of: Case,
  result: E.Either<AuthError, unknown>,
  server: Breaking,
  repeatable: boolean,
): void => {
  const name = nameOf(of)
  if (E.isRight(result)) tally.problem(`${name}: a success`)
  else if (isNotSent(result.left)) {
    if (server.requests.length > 0) tally.problem(`${name}: "not sent" of a request that was received`)
  } else if (of._tag === 'Unsent')
    tally.problem(`${name}: where nothing can be sent: ${AuthError.show.show(result.left)}`)
  else if (!isUnknown(result.left, repeatable))
    tally.problem(`${name}: no unknown outcome: ${AuthError.show.show(result.left)}`)
}

const clientOf = (url: string, { client }: Secrets): Client =>
  Client.make({ id: 'app', secret: client, tokenEndpoint: `${url}/token` })

/** A grant that consumes nothing, alone. */
const credentials = async (
  { context, tally, stopwatch, secrets }: Run,
  of: Case,
  server: Breaking,
  env: NodeEnv,
  timeout: number,
): Promise<void> => {
  const strategy = clientCredentials({ client: clientOf(server.url, secrets) })
  const result = await stopwatch.time(timeout, strategy(Strategy.attempt(millis(timeout))(env)())(env))
  context.canaries.wrote(printedResult(result))
  judge(tally, of, result, server, true)
}

/** A session whose access token has expired. */
const renewal = async (
  { context, tally, stopwatch, secrets }: Run,
  of: Case,
  server: Breaking,
  env: NodeEnv & { readonly clock: MovableClock },
  timeout: number,
): Promise<void> => {
  const { random, canaries } = context
  const name = nameOf(of)
  const initial = TokenSet.make(Secret.make('AccessToken', `${secrets.access}0`), {
    refreshToken: O.some(Secret.make('RefreshToken', secrets.refresh)),
    expiresAt: O.some(instant(1)),
  })
  const store = memoryStore()
  const sourceOf = (within: number) =>
    TokenSource.make<NodeEnv>({ store, initial, timeout: millis(within) })(
      refreshToken({ client: clientOf(server.url, secrets) }),
    )(env)()

  const source = sourceOf(timeout)
  const patience = whole(random, 10, timeout)
  const hurried = source.within({ deadline: plus(env.clock.now(), millis(patience)) })
  const [result, early] = await Promise.all([
    stopwatch.time(timeout, source.get),
    stopwatch.time(patience, hurried.get),
  ])
  for (const each of [result, early]) canaries.wrote(printedResult(each))
  judge(tally, of, result, server, false)

  if (of._tag === 'Unsent') {
    const held = await source.inspect()
    const isHeld = E.isRight(held) && held.right.refreshToken && O.isNone(held.right.waitingUntil)
    if (!isHeld) tally.problem(`${name}: the session does not go on at once`)
    return
  }
  // The lease ends, and another process recovers the session.
  server.mend()
  env.clock.move(timeout + seconds(6))
  const recovered = await stopwatch.time(AMPLE, sourceOf(AMPLE).get)
  canaries.wrote(printedResult(recovered))
  if (E.isLeft(recovered)) {
    if (recovered.left._tag === 'ReauthenticationRequired') tally.lost++
    tally.problem(`${name}: the session was not recovered: ${recovered.left._tag}`)
  }
  // By now the first one is there too, however slow the machine is.
  const declared = E.isLeft(result) && isNotSent(result.left) ? 1 : 2
  tally.doubleRedemptions += Math.max(0, server.requests.length - declared)
}

const run =
  ({ http }: Parts): Fault['run'] =>
  async (context): Promise<Findings> => {
    const { random, canaries, count, progress } = context
    const secrets: Secrets = {
      client: canary(random, 'client'),
      refresh: canary(random, 'refresh'),
      next: canary(random, 'refresh'),
      access: canary(random, 'access'),
    }
    canaries.remember(...Object.values(secrets))
    const answer = JSON.stringify({
      access_token: secrets.access,
      token_type: 'bearer',
      expires_in: 3_600,
      refresh_token: secrets.next,
    })
    const all: Run = { context, tally: makeTally(), stopwatch: makeStopwatch(), secrets }
    let done = 0
    const attack = async (of: Case): Promise<void> => {
      const server = await breaking(of, answer, random())
      const clock = movableClock()
      const live = nodeEnv({ clock })
      const env = { ...live, clock, http: http(live) }
      const timeout = whole(random, TIMEOUT.least, TIMEOUT.most)
      try {
        const once = random() < 0.25 ? credentials : renewal
        await once(all, of, server, env, timeout)
      } finally {
        await server.close()
        await live.close()
        progress(++done)
      }
    }
    try {
      await many(dealt(random, CASES, count), 12, attack)
    } finally {
      all.stopwatch.stop()
    }
    return all.tally.findings(context, all.stopwatch.longest())
  }

export const answersBrokenWith = (parts: Parts): Fault => ({
  name: 'answers-broken',
  injection:
    'a raw server that resets, closes, hangs or drips before, in and after the headers and in the body, in three framings; half of a JSON; no HTTP; informational answers without an end; no listener, and TLS handshakes that end or hang',
  expected:
    'each call settles by its deadline; "not sent" only of what no server received, otherwise "outcome unknown" and no second request; then the session is recovered',
  count: 500,
  seconds: 8,
  test: 'answers',
  run: run(parts),
})

export const answersBroken = answersBrokenWith({ http: ({ http }) => http })
