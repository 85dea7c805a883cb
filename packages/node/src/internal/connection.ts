import { AuthError, Secret } from '@tessera/core'
import type { buildConnector, Pool } from 'undici'

/** How TLS servers are checked and how this client proves who it is to them. Checks cannot be switched off. */
export interface TlsOptions {
  /** Authorities to trust instead of Node's own, as PEM. */
  readonly ca?: string | ReadonlyArray<string>
  /** The client's certificate chain, as PEM (RFC 8705). */
  readonly cert?: string
  /** The key of `cert`, as PEM. */
  readonly key?: string | Secret
  /** Certificate and key in one, as PKCS #12. */
  readonly pfx?: Uint8Array
  /** Opens `key` or `pfx`. */
  readonly passphrase?: string | Secret
}

/** How servers are reached. */
export interface ConnectionOptions {
  /**
   * The http or https URL of a proxy, with its credentials if it has some. Every request goes through a CONNECT tunnel, but
   * for plain http on this machine (`localhost`, `127.0.0.0/8`, `[::1]`).
   */
  readonly proxy?: string | Secret
  readonly tls?: TlsOptions
  /** The most connections to one origin. Default: no limit. */
  readonly connections?: number
}

/** What {@link ConnectionOptions} say, read at once: what makes a dispatcher of it is loaded with the first request. */
export interface Connection {
  readonly pool: Pool.Options
  readonly tls: buildConnector.BuildOptions
  readonly proxy: ProxySettings | undefined
}

/** How a proxy is reached. */
export interface ProxySettings {
  readonly origin: string
  /** `:` where it has none. */
  readonly credentials: string
  /** It is not shown the client's certificate. */
  readonly tls: buildConnector.BuildOptions
}

/** How long a connection may take where the deadline is further away, in ms. */
export const CONNECT_TIMEOUT = 10_000

const text = (value: string | Secret): string => (typeof value === 'string' ? value : Secret.open(value))

const tlsOf = ({ ca, cert, key, pfx, passphrase }: TlsOptions): buildConnector.BuildOptions => ({
  timeout: CONNECT_TIMEOUT,
  ...(ca !== undefined && { ca: [ca].flat() }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key: text(key) }),
  ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
  ...(passphrase !== undefined && { passphrase: text(passphrase) }),
})

const proxyOf = (proxy: string | Secret, { ca }: TlsOptions): ProxySettings => {
  try {
    const { protocol, origin, username, password } = new URL(text(proxy))
    if (/^https?:$/.test(protocol)) {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
      return { origin, credentials, tls: tlsOf(ca === undefined ? {} : { ca }) }
    }
  } catch {
    // No URL, or an escape in it that is none.
  }
  // The text is not shown: it may contain a password.
  throw AuthError.toError(AuthError.misconfigured('proxy', 'is not the http or https URL of a proxy'))
}

/** @throws A typed error when `proxy` is not a URL. */
export const connectionOf = ({ connections, proxy, tls = {} }: ConnectionOptions): Connection => ({
  pool: { pipelining: 1, ...(connections !== undefined && { connections }) },
  tls: tlsOf(tls),
  proxy: proxy === undefined ? undefined : proxyOf(proxy, tls),
})
