/**
 * Fastify: `@tessera/web/fastify`.
 *
 * @packageDocumentation
 */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import * as E from 'fp-ts/lib/Either.js'
import { PRIVATE } from './internal/answers.js'
import { MOST } from './internal/body.js'
import { formText, headerLists, toRequest } from './internal/nodeMessages.js'
import type { Revocable, WebSession, WebSessions, WebSessionsOptions } from './WebSession.js'
import { webSessions } from './webSessions.js'

/** What {@link fastifySessions} makes. */
export interface FastifySessions<C extends Revocable> {
  /** Login, callback and logout: `await app.register(routes)`. */
  readonly routes: FastifyPluginAsync
  /** A route, or a hook such as `preHandler`, for whom somebody is logged in. */
  readonly requireSession: <Route extends RouteGenericInterface = RouteGenericInterface>(
    handler: (request: FastifyRequest<Route>, reply: FastifyReply, session: WebSession<C>) => unknown,
  ) => (request: FastifyRequest<Route>, reply: FastifyReply) => Promise<unknown>
  readonly sessions: WebSessions<C>
}

const send = async (reply: FastifyReply, answer: Response): Promise<FastifyReply> => {
  reply.code(answer.status)
  for (const [name, value] of headerLists(answer)) reply.header(name, value)
  reply.send(await answer.text())
  return reply
}

/**
 * {@link webSessions} for Fastify.
 *
 * @example
 * import { fastifySessions } from '@tessera/web/fastify'
 *
 * assert.throws(() => Reflect.apply(fastifySessions, undefined, [{}]), /webSessions takes/)
 */
export const fastifySessions = <C extends Revocable>(options: WebSessionsOptions<C>): FastifySessions<C> => {
  const sessions = webSessions(options)
  return {
    sessions,
    routes: async (app) => {
      // Forms are posted here, which Fastify by itself does not read. The application's own parsers stay as they are.
      app.removeAllContentTypeParsers()
      app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MOST }, (_, body, done) => done(null, body))
      for (const url of Object.values(sessions.paths))
        app.route({
          method: ['GET', 'POST'],
          url,
          handler: async (request, reply) => {
            const body = request.method === 'POST' ? formText(request.body) : undefined
            const answer = await sessions.handle(toRequest(request, request.originalUrl, body))
            return send(reply, answer ?? new Response(null, { status: 404 }))
          },
        })
    },
    requireSession: (handler) => async (request, reply) => {
      const used = await sessions.withSession(toRequest(request, request.originalUrl), (session) => {
        reply.header('cache-control', PRIVATE)
        return handler(request, reply, session)
      })
      return E.isLeft(used) ? send(reply, used.left) : used.right
    },
  }
}
