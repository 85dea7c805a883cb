/**
 * The status page, for the person's own browser: opened by a link that is good for once.
 *
 * @packageDocumentation
 */
import { randomBytes } from 'node:crypto'
import { minutes, plus } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { Broker } from '../Broker.js'
import { isSame, PAGES } from '../Door.js'
import { type Answer, header, type Incoming, json, parsed, refused, text } from '../Incoming.js'
import { type Refusal, refusal } from '../Refusal.js'
import { type Route, shownSessions, streamOf } from '../routes.js'
import { client } from './client.js'
import { STYLE } from './style.js'

const COOKIE = 'tessera-page'

/** How long the link is good for. */
const GOOD_FOR = minutes(2)

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tessera: sessions of this machine</title>
<link rel="stylesheet" href="style.css">
<script src="script.js" defer></script>
</head>
<body>
<header>
<h1>Sessions of this machine</h1>
<span id="live">connecting</span>
<p id="said" role="status"></p>
</header>
<main id="sessions"></main>
</body>
</html>
`

const GONE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Tessera</title></head>
<body><main><h1>This link was good for once</h1><p>A new one comes of: tessera serve --replace --open</p></main></body>
</html>
`

const Login = t.type({ profile: t.string })

const secret = (): string => randomBytes(24).toString('base64url')

const cookieIn = (request: Incoming): string =>
  (header(request, 'cookie') ?? '')
    .split(/; */)
    .find((each) => each.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1) ?? ''

/** The parameters of {@link statusPage}. */
export interface StatusPageOptions {
  readonly broker: Broker
  /** Begins a login of a profile, in the browser. */
  readonly logIn: (profile: string) => TE.TaskEither<Refusal, void>
}

export interface StatusPage {
  readonly route: Route
  /** A path that is good for once, within two minutes. The one before it is not any more. */
  readonly link: IO<string>
  /** Answers `POST /page` by a link, to who may have it: not behind a port. */
  readonly linkRoute: (origin: IO<O.Option<string>>) => Route
}

const html = (body: string, headers: Readonly<Record<string, string>> = {}, status = 200): Answer =>
  text(status, 'text/html; charset=utf-8', body, { ...HEADERS, ...headers })

/**
 * The page. Its path has a secret, and what is below it a cookie of that path: cookies of a host go to all of its ports, which may be
 * other users' programs.
 */
export const statusPage = ({ broker, logIn }: StatusPageOptions): StatusPage => {
  const own = `${PAGES}${secret()}/`
  const cookie = secret()
  let once: { readonly key: string; readonly until: number } | undefined

  const opened = (request: Incoming): Answer => {
    const given = request.query.get('key') ?? ''
    const good = once !== undefined && broker.clock.now() < once.until && isSame(given, once.key)
    if (!good) return html(GONE, {}, 403)
    once = undefined
    return html('', { location: own, 'set-cookie': `${COOKIE}=${cookie}; Path=${own}; HttpOnly; SameSite=Lax` }, 303)
  }

  const login = ({ body }: Incoming): T.Task<Answer> => {
    const asked = parsed(body)
    return Login.is(asked)
      ? pipe(
          logIn(asked.profile),
          TE.match(refused, () => text(202, 'text/plain', '')),
        )
      : async () => refused(refusal('invalid_request', 'the body is no JSON with a profile'))
  }

  const below = (request: Incoming): T.Task<Answer> => {
    const now =
      (answer: Answer): T.Task<Answer> =>
      async () =>
        answer
    switch (`${request.method} ${request.path.slice(own.length)}`) {
      case 'GET ':
        return now(html(HTML))
      case 'GET script.js':
        return now(text(200, 'text/javascript; charset=utf-8', `(${client.toString()})()\n`, HEADERS))
      case 'GET style.css':
        return now(text(200, 'text/css; charset=utf-8', STYLE, HEADERS))
      case 'GET sessions':
        return async () => json(await shownSessions(broker)(), 200, HEADERS)
      case 'GET events':
        return now(streamOf(broker))
      case 'POST login':
        return login(request)
      default:
        return now(refused(refusal('not_found', 'there is nothing here')))
    }
  }

  const link = (): string => {
    once = { key: secret(), until: plus(broker.clock.now(), GOOD_FOR) }
    return `${PAGES}?key=${once.key}`
  }

  return {
    route: (request) => {
      if (!request.path.startsWith(PAGES)) return O.none
      if (request.path === PAGES && request.method === 'GET') return O.some(async () => opened(request))
      const isOwn = request.path.startsWith(own) && isSame(cookieIn(request), cookie)
      return O.some(isOwn ? below(request) : async () => html(GONE, {}, 403))
    },
    link,
    linkRoute: (origin) => (request) =>
      request.method === 'POST' && request.path === '/page'
        ? pipe(
            origin(),
            O.map(
              (at): T.Task<Answer> =>
                async () =>
                  json({ url: at + link() }),
            ),
          )
        : O.none,
  }
}
