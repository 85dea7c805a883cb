import type { Http, HttpFailure, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Dispatcher } from 'undici'
import { type UndiciHttpOptions, undiciHttp } from '../undiciHttp.js'
import { codeOf } from './code.js'
import { type ConnectionOptions, connectionOf } from './connection.js'

interface Own {
  readonly dispatcher: Dispatcher
  readonly http: Http
}

/** HTTP by connections of its own, which begin with the first request. */
export const ownHttp = (
  parameters: ConnectionOptions,
  options: Omit<UndiciHttpOptions, 'dispatcher'>,
): { readonly http: Http; readonly close: Task<void> } => {
  const connection = connectionOf(parameters)
  let making: Promise<Own> | undefined
  let own: Own | undefined
  let isClosed = false

  // To load undici takes longer than to read a session. A failure, of the file system say, is not remembered.
  const make = async (): Promise<Own> => {
    try {
      const dispatcher = (await import('./dispatcher.js')).makeDispatcher(connection)
      own = { dispatcher, http: undiciHttp({ ...options, dispatcher }) }
      return own
    } catch (error) {
      making = undefined
      throw error
    }
  }
  const notSent = (reason: string) => E.left({ _tag: 'NotSent', cause: 'connection', reason } as const)

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
      await (await making?.catch(() => undefined))?.dispatcher.close()
    },
  }
}
