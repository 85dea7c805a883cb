import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { race } from '@tessera/core'
import type { Http, HttpFailure } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { systemClock } from '../systemClock.js'
import { type UndiciHttpOptions, undiciHttp } from '../undiciHttp.js'
import { agentHttp } from './agentHttp.js'
import { boundOf } from './bound.js'
import { codeOf } from './code.js'
import { type Connection, type ConnectionOptions, connectionOf } from './connection.js'

type Options = Omit<UndiciHttpOptions, 'dispatcher'>

interface Own {
  readonly http: Http
  /** When the requests under way are done. */
  readonly close: Task<void>
}

const notSent = (cause: HttpFailure['cause'], reason: string): HttpFailure => ({ _tag: 'NotSent', cause, reason })

/** By node:http, where there is no undici: in Bun. No request goes past a proxy: where one is given, none is sent. */
const withoutUndici = ({ proxy, tls, pool }: Connection, options: Options): Own => {
  if (proxy !== undefined) {
    const refuse = () =>
      Promise.resolve(E.left(notSent('connection', 'a proxy needs undici, which Bun has not: use Node.js or Deno')))
    return { http: { send: () => refuse }, close: () => Promise.resolve() }
  }
  const { timeout: _, ...certificates } = tls
  const agent = { keepAlive: true, ...(typeof pool.connections === 'number' && { maxSockets: pool.connections }) }
  const plain = new Agent(agent)
  const secure = new HttpsAgent({ ...agent, ...certificates })
  const http = agentHttp({ clock: systemClock, ...options, plain, secure })
  const sending = new Set<Promise<unknown>>()
  return {
    http: {
      send: (request) => async () => {
        const sent = http.send(request)()
        sending.add(sent)
        await sent
        sending.delete(sent)
        return sent
      },
    },
    close: async () => {
      await Promise.all(sending)
      plain.destroy()
      secure.destroy()
    },
  }
}

/** HTTP by connections of its own, which begin with the first request. */
export const ownHttp = (
  parameters: ConnectionOptions,
  options: Options,
): { readonly http: Http; readonly close: Task<void> } => {
  const connection = connectionOf({ ...parameters, connections: boundOf(parameters.connections) })
  const timing = { ...systemClock, ...(options.clock !== undefined && { now: options.clock.now }) }
  let making: Promise<Own> | undefined
  let own: Own | undefined
  let closing: Promise<void> | undefined
  /** The requests that wait for the connections: a close lets them go first. */
  const waiting = new Set<Promise<unknown>>()

  // To load undici takes longer than to read a session. A failure, of the file system say, is not remembered.
  const make = async (): Promise<Own> => {
    try {
      const { hasDispatcher, makeDispatcher } = await import('./dispatcher.js')
      if (hasDispatcher) {
        const dispatcher = makeDispatcher(connection)
        own = { http: undiciHttp({ ...options, dispatcher }), close: () => dispatcher.close() }
      } else own = withoutUndici(connection, options)
      return own
    } catch (error) {
      making = undefined
      throw error
    }
  }

  const ready: TaskEither<HttpFailure, Own> = async () => {
    if (closing !== undefined) return E.left(notSent('connection', 'UND_ERR_CLOSED'))
    making ??= make()
    try {
      return E.right(await making)
    } catch (error) {
      return E.left(notSent('connection', codeOf(error)))
    }
  }

  /** A busy machine may take longer to load undici than the request may take. */
  const sendFirst: Http['send'] = (request) => async () => {
    const begun = race(
      timing,
      request,
      notSent('deadline', 'the deadline has passed'),
      notSent('abort', 'aborted'),
      ready,
    )()
    waiting.add(begun)
    const made = await begun
    waiting.delete(begun)
    return E.isLeft(made) ? made : made.right.http.send(request)()
  }

  const end = async (): Promise<void> => {
    await Promise.all(waiting)
    await (await making?.catch(() => undefined))?.close()
  }

  return {
    http: {
      send: (request) => () => (own === undefined || closing !== undefined ? sendFirst : own.http.send)(request)(),
    },
    close: () => {
      // undici rejects a second one.
      closing ??= end()
      return closing
    },
  }
}
