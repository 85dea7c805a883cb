/**
 * A process of a crew: shares sessions, does what it is told to, and stops or kills itself at a named point.
 */
import { createHash } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { mkdirSync, writeSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import {
  AuthError,
  CellCodec,
  type Lifecycle,
  millis,
  plus,
  Secret,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { cipher, dpopKeyInStore, nodeEnv, nodeHttp, run } from '@tessera/node'
import {
  Client,
  type Dpop,
  dpop,
  type Http,
  type HttpRequest,
  isDpopToken,
  refreshToken,
  revocation,
} from '@tessera/oauth2'
import { fileStore } from '@tessera/store-file'
import { ioRedis, redisStore } from '@tessera/store-redis'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Redis } from 'ioredis'
import { makeFastTime } from '../crew/pace.js'
import type { Answer, Command, Membership, Place, Point, Report, Start, Struck } from '../crew/protocol.js'
import { makeStopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'

/** A session, here. */
interface Joined {
  readonly source: TokenSource
  readonly api: (token: TokenSet) => Promise<void>
  /** Its lease, while there is one. */
  readonly lease: () => Omit<Struck, 'at'> | undefined
}

type Strike = Extract<Command, { readonly do: 'strike' }>

/** How long those wait who go on asking, in turn, in ms: longer than for the end of a dead process, and less. */
const PATIENCES = [40_000, 4_000, 1_000]
/** The pause between two calls of theirs, of real time. */
const PAUSE = 40

const STDOUT = 1
/** The descriptor that the server's tokens go to. */
const TOKENS = 3

const hash = (token: TokenSet): string =>
  createHash('sha256').update(Secret.open(token.accessToken)).digest('hex').slice(0, 12)

const isPost = (message: unknown): boolean => {
  if (typeof message !== 'object' || message === null || !('request' in message)) return false
  const { request } = message
  return typeof request === 'object' && request !== null && 'method' in request && request.method === 'POST'
}

const orThrow = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw new Error(AuthError.show.show(result.left))
  return result.right
}

/** As a busy loop does to a process; but this one leaves the machine to the others. */
const stall = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms)
}

/** The one key of all processes, sealed beside their sessions: the first of them makes it. */
const proofsIn = async (folder: string): Promise<Dpop> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const sealing = await run(cipher({ file: joinPath(folder, 'key'), create: true }))
  return dpop({
    key: await run(dpopKeyInStore({ store: fileStore({ folder: joinPath(folder, 'keys') }), cipher: sealing })),
  })
}

