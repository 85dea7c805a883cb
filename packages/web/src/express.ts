/**
 * Express: `@tessera/web/express`.
 *
 * @packageDocumentation
 */
import type { Request as ExpressRequest, Response as ExpressResponse, NextFunction, RequestHandler } from 'express'
import * as E from 'fp-ts/lib/Either.js'
import { PRIVATE } from './internal/answers.js'
import { MOST } from './internal/body.js'
import { formText, headerLists, toRequest } from './internal/nodeMessages.js'
import type { Revocable, WebSession, WebSessions, WebSessionsOptions } from './WebSession.js'
import { webSessions } from './webSessions.js'

/** What {@link expressSessions} makes. */
export interface ExpressSessions<C extends Revocable> {
  /** Login, callback and logout: `app.use(routes)`. */
  readonly routes: RequestHandler
  /** A route, or a middleware that calls `next`, for whom somebody is logged in. */
  readonly requireSession: (
    handler: (
      request: ExpressRequest,
      response: ExpressResponse,
      session: WebSession<C>,
      next: NextFunction,
    ) => unknown,
  ) => RequestHandler
  readonly sessions: WebSessions<C>
}

const send = async (response: ExpressResponse, answer: Response): Promise<void> => {
  for (const [name, value] of headerLists(answer)) response.setHeader(name, value)
  response.status(answer.status).end(await answer.text())
}

/** What is too long is read no further than to see that it is. */
const read = async (request: ExpressRequest): Promise<string> => {
  // The parsers of Express 4 leave an empty text of a form, {}, also where they have read nothing.
  const parsed = formText(request.body)
  if (request.readableEnded) return parsed ?? ''
  if (parsed !== undefined && parsed !== '') return parsed
  const decoder = new TextDecoder()
  let text = ''
  // The connection stays, for the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (text.length > MOST) break
  }
  return text
}

/**
 * {@link webSessions} for Express 4 and 5.
 *
 * @example
 * import { expressSessions } from '@tessera/web/express'
 *
 * assert.throws(() => Reflect.apply(expressSessions, undefined, [{}]), /webSessions takes/)
 */
export const expressSessions = <C extends Revocable>(options: WebSessionsOptions<C>): ExpressSessions<C> => {
  const sessions = webSessions(options)
  const ofRoute = async (request: ExpressRequest): Promise<Response | undefined> => {
    const path = request.originalUrl.split('?', 1)[0]
    const isRead = request.method === 'POST' && path === sessions.paths.backchannelLogout
    return sessions.handle(toRequest(request, request.originalUrl, isRead ? await read(request) : undefined))
  }
  return {
    sessions,
    routes: async (request, response, next) => {
      try {
        const answer = await ofRoute(request)
        if (answer === undefined) next()
        else await send(response, answer)
      } catch (error) {
        next(error)
      }
    },
    requireSession: (handler) => async (request, response, next) => {
      try {
        const used = await sessions.withSession(toRequest(request, request.originalUrl), async (session) => {
          response.setHeader('cache-control', PRIVATE)
          await handler(request, response, session, next)
        })
        if (E.isLeft(used)) await send(response, used.left)
      } catch (error) {
        next(error)
      }
    },
  }
}
