import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import * as Box from '@tessera/box'
import { AuthError, CellCodec, instant, plus, Secret, seconds, type TokenSet } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import {
  Client,
  type Http,
  metadataResponse,
  refreshTokenGrant,
  type TokenEnv,
  type TokenResponseDecoder,
  tokenRequest,
  tokenResponse,
} from '@tessera/oauth2'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { httpServer } from '../../servers/httpServer.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { documents, type Hostile, hostile, type Secrets } from '../hostileBodies.js'
import { many } from '../many.js'
import { makeStopwatch } from '../overdue.js'
import { printedResult, showing } from '../printed.js'
import { canary, dealt, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** Reads a document that somebody else wrote. */
export type Reader = (text: Secret<'Body'>) => E.Either<AuthError, unknown>

/** What a test may break. */
export interface Parts {
  readonly readers?: ReadonlyArray<Reader>
  readonly decode: TokenResponseDecoder
  readonly http: (env: NodeEnv) => Http
}

const MIB = 1_048_576
const LIMIT = seconds(60)
const TEN_YEARS = 10 * 365 * 24 * 3_600 * 1_000
/** The largest answer that is read, in bytes. */
const MOST = 65_536
/** What the buffers of two sockets may take on top of that. */
const MOST_SENT = 16 * MIB
const MOST_GROWTH = 128 * MIB

interface Run {
  readonly context: Context
  readonly tally: Tally
  readonly secrets: Secrets
  readonly decode: TokenResponseDecoder
  readonly shows: (text: string) => boolean
  readonly counts: { taken: number; refused: number }
}

const ask = ({ secrets, decode }: Run, tokenEndpoint: string, env: TokenEnv): TaskEither<AuthError, TokenSet> => {
  const client = Client.make({ id: 'app', secret: secrets.client, tokenEndpoint })
  const grant = refreshTokenGrant({ refreshToken: Secret.make('RefreshToken', secrets.refresh) })
  const limits = { deadline: plus(env.clock.now(), LIMIT), signal: new AbortController().signal }
  return tokenRequest({ client, decode })(grant)(limits)(env)
}

// An answer of success may be an error all the same, by its body.
const errorsOf = (status: number): ReadonlyArray<AuthError['_tag']> =>
  status >= 200 && status < 300 ? ['Malformed', 'Rejected'] : ['Rejected', 'OutcomeUnknown']

/** When an answer came, in ms: not before, and not after. */
interface Came {
  readonly from: number
  readonly to: number
}

/** What is wrong with what was made of an answer. */
const wrong = (
  { context, secrets, shows, counts }: Run,
  given: Pick<Served, 'isGood' | 'expected'>,
  result: E.Either<AuthError, TokenSet>,
  { from, to }: Came,
): string | undefined => {
  counts[E.isRight(result) ? 'taken' : 'refused']++
  const text = printedResult(result)
  if (shows(text)) {
    context.canaries.wrote(text)
    return 'a secret is shown'
  }
  if ('polluted' in {}) return 'the prototype of all objects was changed'
  if (E.isLeft(result)) {
    if (given.isGood) return `a good answer was ${result.left._tag}`
    return given.expected.includes(result.left._tag) ? undefined : `a bad answer was ${result.left._tag}`
  }
  if (!given.isGood) return 'a bad answer was taken'
  const { accessToken, refreshToken, expiresAt } = result.right
  if (Secret.open(accessToken) !== secrets.access) return 'another access token'
  if (O.isSome(refreshToken) && Secret.open(refreshToken.value) !== secrets.next) return 'another refresh token'
  if (O.isNone(expiresAt)) return undefined
  return expiresAt.value >= from && expiresAt.value <= to + TEN_YEARS ? undefined : `it ends at ${expiresAt.value}`
}

// -----------------------------------------------------------------------------
// without a network
// -----------------------------------------------------------------------------

const NOW = instant(1_700_000_000_000)

/** Answers at once, with what it is given. */
const inMemory = ({ status, headers, body }: Hostile): TokenEnv => ({
  clock: { now: () => NOW, sleep: () => () => new Promise(() => undefined) },
  random: { bytes: (size) => () => new Uint8Array(size) },
  http: {
    send: () => async () =>
      E.right({ status, header: (name) => O.fromNullable(headers[name]), body: Secret.make('Body', body) }),
  },
})

const CHUNK = 1_000

const decoded = async (run: Run, count: number): Promise<void> => {
  const { context, tally, secrets } = run
  const redact = Secret.redact(Object.values(secrets).map((secret) => Secret.make('Member', secret)))
  for (let done = 0; done < count; done += CHUNK) {
    const seed = whole(context.random, 0, 2 ** 31 - 1)
    let last = ''
    const ended = await fc.check(
      fc.asyncProperty(hostile(secrets), async (given) => {
        const found = wrong(
          run,
          { ...given, expected: errorsOf(given.status) },
          await ask(run, 'https://as.example/token', inMemory(given))(),
          { from: NOW, to: NOW },
        )
        if (found === undefined) return true
        last = `${found}: ${given.status} ${redact(given.body).slice(0, 200)}`
        return false
      }),
      { seed, numRuns: Math.min(CHUNK, count - done) },
    )
    // What fast-check says itself holds the secrets.
    if (ended.failed) tally.problem(`${last} (fast-check's seed ${seed})`)
    context.progress(done)
  }
}

/** A record, and its text again: what is read must be writable. */
const record: Reader = (text) =>
  pipe(CellCodec.decode(O.some(Secret.make('Record', Secret.open(text)))), E.map(CellCodec.encode))

const READERS: ReadonlyArray<Reader> = [record, metadataResponse({ issuer: 'https://as.example' }), Box.parseSettings]

/** Of what is wrong, an error names a few places. */
const LONGEST_ERROR = 1_000

/** One in so many answers of the transport in memory is joined by another document. */
const SHARE_OF_DOCUMENTS = 20

const readOthers = ({ context, tally, secrets, shows }: Run, readers: ReadonlyArray<Reader>, count: number): void => {
  const seed = whole(context.random, 0, 2 ** 31 - 1)
  for (const text of fc.sample(documents(secrets), { seed, numRuns: count })) {
    for (const [index, read] of readers.entries()) {
      const told = E.tryCatch(() => read(Secret.make('Body', text)), String)
      if (E.isLeft(told)) tally.problem(`reader ${index} threw: ${told.left.slice(0, 100)}`)
      else if (E.isLeft(told.right)) {
        const shown = printedResult(told.right)
        const { length } = AuthError.show.show(told.right.left)
        if (length > LONGEST_ERROR) tally.problem(`an error of reader ${index} has ${length} characters`)
        if (!shows(shown)) continue
        context.canaries.wrote(shown)
        tally.problem(`reader ${index}: a secret is shown`)
      }
    }
  }
}

// -----------------------------------------------------------------------------
// over sockets
// -----------------------------------------------------------------------------

/** How a server answers. */
interface Served {
  readonly name: string
  /** Whether that is a token response. */
  readonly isGood: boolean
  /** The errors that it may be. */
  readonly expected: ReadonlyArray<AuthError['_tag']>
  readonly answer: (response: ServerResponse) => void
}

const endless = (response: ServerResponse, most = Number.POSITIVE_INFINITY): void => {
  const chunk = Buffer.alloc(MOST, ' ')
  let sent = 0
  const more = (): void => {
    while (!response.destroyed && sent < most) {
      sent += chunk.length
      if (!response.write(chunk)) break
    }
    if (response.destroyed) return
    if (sent >= most) response.end()
    else response.once('drain', more)
  }
  more()
}

/** Larger than may be read, in every way; and two that may. */
const large = (good: string): ReadonlyArray<Served> => {
  // A thousand times as large as it is.
  const bomb = gzipSync(Buffer.alloc(64 * MIB, ' '))
  const zipped = gzipSync(good)
  const bad = (name: string, answer: Served['answer']): Served => ({
    name,
    isGood: false,
    expected: ['OutcomeUnknown', 'Malformed'],
    answer,
  })
  return [
    bad('a gzip bomb', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)),
    bad('gzip', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped)),
    bad('50 MiB with their length', (response) =>
      endless(response.writeHead(200, { 'content-length': 50 * MIB }), 50 * MIB),
    ),
    bad('50 MiB in chunks', (response) => endless(response.writeHead(200), 50 * MIB)),
    bad('no end', (response) => endless(response.writeHead(200))),
    bad('an error without an end', (response) => endless(response.writeHead(400))),
    bad('a byte too many', (response) => response.end(good.padEnd(MOST + 1))),
    bad('headers of 100 KiB', (response) => response.writeHead(200, { x: 'y'.repeat(102_400) }).end(good)),
    { name: 'as large as may be', isGood: true, expected: [], answer: (response) => response.end(good.padEnd(MOST)) },
  ]
}