const main = async (): Promise<void> => {
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the row wrote it.
  const { pace, dpop: folder } = JSON.parse(process.argv[2] ?? '') as Start
  const proofs = folder === undefined ? undefined : await proofsIn(folder)
  const time = makeFastTime(pace)
  const env = nodeEnv()
  const stopwatch = makeStopwatch()
  const sessions = new Map<string, Joined>()
  const stores = new Map<string, TokenStore>()
  const clients: Redis[] = []
  const asking: Array<Promise<void>> = []
  let strike: Strike | undefined
  let sending: Omit<Struck, 'at'> | undefined
  let isClosing = false
  let longest = 0

  // What is written before a process is killed must be out of it.
  const say = (report: Report): void => {
    writeSync(STDOUT, `${JSON.stringify(report)}\n`)
  }

  const open = (place: Place): TokenStore => {
    const name = JSON.stringify(place)
    const there = stores.get(name)
    if (there !== undefined) return there
    const opened = place._tag === 'File' ? fileStore({ folder: place.folder }) : overRedis(place.port)
    stores.set(name, time.store(opened))
    return time.store(opened)
  }

  const overRedis = (port: number): TokenStore => {
    const client = new Redis(port, '127.0.0.1')
    client.on('error', () => undefined)
    clients.push(client)
    return redisStore(ioRedis(client))
  }

  /** Where the process is to be struck here, it comes no further before it is. */
  const reached = async (at: Point, place: Omit<Struck, 'at'>): Promise<void> => {
    if (strike === undefined || strike.at !== at || strike.key !== place.key) return
    const { by, after } = strike
    strike = undefined
    if (after > 0) await sleep(after)
    say({ tag: 'struck', ...place, at })
    const stoppedAt = performance.now()
    if (typeof by === 'string') process.kill(process.pid, by)
    else stall(by.busy)
    say({ tag: 'continued', key: place.key, stopped: performance.now() - stoppedAt, now: time.clock.now() })
    // Time has gone by: what was waited for is over first.
    await setImmediate()
  }

  // Such a request is with the operating system, and nothing can hold it back.
  for (const channel of ['undici:request:bodySent', 'http.client.request.start']) {
    subscribe(channel, (message) => {
      if (sending === undefined || !isPost(message)) return
      const place = sending
      sending = undefined
      void reached('sent', place)
    })
  }

  const get = (url: string, headers: HttpRequest['headers']): ReturnType<Http['send']> =>
    env.http.send({
      method: 'GET',
      url,
      headers,
      body: O.none,
      deadline: plus(env.clock.now(), millis(1_000)),
      signal: new AbortController().signal,
      maxBytes: 65_536,
    })

  const slim = nodeHttp({ userAgent: 'tessera-faults' })

  const join = ({ key, place, server, client: { id, secret }, early, maxStale, http: by }: Membership): void => {
    const client = Client.make({
      id,
      ...(secret !== undefined && { secret }),
      dpop: proofs,
      tokenEndpoint: `${server}/oauth2/token`,
      revocationEndpoint: `${server}/oauth2/revoke`,
    })
    const raw = open(place)
    let held: Omit<Struck, 'at'> | undefined

    /** What a commit replaces; none where the record is no commit. */
    const replacing = (cell: Lifecycle.Cell<TokenSet>): Omit<Struck, 'at'> | undefined =>
      // The next lease is of that generation too.
      held?.epoch === cell.epoch && held.generation + 1 === cell.generation && O.isNone(cell.lease) ? held : undefined

    /** What a lease says of itself; none where the record is no lease. */
    const leaseOf = ({ epoch, generation, lease: of }: Lifecycle.Cell<TokenSet>): Omit<Struck, 'at'> | undefined =>
      O.isSome(of) && O.isSome(of.value.nonce)
        ? { key, epoch, generation, recovery: of.value.recovery, until: of.value.until }
        : undefined

    const store: TokenStore = {
      ...raw,
      compareAndSet: (of, expected, next) => async () => {
        const cell = CellCodec.decode(O.some(next.record))
        const place = E.isRight(cell) ? replacing(cell.right) : undefined
        if (place !== undefined) await reached('committing', place)
        const lease = E.isRight(cell) ? leaseOf(cell.right) : undefined
        const answering = raw.compareAndSet(of, expected, next)()
        if (place !== undefined) void reached('storing', place)
        if (lease !== undefined) void reached('leasing', lease)
        const answer = await answering
        if (E.isLeft(answer) || answer.right._tag !== 'Committed') return answer
        if (lease !== undefined) {
          held = lease
          await reached('lease', lease)
        }
        if (place !== undefined) {
          held = undefined
          await reached('committed', place)
        }
        return answer
      },
    }

    const live = by === 'node' ? slim : env.http
    const http: Http = {
      send: (request) => async () => {
        const isRenewal = request.url === client.server.tokenEndpoint
        if (isRenewal && held !== undefined) await reached('sending', held)
        // The network goes by the system's clock.
        const left = (request.deadline - time.clock.now()) / pace.speed
        if (isRenewal) sending = held
        const answering = live.send({ ...request, deadline: plus(env.clock.now(), millis(left)) })()
        if (isRenewal && held !== undefined) void reached('begun', held)
        const answer = await answering
        if (!isRenewal || E.isLeft(answer) || answer.right.status !== 200) return answer
        // biome-ignore lint/nursery/noUnsafeTypeAssertion: the sandbox wrote it.
        const body = JSON.parse(Secret.open(answer.right.body)) as Record<string, string>
        writeSync(TOKENS, `${JSON.stringify({ key, access: body['access_token'], refresh: body['refresh_token'] })}\n`)
        if (held !== undefined) await reached('answered', held)
        return answer
      },
    }

    const source = pipe(
      refreshToken({ client }),
      TokenSource.make({
        store,
        key,
        revocation: revocation({ client }),
        renewBefore: millis(early),
        ...(maxStale !== undefined && { maxStale: millis(maxStale) }),
        observe: (event) => {
          if (event._tag !== 'Waiting') say({ tag: 'event', event })
        },
      }),
    )({ ...env, clock: time.clock, http })()

    const api = async (token: TokenSet, nonceLeft = true): Promise<void> => {
      const url = `${server}/2.0/users/me`
      const { accessToken } = token
      if (proofs === undefined || !isDpopToken(token)) {
        const bearer = Secret.make('Header', `Bearer ${Secret.open(accessToken)}`)
        await get(url, [['authorization', bearer]])()
        return
      }
      const bound = Secret.make('Header', `DPoP ${Secret.open(accessToken)}`)
      const { jwt, answered } = orThrow(
        await proofs.prove({ method: 'GET', url, accessToken }, { clock: time.clock })(),
      )
      const answer = await get(url, [
        ['authorization', bound],
        ['dpop', jwt],
      ])()
      if (E.isLeft(answer)) return
      const isNew = answered(answer.right.header('dpop-nonce'))
      if (answer.right.status === 401 && isNew && nonceLeft) await api(token, false)
    }

    sessions.set(key, { source, api, lease: () => held })
  }

  const session = (key: string): Joined => {
    const joined = sessions.get(key)
    if (joined === undefined) throw new Error('not joined')
    return joined
  }

  /** Runs a call that ends by its deadline. */
  const bounded = async <A>(
    source: TokenSource,
    timeout: number,
    call: (source: TokenSource) => TE.TaskEither<AuthError, A>,
  ): Promise<E.Either<AuthError, A>> => {
    const limits = { deadline: plus(time.clock.now(), millis(timeout)) }
    const ended = await stopwatch.time(timeout / pace.speed, call(source.within(limits)))
    if (stopwatch.longest() > longest) {
      longest = stopwatch.longest()
      say({ tag: 'overdue', ms: longest })
    }
    return ended
  }

  const outcomeOf = <A>(ended: E.Either<AuthError, A>, word: (right: A) => string): string => {
    if (E.isRight(ended)) return word(ended.right)
    return ended.left._tag
  }

  const ask = async (key: string): Promise<void> => {
    const { source, api } = session(key)
    let last = ''
    let used: TokenSet | undefined
    for (let turn = 0; !isClosing; turn++) {
      const got = await bounded(source, PATIENCES[turn % PATIENCES.length] ?? 0, ({ get }) => get)
      const outcome = outcomeOf(got, () => 'ok')
      if (outcome !== last && !isClosing) {
        last = outcome
        say({ tag: 'outcome', key, outcome })
        process.stderr.write(printedResult(got))
      }
      if (E.isRight(got) && got.right !== used) {
        used = got.right
        await api(used)
      }
      await sleep(PAUSE)
    }
  }

  const tell = (id: number, outcomes: ReadonlyArray<string>, tokens: ReadonlyArray<string> = []): void => {
    const counted: Record<string, number> = {}
    for (const outcome of outcomes) counted[outcome] = (counted[outcome] ?? 0) + 1
    const answer: Answer = { outcomes: counted, tokens: [...new Set(tokens)] }
    say({ tag: 'answer', id, answer })
  }

  const close = async (): Promise<void> => {
    isClosing = true
    await Promise.all(asking)
    await Promise.all([...sessions.values()].map(({ source }) => source.close()()))
    for (const client of clients) client.disconnect()
    await env.close()
    stopwatch.stop()
    input.close()
    process.stdin.destroy()
  }

  const execute = async (command: Command): Promise<void> => {
    switch (command.do) {
      case 'join':
        return join(command)
      case 'leave':
        await session(command.key).source.close()()
        sessions.delete(command.key)
        return
      case 'ask':
        asking.push(ask(command.key))
        return
      case 'strike': {
        strike = command
        const held = session(command.key).lease()
        if (held !== undefined) void reached('waiting', held)
        return
      }
      case 'jump':
        return time.jump(command.ms)
      case 'close':
        return close()
      case 'login': {
        const { access, refresh } = command.pair
        const now = time.clock.now()
        const token = TokenSet.make(Secret.make('AccessToken', access), {
          refreshToken: O.some(Secret.make('RefreshToken', refresh)),
          issuedAt: O.some(now),
          expiresAt: O.some(plus(now, millis(command.expiresIn))),
        })
        const ended = await session(command.key).source.login(() => () => TE.right(token))({})()
        return tell(command.id, [outcomeOf(ended, () => 'ok')])
      }
      case 'get': {
        const { source } = session(command.key)
        const calls = Array.from({ length: command.callers }, () => bounded(source, command.timeout, ({ get }) => get))
        say({ tag: 'begun', id: command.id })
        const ended = await Promise.all(calls)
        const outcomes = ended.map((each) => outcomeOf(each, () => 'ok'))
        for (const each of new Set(ended.filter(E.isLeft))) process.stderr.write(printedResult(each))
        return tell(
          command.id,
          outcomes,
          ended.flatMap((each) => (E.isRight(each) ? [hash(each.right)] : [])),
        )
      }
      case 'revoke': {
        const ended = await bounded(session(command.key).source, command.timeout, ({ revoke }) => revoke)
        process.stderr.write(printedResult(ended))
        return tell(command.id, [outcomeOf(ended, (word) => word)])
      }
      case 'inspect': {
        const ended = await session(command.key).source.inspect()
        process.stderr.write(printedResult(ended))
        return tell(command.id, [outcomeOf(ended, ({ state }) => state)])
      }
      case 'settle':
        await session(command.key).source.settled()
        return tell(command.id, ['settled'])
    }
  }

  const input = createInterface({ input: process.stdin }).on('line', (line) => {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: the row wrote it.
    void execute(JSON.parse(line) as Command)
  })
  // Without a parent there is nobody to tell anything.
  process.stdin.once('end', () => {
    if (!isClosing) process.exit(1)
  })
  // A request to nowhere loads what requests need: later that would take of a time that runs faster.
  void get('', [])().then(() => say({ tag: 'ready' }))
}

await main()
