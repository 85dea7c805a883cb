import { race } from '@tessera/core'
import type { Http, HttpFailure } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Dispatcher } from 'undici'
import { systemClock } from '../systemClock.js'
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
  const timing = { ...systemClock, ...(options.clock !== undefined && { now: options.clock.now }) }
  let making: Promise<Own> | undefined
  let own: Own | undefined
  let isClosed = false
  /** The requests that wait for the connections: a close lets them go first. */
  const waiting = new Set<Promise<unknown>>()

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
  const notSent = (cause: HttpFailure['cause'], reason: string): HttpFailure => ({ _tag: 'NotSent', cause, reason })

  const ready: TaskEither<HttpFailure, Own> = async () => {
    if (isClosed) return E.left(notSent('connection', 'UND_ERR_CLOSED'))
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

  return {
    http: {
      send: (request) => () => (own === undefined || isClosed ? sendFirst : own.http.send)(request)(),
    },
    close: async () => {
      isClosed = true
      await Promise.all(waiting)
      await (await making?.catch(() => undefined))?.dispatcher.close()
    },
  }
}
