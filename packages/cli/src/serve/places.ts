/**
 * Where a broker listens, and how it stops.
 */
import { dirname, join, resolve } from 'node:path'
import {
  activated,
  agentServer,
  type Broker,
  bearerFile,
  brokerServer,
  brokerSocket,
  isOwnUser,
  type Listening,
  listenOnDescriptor,
  listenOnPort,
  listenOnSocket,
  loopbackDoor,
  type Route,
  socketDoor,
  tellsUsers,
} from '@tessera/broker'
import { AuthError, type Clock, millis, plus, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** What is answered besides, at the socket and at the port. */
export interface Besides {
  readonly socket: ReadonlyArray<Route>
  readonly port: ReadonlyArray<Route>
}

/** What the options say of it. */
export interface PlaceOptions {
  readonly socket?: string
  /** The port of 127.0.0.1; none unless it is named. */
  readonly tcp?: number
  readonly replace: boolean
  /** Whether Google's libraries are answered at the port without its bearer. */
  readonly gce: boolean
  /** Whether oidc-agent's clients have a socket of their own. */
  readonly oidcAgent: boolean
}

/** A port, and the file of its bearer. */
export interface Port {
  readonly url: string
  readonly bearer: string
}

/** Where a broker listens. */
export interface Places {
  readonly socket: string
  readonly port: O.Option<Port>
  readonly agent: O.Option<string>
}

/** One place, with what ends it. */
interface Open {
  readonly listening: Listening
  readonly end: Task<void>
}

/** A broker that listens. */
export interface Served {
  readonly places: Places
  /** Why it is not at the port, or not at the socket of oidc-agent: another broker has given way to it, so it serves without them. */
  readonly missing: ReadonlyArray<AuthError>
  /** Abort when another broker has taken a place. */
  readonly replaced: ReadonlyArray<AbortSignal>
  /** Nobody new comes, and what is under way is answered. */
  readonly end: Task<void>
}

/** The socket that the options or the environment name. */
export const socketOf = (
  { socket }: Pick<PlaceOptions, 'socket'>,
  variables: Readonly<Record<string, string | undefined>>,
): string => (socket === undefined ? brokerSocket(variables) : resolve(socket))

const stays = (): Listening => ({ replaced: new AbortController().signal, leave: () => undefined })

const atDescriptor = (broker: Broker, fd: number, routes: ReadonlyArray<Route>): TE.TaskEither<AuthError, Open> => {
  const { server, end } = brokerServer({ broker, door: socketDoor, routes })
  return pipe(
    listenOnDescriptor(server, fd),
    TE.map((listening) => ({ listening, end })),
  )
}

const atSocket = (
  broker: Broker,
  path: string,
  replace: boolean,
  routes: ReadonlyArray<Route>,
): TE.TaskEither<AuthError, Open> => {
  const { server, end } = brokerServer({ broker, door: socketDoor, routes })
  return pipe(
    listenOnSocket({ server, path, replace }),
    TE.map((listening) => ({ listening, end })),
  )
}

const atAgentSocket = (broker: Broker, path: string): TE.TaskEither<AuthError, Open> => {
  const { server, end } = agentServer(broker)
  return pipe(
    // Whoever has the broker's own socket has this one.
    listenOnSocket({ server, path, replace: true }),
    TE.map((listening) => ({ listening, end })),
  )
}

const atPort = (
  broker: Broker,
  wanted: number,
  file: string,
  { gce, tells }: { readonly gce: boolean; readonly tells: boolean },
  routes: ReadonlyArray<Route>,
): TE.TaskEither<AuthError, Open & { readonly port: Port }> => {
  let taken = wanted
  return pipe(
    bearerFile(file),
    TE.flatMap((bearer) => {
      const door = loopbackDoor({ port: () => taken, bearer, metadata: gce, ...(tells && { isOwnUser }) })
      const { server, end } = brokerServer({ broker, door, routes })
      return pipe(
        listenOnPort(server, wanted),
        TE.map((port) => {
          taken = port
          return { listening: stays(), end, port: { url: `http://127.0.0.1:${port}`, bearer: file } }
        }),
      )
    }),
  )
}

const untold = (): AuthError =>
  AuthError.misconfigured(
    'gce',
    "this system does not tell whose program asks at a port, and Google's libraries send no bearer",
  )

/** A broker that gives way leaves its port within this time. */
const LEAVING = seconds(15)

/** Tries again until it goes well, or the time is over. */
const patient =
  <A>(clock: Clock, opening: TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
  async () => {
    const until = plus(clock.now(), LEAVING)
    for (;;) {
      const found = await opening()
      if (E.isRight(found) || clock.now() >= until) return found
      await clock.sleep(millis(100))()
    }
  }

/** Listens at all places that the options name, or at none; one that may have replaced another keeps its socket in any case. */
export const serveAt =
  (
    broker: Broker,
    options: PlaceOptions,
    variables: Readonly<Record<string, string | undefined>>,
    besides: Besides,
  ): TE.TaskEither<AuthError, Served> =>
  async () => {
    const socket = socketOf(options, variables)
    const beside = (name: string): string => join(dirname(socket), name)
    const open: Open[] = []
    const end = async (): Promise<void> => {
      for (const { listening } of open) listening.leave()
      await Promise.all(open.map((each) => each.end()))
    }
    const opened = <A extends Open>(opening: TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, A> =>
      pipe(
        opening,
        TE.map((each) => {
          open.push(each)
          return each
        }),
      )
    const missing: AuthError[] = []
    const besideMain = <A extends Open>(opening: TE.TaskEither<AuthError, A>): TE.TaskEither<AuthError, O.Option<A>> =>
      options.replace
        ? pipe(
            patient(broker.clock, opened(opening)),
            TE.match(
              (error) => {
                missing.push(error)
                return E.right(O.none)
              },
              (each) => E.right(O.some(each)),
            ),
          )
        : pipe(opened(opening), TE.map(O.some))
    const descriptors = activated(variables)
    const main: TE.TaskEither<AuthError, unknown> =
      descriptors.length > 0
        ? pipe(
            descriptors,
            TE.traverseSeqArray((fd) => opened(atDescriptor(broker, fd, besides.socket))),
          )
        : opened(atSocket(broker, socket, options.replace, besides.socket))
    const { tcp, gce, oidcAgent } = options
    const tells = await tellsUsers()
    const served = await pipe(
      gce && !tells ? TE.left(untold()) : main,
      TE.map(() => ({})),
      TE.bind('port', () =>
        tcp === undefined
          ? TE.right<AuthError, O.Option<Port>>(O.none)
          : pipe(
              besideMain(atPort(broker, tcp, beside('broker.bearer'), { gce, tells }, besides.port)),
              TE.map(O.map(({ port }) => port)),
            ),
      ),
      TE.bind('agent', () =>
        oidcAgent
          ? pipe(besideMain(atAgentSocket(broker, beside('oidc.sock'))), TE.map(O.map(() => beside('oidc.sock'))))
          : TE.right<AuthError, O.Option<string>>(O.none),
      ),
    )()
    if (E.isLeft(served)) {
      await end()
      return served
    }
    const { port, agent } = served.right
    return E.right({
      places: { socket, port, agent },
      missing,
      // The broker's own socket says whose the place is.
      replaced: open.slice(0, 1).map(({ listening }) => listening.replaced),
      end,
    })
  }
