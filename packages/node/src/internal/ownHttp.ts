import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Http, HttpFailure, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { type UndiciHttpOptions, undiciHttp } from '../undiciHttp.js'
import { agentHttp } from './agentHttp.js'
import { codeOf } from './code.js'
import { type Connection, type ConnectionOptions, connectionOf } from './connection.js'

type Options = Required<Omit<UndiciHttpOptions, 'dispatcher'>>

interface Own {
  readonly http: Http
  /** When the requests under way are done. */
  readonly close: Task<void>
}

const notSent = (reason: string) => E.left({ _tag: 'NotSent', cause: 'connection', reason } as const)

/** By node:http, where there is no undici: in Bun. No request goes past a proxy: where one is given, none is sent. */
const withoutUndici = ({ proxy, tls, pool }: Connection, options: Options): Own => {
  if (proxy !== undefined) {
    const refuse = () => Promise.resolve(notSent('a proxy needs undici, which Bun has not: use Node.js or Deno'))
    return { http: { send: () => refuse }, close: () => Promise.resolve() }
  }
  const { timeout: _, ...certificates } = tls
  const agent = { keepAlive: true, ...(typeof pool.connections === 'number' && { maxSockets: pool.connections }) }
  const plain = new Agent(agent)
  const secure = new HttpsAgent({ ...agent, ...certificates })
  const http = agentHttp({ ...options, plain, secure })
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
  const connection = connectionOf(parameters)
  let making: Promise<Own> | undefined
  let own: Own | undefined
  let isClosed = false

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

  const sendFirst = async (request: HttpRequest): Promise<E.Either<HttpFailure, HttpResponse>> => {
    if (isClosed) return notSent('UND_ERR_CLOSED')
    making ??= make()
    let made: Own
    try {
      made = await making
    } catch (error) {
      return notSent(codeOf(error))
    }
    return made.http.send(request)()
  }

  return {
    http: {
      send: (request) => () => (own === undefined || isClosed ? sendFirst(request) : own.http.send(request)()),
    },
    close: async () => {
      isClosed = true
      await (await making?.catch(() => undefined))?.close()
    },
  }
}
