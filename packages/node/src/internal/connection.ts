import { AuthError, Secret } from '@tessera/core'
import type { Pool } from 'undici'

/**
 * How TLS servers are checked and how this client proves who it is to them. Checks cannot be switched off, by
 * `NODE_TLS_REJECT_UNAUTHORIZED` neither.
 */
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

/**
 * How servers are reached with requests for tokens. Calls to an API, by `authenticatedFetch` and the `fetch` of `connect`, do not go
 * by it, but by the `fetch` that is given there: the platform's, where there is none, and that one heeds
 * `NODE_TLS_REJECT_UNAUTHORIZED`.
 */
export interface ConnectionOptions {
  /**
   * The http or https URL of a proxy, with its credentials if it has some. Every request goes through a CONNECT tunnel, but
   * for plain http on this machine (`localhost`, `127.0.0.0/8`, `[::1]`).
   *
   * `'environment'`: what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say when the environment is made, in small letters first. Where
   * there is no `HTTPS_PROXY`, https goes through `HTTP_PROXY`. `NO_PROXY` is a list of hosts with a comma or a space between
   * them: `example.org` (and what is below it), `example.org:8080`, or `*` for all.
   */
  readonly proxy?: 'environment' | (string & {}) | Secret
  readonly tls?: TlsOptions
  /**
   * The most connections to one origin, at least 1. A request beyond them waits for its turn, and is `NotSent` where its deadline comes
   * first. `Infinity`: no limit. Default: 128.
   */
  readonly connections?: number
}

/** What every agent is told: without it, `NODE_TLS_REJECT_UNAUTHORIZED=0` switches the checks of certificates off. */
export const CHECKED = { rejectUnauthorized: true } as const

/** {@link TlsOptions}, as Node.js and undici take them. */
export interface Tls {
  readonly rejectUnauthorized: true
  /** Of the connection, in ms. */
  readonly timeout: number
  readonly ca?: string[]
  readonly cert?: string
  readonly key?: string
  readonly pfx?: Buffer
  readonly passphrase?: string
}

/** What {@link ConnectionOptions} say, read at once: what makes a dispatcher of it is loaded with the first request. */
export interface Connection {
  readonly pool: Pool.Options
  readonly tls: Tls
  readonly proxy: ProxySettings | undefined
}

/** How proxies are reached, and for what. */
export interface ProxySettings {
  /** URLs with their credentials. Empty where there is none; https then goes by the one for http. */
  readonly httpProxy: string
  readonly httpsProxy: string
  /** As in `NO_PROXY`. */
  readonly noProxy: string
  /** They are not shown the client's certificate. */
  readonly proxyTls: Tls
}

/** How long a connection may take where the deadline is further away, in ms. */
export const CONNECT_TIMEOUT = 10_000

const text = (value: string | Secret): string => (typeof value === 'string' ? value : Secret.open(value))

const tlsOf = ({ ca, cert, key, pfx, passphrase }: TlsOptions): Tls => ({
  ...CHECKED,
  timeout: CONNECT_TIMEOUT,
  ...(ca !== undefined && { ca: [ca].flat() }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key: text(key) }),
  ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
  ...(passphrase !== undefined && { passphrase: text(passphrase) }),
})

/** The user and the password in a proxy's URL, for Basic authentication. Throws where an escape in it is none. */
export const credentialsOf = ({ username, password }: URL): string =>
  `${decodeURIComponent(username)}:${decodeURIComponent(password)}`

const proxyUrl = (field: string, proxy: string): string => {
  try {
    const url = new URL(proxy)
    credentialsOf(url)
    if (/^https?:$/.test(url.protocol)) return url.href
  } catch {
    // No URL, or an escape in it that is none.
  }
  // The text is not shown: it may contain a password.
  throw AuthError.toError(
    AuthError.misconfigured(field, 'is not the http or https URL of a proxy, such as http://proxy:3128'),
  )
}

/** A proxy that a variable names: without a scheme it is http, as everywhere. */
const namedProxy = (name: string): string => {
  const value = variable(name)
  if (value === '') return ''
  return proxyUrl(name, /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`)
}

const variable = (name: string): string => process.env[name.toLowerCase()] ?? process.env[name] ?? ''

const proxiesOf = (proxy: string | Secret): Omit<ProxySettings, 'proxyTls'> =>
  proxy === 'environment'
    ? { httpProxy: namedProxy('HTTP_PROXY'), httpsProxy: namedProxy('HTTPS_PROXY'), noProxy: variable('NO_PROXY') }
    : { httpProxy: proxyUrl('proxy', text(proxy)), httpsProxy: '', noProxy: '' }

const settingsOf = (proxy: string | Secret, { ca }: TlsOptions): ProxySettings | undefined => {
  const proxies = proxiesOf(proxy)
  return proxies.httpProxy === '' && proxies.httpsProxy === ''
    ? undefined
    : { ...proxies, proxyTls: tlsOf(ca === undefined ? {} : { ca }) }
}

/** @throws A typed error when `proxy`, or a variable that names one, is not a URL. */
export const connectionOf = ({ connections, proxy, tls = {} }: ConnectionOptions): Connection => ({
  // undici knows no Infinity: without a number there is no limit.
  pool: { pipelining: 1, ...(connections !== undefined && Number.isFinite(connections) && { connections }) },
  tls: tlsOf(tls),
  proxy: proxy === undefined ? undefined : settingsOf(proxy, tls),
})
