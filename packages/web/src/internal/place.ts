import { AuthError } from '@tessera/core'
import { endpoint } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** The paths that the handler answers at. */
export interface Paths {
  readonly login: string
  readonly callback: string
  readonly logout: string
  /** Where the provider posts that a session has ended. */
  readonly backchannelLogout: string
}

/** Where the application is for its browsers: by its redirect URI, and never by what a request says of itself. */
export interface Place {
  readonly origin: string
  readonly isHttps: boolean
  readonly paths: Paths
  /** Where people come to who did not ask for a page. */
  readonly home: string
}

const LONGEST = 2_000

const within = (origin: string, path: string): O.Option<URL> =>
  pipe(
    O.tryCatch(() => new URL(path, origin)),
    O.filter((url) => path.startsWith('/') && url.origin === origin),
  )

const pathsOf = (callback: URL, given: Partial<Omit<Paths, 'callback'>>): Paths => {
  const beside = (name: string): string => new URL(name, callback).pathname
  return {
    login: given.login ?? beside('login'),
    callback: callback.pathname,
    logout: given.logout ?? beside('logout'),
    backchannelLogout: given.backchannelLogout ?? beside('backchannel-logout'),
  }
}

/** The parameters of {@link placeOf}. */
export interface PlaceOptions {
  readonly redirectUri: string
  readonly paths?: Partial<Omit<Paths, 'callback'>> | undefined
  readonly home?: string | undefined
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

export const placeOf = ({ redirectUri, paths = {}, home = '/', allowHttp }: PlaceOptions): E.Either<AuthError, Place> =>
  pipe(
    endpoint('redirectUri', O.some(redirectUri), allowHttp),
    E.map(({ url }) => new URL(url)),
    E.flatMap((callback) => {
      const all = pathsOf(callback, paths)
      const wrong = [...Object.values(all), home].find((path) => O.isNone(within(callback.origin, path)))
      if (wrong !== undefined)
        return E.left(AuthError.misconfigured('paths', `${wrong} is no path of ${callback.origin}: '/login', say`))
      if (new Set(Object.values(all)).size < Object.keys(all).length)
        return E.left(AuthError.misconfigured('paths', 'two are the same: login, logout and the redirect URI differ'))
      return E.right({
        origin: callback.origin,
        isHttps: callback.protocol === 'https:',
        paths: all,
        home: new URL(home, callback.origin).href,
      })
    }),
  )

/**
 * Where a browser may be sent after a login: a page of this application. Absolute, since of `/.//evil.example` the parser makes the path
 * `//evil.example`, which by itself would be another host.
 */
export const returnAddress = ({ origin, paths, home }: Place, asked: string | null): string =>
  pipe(
    O.fromNullable(asked),
    O.filter((text) => text.length <= LONGEST),
    O.flatMap((text) => within(origin, text)),
    O.filter(({ pathname }) => !Object.values(paths).includes(pathname)),
    O.match(
      () => home,
      ({ href }) => href,
    ),
  )

/** The path and the query of a request; the host is what the client says. */
export const pathOf = (request: Request): string => {
  const { pathname, search } = new URL(request.url)
  return `${pathname}${search}`
}
