import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, memoryStore, millis, Secret, Strategy, seconds, type TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  brokerServer,
  brokerSocket,
  brokerStrategy,
  listenOnSocket,
  makeBroker,
  type Refusal,
  refusalOf,
  type Sessions,
  socketDoor,
} from '../src/index.js'
import { type World, withBroker } from './support.js'

/** An application's source. */
const application = ({ path, env }: Pick<World, 'path' | 'env'>, profile?: string): TokenSource =>
  pipe(
    brokerStrategy({ socket: path, profile }),
    TokenSource.make({ store: memoryStore(), minimumAge: millis(0) }),
  )(env)()

const open = (token: TokenSet): string => Secret.open(token.accessToken)

const failureOf = async (source: TokenSource): Promise<AuthError | undefined> => {
  const got = await source.get()
  return E.isLeft(got) ? got.left : undefined
}

const LOST = { url: 'x', reason: 'reset', answer: O.none, repeatable: true }

/** What the strategy makes of a refusal. */
const answered = async ({ env, folder }: World, refusal: Refusal) => {
  const sessions: Sessions = { names: T.of([]), open: () => TE.left(refusal) }
  const { server } = brokerServer({
    broker: makeBroker({ sessions: () => sessions, clock: env.clock }),
    door: socketDoor,
  })
  const socket = join(folder, 'refusing.sock')
  const { leave } = await run(listenOnSocket({ server, path: socket, replace: true }))
  try {
    return await pipe(brokerStrategy({ socket }), Strategy.once(seconds(10)))(env)()
  } finally {
    leave()
    server.close()
  }
}