/** One of so many answers is a large one. */
const SHARE_OF_LARGE = 8

/** How much memory grew at most while `use` ran, in bytes. */
const growth = async (use: () => Promise<void>): Promise<number> => {
  const held = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
  const before = held()
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, held() - before)
  }, 5)
  try {
    await use()
  } finally {
    clearInterval(timer)
  }
  return most
}

const served = async (run: Run, http: Parts['http'], count: number): Promise<number> => {
  const { context, tally, secrets } = run
  const { random } = context
  const good = JSON.stringify({ access_token: secrets.access, token_type: 'bearer', expires_in: 3_600 })
  const largeOnes = Math.ceil(count / SHARE_OF_LARGE)
  const small = fc
    .sample(hostile(secrets), { seed: whole(random, 0, 2 ** 31 - 1), numRuns: Math.max(1, count - largeOnes) })
    .map(
      ({ status, headers, body, isGood }): Served => ({
        name: `${status}`,
        isGood,
        // Some are longer than may be read: 20,000 brackets, escaped for a form.
        expected: Buffer.byteLength(body) > MOST ? [...errorsOf(status), 'OutcomeUnknown'] : errorsOf(status),
        answer: (response) => response.writeHead(status, headers).end(body),
      }),
    )
  const all = [...dealt(random, large(good), largeOnes), ...small].slice(0, count)
  const stopwatch = makeStopwatch()
  let most = 0
  const sockets = new Set<Socket>()
  const server = await httpServer(({ request }, response) => {
    const { socket } = request
    if (!sockets.has(socket)) {
      sockets.add(socket)
      socket.once('close', () => {
        most = Math.max(most, socket.bytesWritten - socket.writableLength)
      })
    }
    all[Number(request.url?.slice(1))]?.answer(response)
  })
  const live = nodeEnv()
  const env = { ...live, http: http(live) }
  try {
    const grown = await growth(() =>
      many(all, 8, async (given, index) => {
        const from = Date.now()
        const result = await stopwatch.time(LIMIT, ask(run, `${server.url}/${index}`, env))
        const found = wrong(run, given, result, { from, to: Date.now() })
        if (found !== undefined) tally.problem(`over a socket: ${given.name}: ${found}`)
      }),
    )
    if (grown > MOST_GROWTH) tally.problem(`memory grew by ${Math.ceil(grown / MIB)} MiB`)
  } finally {
    stopwatch.stop()
    await live.close()
    await server.close()
  }
  if (most > MOST_SENT) tally.problem(`a server got rid of ${Math.ceil(most / MIB)} MiB`)
  return stopwatch.longest()
}

