/** A broker over a source of this process, at a socket of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  type Attempt,
  type AuthError,
  instant,
  memoryStore,
  millis,
  Secret,
  Strategy,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, nodeEnv, run, systemClock } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Broker,
  type BrokerServer,
  brokerServer,
  type Door,
  type Listening,
  listenOnPort,
  listenOnSocket,
  makeBroker,
  type Sessions,
  sessionsOf,
  socketDoor,
} from '../src/index.js'

/** Where tokens come from: `access-1`, `access-2`, … */
export interface Origin {
  readonly strategy: Strategy<unknown>
  /** How many were issued, or asked for in vain. */
  readonly count: () => number
  /** From now on it fails with this; null ends it. */
  readonly failWith: (error: AuthError | null) => void
  /** Of the tokens that are issued from now on, in s, and how old they are then. */
  readonly lifetime: (seconds: number, age?: number) => void
  /** What is asked from now on is answered when this is called. */
  readonly hold: () => () => void
}

export const makeOrigin = (prefix = 'access'): Origin => {
  let count = 0
  let failure: AuthError | null = null
  let life = 3_600
  let age = 0
  let gate: Promise<void> = Promise.resolve()
  const issue = async (_: Attempt): Promise<E.Either<AuthError, TokenSet>> => {
    count += 1
    const number = count
    await gate
    if (failure !== null) return E.left(failure)
    const at = systemClock.now() - age * 1_000
    return E.right(
      TokenSet.make(Secret.make('AccessToken', `${prefix}-${number}`), {
        refreshToken: O.some(Secret.make('RefreshToken', `refresh-${number}`)),
        issuedAt: O.some(instant(at)),
        expiresAt: O.some(instant(at + life * 1_000)),
        scope: ['read'],
        members: new Map([['id_token', Secret.make('Member', `"id-${number}"`)]]),
      }),
    )
  }
  return {
    strategy: Strategy.make({}, (attempt) => () => () => issue(attempt)),
    count: () => count,
    failWith: (error) => {
      failure = error
    },
    lifetime: (seconds, old = 0) => {
      life = seconds
      age = old
    },
    hold: () => {
      let release = (): void => undefined
      gate = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
  }
}

export interface Said {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks once, along a connection of its own. */
export const ask = (
  where: { readonly socketPath: string } | { readonly port: number },
  path: string,
  {
    method = 'GET',
    body,
    headers = {},
  }: { readonly method?: string; readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Said> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...where, path, method, agent: false, headers }, (response) => {
      text(response).then(
        (said) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: said }),
        reject,
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })

export interface World {
  readonly folder: string
  readonly path: string
  readonly env: NodeEnv
  readonly origin: Origin
  readonly source: TokenSource
  readonly broker: Broker
  readonly listening: Listening
  readonly server: BrokerServer
  readonly get: (path: string) => Promise<Said>
  readonly post: (path: string, body: unknown) => Promise<Said>
  /** Another broker over the same sessions, at the same path. */
  readonly another: (replace: boolean) => Promise<E.Either<AuthError, { listening: Listening; server: BrokerServer }>>
  /** The same broker at a port, by a door. */
  readonly atPort: (door: (port: () => number) => Door) => Promise<number>
}

export const withBroker =
  (use: (world: World) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-broker-'))
    const path = join(folder, 'broker.sock')
    const env = nodeEnv()
    const origin = makeOrigin()
    let heard: Parameters<Parameters<typeof makeBroker>[0]['sessions']>[0] = () => undefined
    const source = pipe(
      origin.strategy,
      TokenSource.make({ store: memoryStore(), observe: (event) => heard('work', event), minimumAge: millis(0) }),
    )(env)()
    const makeSessions = (observe: typeof heard): Sessions => {
      heard = observe
      const { names, open } = sessionsOf({ work: source })
      // Of a person, who may log in.
      return {
        names,
        open: (asked) =>
          pipe(
            open(asked),
            TE.map((session) => ({ ...session, canLogIn: true })),
          ),
      }
    }
    const servers: BrokerServer[] = []
    const places: Listening[] = []
    const serve = (broker: Broker, door = socketDoor): BrokerServer => {
      const server = brokerServer({ broker, door })
      servers.push(server)
      return server
    }
    try {
      const broker = makeBroker({ sessions: makeSessions, clock: systemClock })
      const server = serve(broker)
      const listening = await run(listenOnSocket({ server: server.server, path }))
      places.push(listening)
      await use({
        folder,
        path,
        env,
        origin,
        source,
        broker,
        listening,
        server,
        get: (target) => ask({ socketPath: path }, target),
        post: (target, body) => ask({ socketPath: path }, target, { method: 'POST', body: JSON.stringify(body) }),
        another: (replace) => {
          const successor = serve(makeBroker({ sessions: () => sessionsOf({ work: source }), clock: systemClock }))
          return pipe(
            listenOnSocket({ server: successor.server, path, replace }),
            TE.map((of) => {
              places.push(of)
              return { listening: of, server: successor }
            }),
          )()
        },
        atPort: async (door) => {
          let port = 0
          const { server: http } = serve(
            broker,
            door(() => port),
          )
          port = await run(listenOnPort(http, 0))
          return port
        },
      })
    } finally {
      for (const { leave } of places) leave()
      for (const { server } of servers) {
        const closed = new Promise((resolve) => server.close(resolve))
        server.closeAllConnections()
        await closed
      }
      await env.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
