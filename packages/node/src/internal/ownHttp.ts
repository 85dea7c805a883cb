import type { Http } from '@tessera/oauth2'
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
  let made: Promise<Own> | undefined
  let isClosed = false

  // To load undici takes longer than to read a session. A failure, of the file system say, is not remembered.
  const make = async (): Promise<Own> => {
    try {
      const dispatcher = (await import('./dispatcher.js')).makeDispatcher(connection)
      return { dispatcher, http: undiciHttp({ ...options, dispatcher }) }
    } catch (error) {
      made = undefined
      throw error
    }
  }
  const notSent = (reason: string) => E.left({ _tag: 'NotSent', cause: 'connection', reason } as const)

  return {
    http: {
      send: (request) => async () => {
        if (isClosed) return notSent('UND_ERR_CLOSED')
        made ??= make()
        try {
          return await (await made).http.send(request)()
        } catch (error) {
          return notSent(codeOf(error))
        }
      },
    },
    close: async () => {
      isClosed = true
      await (await made?.catch(() => undefined))?.dispatcher.close()
    },
  }
}
