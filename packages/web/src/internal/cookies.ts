import type { Duration } from '@tessera/core'
import type { Place } from './place.js'

/** The cookies that the handler sets (RFC 6265, and `__Host-` of its successor). */
export interface Cookies {
  /** Those that a request brings, with their names and as they are. */
  readonly read: (request: Request) => ReadonlyMap<string, string>
  readonly session: string
  /** The name of a login's own, so that tabs do not take each other's. */
  readonly login: (id: string) => string
  /** A line of `Set-Cookie`. */
  readonly set: (name: string, value: string, maxAge: Duration) => string
  readonly clear: (name: string) => string
}

/**
 * Over https the names begin with `__Host-`: the browser then takes them from this host alone, for all paths and over TLS, so that no page of
 * a sister domain can put one of its own in their place. Over http, which is for this machine, browsers refuse such names.
 */
export const cookiesOf = ({ isHttps }: Place, name: string): Cookies => {
  const session = `${isHttps ? '__Host-' : ''}${name}`
  const line = (of: string, value: string, seconds: number): string =>
    `${of}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`
  return {
    read: (request) =>
      new Map(
        (request.headers.get('cookie') ?? '')
          .split(/; ?/)
          .map((pair): [string, string] => {
            const at = pair.indexOf('=')
            return [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)]
          })
          // Of two with one name the first is of the narrower path: the one that a browser means.
          .reverse(),
      ),
    session,
    login: (id) => `${session}-login-${id}`,
    set: (of, value, maxAge) => line(of, value, Math.floor(maxAge / 1_000)),
    clear: (of) => line(of, '', 0),
  }
}