describe('brokerStrategy', () => {
  it(
    'gives many applications one session',
    withBroker(async (world) => {
      const sources = Array.from({ length: 10 }, () => application(world, 'work'))
      const tokens = await Promise.all(sources.map((source) => run(source.get)))
      expect(new Set(tokens.map(open))).toEqual(new Set(['access-1']))
      expect(tokens[0]).toMatchObject({ refreshToken: O.none, scope: ['read'], tokenType: 'bearer' })
      expect(O.isSome(tokens[0]?.expiresAt ?? O.none)).toBe(true)
      expect(world.origin.count()).toBe(1)
      expect(world.broker.tally.of('work').askers.map(({ name }) => name)).toEqual([`tessera/${process.pid}`])
    }),
  )

  it(
    'has a token that was refused to one application renewed once, for all',
    withBroker(async (world) => {
      const sources = Array.from({ length: 5 }, () => application(world))
      const tokens = await Promise.all(sources.map((source) => run(source.get)))
      const [first] = tokens
      if (first === undefined) throw new Error('there is no token')
      await Promise.all(sources.map((source) => run(source.invalidate(first.accessToken))))
      const next = await Promise.all(sources.map((source) => run(source.get)))
      expect(new Set(next.map(open))).toEqual(new Set(['access-2']))
      expect(world.origin.count()).toBe(2)
    }),
  )

  it(
    'asks for one that lives longer when its own is near its end',
    withBroker(async ({ origin, path, env, get }) => {
      origin.lifetime(60, 40)
      const attempt = Strategy.attempt(seconds(10))(env)()
      const strategy = brokerStrategy({ socket: path })
      const first = await run(strategy(attempt)(env))
      expect(open(first)).toBe('access-1')
      origin.lifetime(60)
      // The broker itself would not renew yet.
      expect(JSON.parse((await get('/token')).body).access_token).toBe('access-1')
      expect(open(await run(strategy({ ...attempt, previous: O.some(first) })(env)))).toBe('access-2')
      // Of one that is over nothing has to be said.
      const over = { ...first, expiresAt: O.some(env.clock.now()) }
      expect(open(await run(strategy({ ...attempt, previous: O.some(over) })(env)))).toBe('access-2')
      expect(origin.count()).toBe(2)
    }),
  )

  it(
    'says of a token that it was refused only if it was',
    withBroker(async (world) => {
      const { origin, path, env, broker } = world
      const refusals = () => broker.tally.of('work').refused
      const attempt = Strategy.attempt(seconds(10))(env)()
      const strategy = brokerStrategy({ socket: path })
      origin.lifetime(3_600, 600)
      const first = await run(strategy(attempt)(env))
      // It is young, and is wanted for longer than it lives.
      const longer = { ...attempt, previous: O.some(first), minValid: seconds(3_500) }
      expect(open(await run(strategy(longer)(env)))).toBe('access-2')
      expect(refusals()).toBe(0)
      // Of a source that wants one for as long as there is any, what is there suffices the broker where it is new.
      origin.lifetime(3_600)
      const source = application(world)
      const endless = source.within({ minValid: millis(Number.POSITIVE_INFINITY) })
      expect(open(await run(endless.get))).toBe('access-3')
      expect(open(await run(endless.get))).toBe('access-3')
      expect([refusals(), origin.count()]).toEqual([0, 3])
      // However old it is.
      origin.lifetime(60, 40)
      const refused = async (previous: TokenSet) =>
        run(strategy({ ...attempt, previous: O.some(previous), refused: true })(env))
      const old = await refused(await run(endless.get))
      expect([open(old), open(await refused(old)), refusals()]).toEqual(['access-4', 'access-5', 2])
    }),
  )

  it(
    'says by its errors what is the matter, and goes on when that is over',
    withBroker(async (world) => {
      const { env, origin, folder } = world
      expect(await failureOf(application({ env, path: join(folder, 'none.sock') }))).toMatchObject({
        _tag: 'Unreachable',
        reason: expect.stringContaining('tessera serve'),
      })
      expect(await failureOf(application(world, 'home'))).toMatchObject({ _tag: 'Misconfigured', field: 'profile' })

      for (const [error, expected] of [
        [AuthError.reauthenticationRequired('revoked'), { _tag: 'ReauthenticationRequired', reason: 'revoked' }],
        [AuthError.misconfigured('clientId', 'missing'), { _tag: 'Misconfigured', field: 'broker' }],
        [AuthError.outcomeUnknown(LOST), { _tag: 'OutcomeUnknown', repeatable: true }],
        [AuthError.unreachable('https://as.example', 'no address'), { _tag: 'Rejected', answer: { status: 503 } }],
        [AuthError.timedOut('the store'), { _tag: 'TimedOut' }],
      ] as const) {
        expect(await answered(world, refusalOf(error))).toMatchObject({ left: expected })
      }
      // A login is made at the broker, and nothing is kept here that would hide it.
      origin.failWith(AuthError.reauthenticationRequired('nothing to redeem'))
      const source = application(world)
      expect(await failureOf(source)).toMatchObject({ _tag: 'ReauthenticationRequired' })
      origin.failWith(null)
      await run(world.source.login(origin.strategy)(env))
      while (E.isLeft(await source.get())) await new Promise((resolve) => setImmediate(resolve))
    }),
  )

  it('has an end where a broker hangs, or ends in the middle, or is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-broker-'))
    const socket = join(folder, 's')
    const env = nodeEnv()
    let behave: 'hang' | 'reset' | 'rubbish' | 'page' = 'hang'
    const server = createServer((request, response) => {
      if (behave === 'reset') request.socket.destroy()
      if (behave === 'rubbish') response.end('{')
      if (behave === 'page') response.end(JSON.stringify({ access_token: 1 }))
    })
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    try {
      const once = (limit: number) => pipe(brokerStrategy({ socket }), Strategy.once(millis(limit)))(env)()
      expect(await once(50)).toMatchObject({ left: { _tag: 'OutcomeUnknown', repeatable: true } })
      for (const [how, tag] of [
        ['reset', 'OutcomeUnknown'],
        ['rubbish', 'Malformed'],
        ['page', 'Malformed'],
      ] as const) {
        behave = how
        expect([how, await once(10_000)]).toMatchObject([how, { left: { _tag: tag, repeatable: true } }])
      }
      behave = 'hang'
      const leaving = new AbortController()
      const attempt = Strategy.attempt(seconds(10), { signal: leaving.signal })(env)()
      const left = brokerStrategy({ socket })(attempt)(env)()
      leaving.abort(null)
      expect(await left).toEqual(E.left(AuthError.aborted))
    } finally {
      server.closeAllConnections()
      server.close()
      await env.close()
      await rm(folder, { recursive: true })
    }
  })

  it('finds the socket of this user, and takes nothing that is none', () => {
    const home = { XDG_STATE_HOME: '/state' }
    expect(brokerSocket(home)).toBe('/state/tessera/broker.sock')
    expect(brokerSocket({ ...home, XDG_RUNTIME_DIR: '/run/user/1' })).toBe('/run/user/1/tessera/broker.sock')
    expect(brokerSocket({ ...home, XDG_RUNTIME_DIR: 'relative' })).toBe('/state/tessera/broker.sock')
    expect(brokerSocket({ ...home, TESSERA_SOCKET: '/tmp/s' })).toBe('/tmp/s')
    // @ts-expect-error of a caller in JavaScript
    expect(brokerStrategy({ socket: 1 }).traits?.error).toMatchObject({ _tag: 'Misconfigured', field: 'socket' })
  })
})