// -----------------------------------------------------------------------------
// the row
// -----------------------------------------------------------------------------

/** One in so many answers comes over a socket. */
const SHARE_OF_SOCKETS = 50

export const bodiesWith = ({ decode, http, readers = READERS }: Parts): Fault => ({
  name: 'bodies',
  injection: `HTML, wrong types, hostile names, deep nesting, byte order marks, cut and doubled JSON, lifetimes that are negative, huge or no numbers, and errors that echo the request's secrets in every form: from arbitraries, to oauth2 by a transport in memory; one in ${SHARE_OF_SOCKETS} by a server, where one in ${SHARE_OF_LARGE} is a gzip bomb, 50 MiB, without an end, or a byte too large; and for each ${SHARE_OF_DOCUMENTS} of them a record, server metadata or settings, nested 20,000 deep or with 10,000 wrong members`,
  expected:
    'exactly the token responses are taken; a typed error otherwise, no secret in any of it, no lifetime beyond ten years, no changed prototype; bounded memory; nothing throws, what is read can be written again, and errors are short',
  count: 100_000,
  seconds: 30,
  test: 'answers',
  run: async (context): Promise<Findings> => {
    const { random, canaries, count } = context
    const secrets: Secrets = {
      client: canary(random, 'client'),
      refresh: canary(random, 'refresh'),
      access: canary(random, 'access'),
      next: canary(random, 'refresh'),
    }
    canaries.remember(...Object.values(secrets))
    const run: Run = {
      context,
      tally: makeTally(),
      secrets,
      decode,
      shows: showing(Object.values(secrets)),
      counts: { taken: 0, refused: 0 },
    }
    const overSockets = Math.ceil(count / SHARE_OF_SOCKETS)
    const overdue = await served(run, http, overSockets)
    await decoded(run, count - overSockets)
    readOthers(run, readers, Math.ceil(count / SHARE_OF_DOCUMENTS))
    return run.tally.findings(
      context,
      overdue,
      `${run.counts.taken} taken, ${run.counts.refused} refused; ${overSockets} over sockets`,
    )
  },
})

export const bodies = bodiesWith({ decode: tokenResponse(), http: ({ http }) => http })
