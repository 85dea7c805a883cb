/**
 * Login, callback, logout and who is there, over `Request` and `Response`.
 *
 * @packageDocumentation
 */
import { type Argument, AuthError, checking, minutes, raised } from '@tessera/core'
import { Client } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { adding, problem, redirect } from './internal/answers.js'
import { callbackOf } from './internal/callback.js'
import { type Context, contextOf } from './internal/context.js'
import { failingOf } from './internal/failing.js'
import { keyOf } from './internal/keys.js'
import { loginOf } from './internal/login.js'
import { backchannelLogoutOf, endOf, logoutOf } from './internal/logout.js'
import { pathOf } from './internal/place.js'
import { isForged, isPage } from './internal/requests.js'
import type { Handler, Revocable, WebSessions, WebSessionsOptions } from './WebSession.js'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const having = (expected: string, ...names: ReadonlyArray<string>): Argument => ({
  is: (value) => isRecord(value) && names.every((name) => typeof value[name] === 'function'),
  expected,
})

const ARGUMENTS: Readonly<Record<string, Argument>> = {
  client: { is: Client.is, expected: 'what Client.make makes' },
  redirectUri: { is: (value) => typeof value === 'string', expected: 'a URL' },
  users: having('what connectUsers makes', 'for', 'login'),
  cipher: having('a cipher, such as aesGcm({ write }) of @tessera/node makes', 'seal', 'open'),
  store: having('a store, such as memoryStore() makes', 'get', 'compareAndSet'),
  env: { is: (value) => isRecord(value) && isRecord(value['clock']), expected: 'an environment, such as nodeEnv()' },
}

const MONTH = minutes(30 * 24 * 60)

const only =
  (method: string, handler: Handler): Handler =>
  async (request) =>
    request.method === method
      ? handler(request)
      : problem(405, 'Method Not Allowed', `${method} is what is answered here`, { allow: method })

/** The answer to a request without a login. */
const uninvitedOf =
  <C extends Revocable>({ place: { origin, paths } }: Context<C>) =>
  (request: Request): Response => {
    if (!isPage(request))
      return problem(401, 'Unauthorized', `Nobody is logged in in this browser: ${origin}${paths.login}`, {
        // The challenge that a 401 has to have (RFC 9110 §15.5.2).
        'www-authenticate': `Cookie realm="${origin}"`,
      })
    // A form that was posted cannot be posted again by a redirect.
    const back = request.method === 'GET' ? `?return_to=${encodeURIComponent(pathOf(request))}` : ''
    return redirect(`${origin}${paths.login}${back}`)
  }

const needsLogin = (thrown: unknown): boolean =>
  AuthError.isException(thrown) && thrown.error._tag === 'ReauthenticationRequired'

const make = <C extends Revocable>(context: Context<C>): WebSessions<C> => {
  const { application, place, find, tell } = context
  const failing = failingOf(context)
  const uninvited = uninvitedOf(context)
  const end = endOf(context)
  const handlers = {
    login: only('GET', loginOf(context, failing)),
    callback: only('GET', callbackOf(context, failing)),
    logout: logoutOf(context),
    backchannelLogout: only('POST', backchannelLogoutOf(context)),
  }

  const withSession: WebSessions<C>['withSession'] = async (request, use) => {
    if (isForged(place, request)) return E.left(problem(403, 'Forbidden', 'The request comes from another origin'))
    const found = await find(request)()
    if (E.isLeft(found)) {
      tell({ _tag: 'Failed', error: found.left })
      return E.left(
        problem(503, 'Service Unavailable', 'The sessions cannot be read at the moment', { 'retry-after': '1' }),
      )
    }
    if (O.isNone(found.right)) return E.left(uninvited(request))
    try {
      return E.right(await use(found.right.value.session))
    } catch (thrown) {
      if (!needsLogin(thrown)) throw thrown
      return E.left(uninvited(request))
    }
  }

  return {
    ...handlers,
    paths: place.paths,
    handle: async (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === place.paths.login) return handlers.login(request)
      if (pathname === place.paths.callback) return handlers.callback(request)
      if (pathname === place.paths.logout) return handlers.logout(request)
      const isTold = context.options.logoutToken !== undefined && pathname === place.paths.backchannelLogout
      return isTold ? handlers.backchannelLogout(request) : undefined
    },
    withSession,
    keyOf: (sub) => keyOf(application, sub),
    requireSession: (handler) => async (request) =>
      pipe(
        await withSession(request, (session) => handler(request, session)),
        E.match(
          (answer) => answer,
          (answer) => adding(answer, []),
        ),
      ),
    end: async (user) => {
      const ended = await end(user)()
      if (E.isLeft(ended)) throw AuthError.toError(ended.left)
    },
  }
}

/**
 * Browser sessions for people who log in at a provider: each person has a cookie in the browser, and tokens in `users`.
 *
 * The cookie holds the person's `sub` and a session id, sealed. The session itself is in the store, so that the server can end one
 * session, or all sessions of a person. Each login creates a new id. A login in progress has its own cookie for ten minutes, so that tabs
 * do not disturb each other. Only the browser that started a login can complete it.
 *
 * @throws A {@link AuthError.toError | typed error} where the redirect URI is plain http at another machine, or a path is none.
 *
 * @example
 * import { memoryStore } from '@tessera/core'
 * import { aesGcm, connectUsers, generateKey, nodeEnv, run, systemRandom } from '@tessera/node'
 * import { Client, refreshToken } from '@tessera/oauth2'
 * import { webSessions } from '@tessera/web'
 *
 * const client = Client.make({
 *   id: 'app',
 *   secret: 's3cret',
 *   issuer: 'https://as.example',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 * })
 * const env = nodeEnv()
 * const store = memoryStore()
 * const web = webSessions({
 *   client,
 *   redirectUri: 'https://app.example/callback',
 *   scope: ['openid', 'offline_access'],
 *   users: connectUsers(() => refreshToken({ client }), { store, env, origins: ['https://api.example'] }),
 *   cipher: await run(async () => aesGcm({ write: generateKey(systemRandom)() })),
 *   store,
 *   env,
 * })
 * // An answer of the application's own: the API's headers are for the application.
 * const page = web.requireSession(async (_, { connection }) => {
 *   const me = await connection.fetch('https://api.example/me')
 *   return Response.json(await me.json())
 * })
 *
 * const answer = await page(new Request('https://app.example/me', { headers: { accept: 'text/html' } }))
 * assert.strictEqual(answer.headers.get('location'), 'https://app.example/login?return_to=%2Fme')
 * const login = await web.login(new Request('https://app.example/login?return_to=%2Fme'))
 * assert.match(login.headers.get('location') ?? '', /^https:\/\/as\.example\/authorize\?state=/)
 * assert.match(login.headers.get('set-cookie') ?? '', /^__Host-session-login-\w{8}=.+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/)
 */
export const webSessions = <C extends Revocable>(options: WebSessionsOptions<C>): WebSessions<C> =>
  checking<WebSessionsOptions<C>, WebSessions<C>>(
    'webSessions takes { client, redirectUri, users, cipher, store, env, … }',
    ARGUMENTS,
    raised,
    (given) => pipe(contextOf(given, given.maxAge ?? MONTH), E.match(raised, make)),
  )(options)
