/**
 * Hono: `@tessera/web/hono`.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Context, Env, MiddlewareHandler, Next } from 'hono'
import { PRIVATE } from './internal/answers.js'
import type { Revocable, WebSession, WebSessions, WebSessionsOptions } from './WebSession.js'
import { webSessions } from './webSessions.js'

/** What {@link honoSessions} makes. */
export interface HonoSessions<C extends Revocable> {
  /** Login, callback and logout: `app.use(routes)`. */
  readonly routes: MiddlewareHandler
  /** A route, or a middleware that calls `next`, for whom somebody is logged in. */
  readonly requireSession: <Of extends Env = Env>(
    handler: (context: Context<Of>, session: WebSession<C>, next: Next) => ReturnType<MiddlewareHandler<Of>> | Response,
  ) => MiddlewareHandler<Of>
  readonly sessions: WebSessions<C>
}

/**
 * {@link webSessions} for Hono, wherever it runs.
 *
 * @example
 * import { honoSessions } from '@tessera/web/hono'
 *
 * assert.throws(() => Reflect.apply(honoSessions, undefined, [{}]), /webSessions takes/)
 */
export const honoSessions = <C extends Revocable>(options: WebSessionsOptions<C>): HonoSessions<C> => {
  const sessions = webSessions(options)
  return {
    sessions,
    routes: async (context, next) => {
      const answer = await sessions.handle(context.req.raw)
      if (answer === undefined) await next()
      return answer
    },
    requireSession: (handler) => async (context, next) =>
      E.toUnion(
        await sessions.withSession(context.req.raw, (session) => {
          context.header('cache-control', PRIVATE)
          return handler(context, session, next)
        }),
      ),
  }
}
