import { Socket } from 'node:net'
import { AuthError, Secret } from '@tessera/core'
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { codeOf } from './code.js'

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
   * for plain http to a loopback literal (`127.0.0.0/8`, `[::1]`): it stays on this machine.
   */
  readonly proxy?: string | Secret
  readonly tls?: TlsOptions
  /** The most connections to one origin. Default: no limit. */
  readonly connections?: number
}

// How long a connection may take where the deadline is further away, in ms.
const CONNECT_TIMEOUT = 10_000

const text = (value: string | Secret): string => (typeof value === 'string' ? value : Secret.open(value))

const tlsOf = ({ ca, cert, key, pfx, passphrase }: TlsOptions): buildConnector.BuildOptions => ({
  timeout: CONNECT_TIMEOUT,
  ...(ca !== undefined && { ca: [ca].flat() }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key: text(key) }),
  ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
  ...(passphrase !== undefined && { passphrase: text(passphrase) }),
})

/**
 * A connection that is being made does not keep the process alive by itself (the deadline's timer of its request does), and
 * a failure to make it is final: undici would try again, for ever, after some that a proxy causes.
 */
const bounded =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) => {
    const socket: unknown = connect(options, (...[error, connected]) => {
      if (error === null) callback(null, connected)
      else callback(Object.assign(new Error('no connection'), { code: finalCode(codeOf(error)) }), null)
    })
    if (socket instanceof Socket) socket.unref()
  }

const finalCode = (code: string): string => (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_INFO' ? 'ECONNRESET' : code)

// undici gives the factories of a proxy its own connector, which its types leave out.
const hasConnector = (options: object): options is { readonly connect: buildConnector.connector } =>
  'connect' in options && typeof options.connect === 'function'

/** The origin of a proxy, and its credentials (`:` where it has none). */
const proxyOf = (proxy: string | Secret): { readonly origin: string; readonly credentials: string } => {
  try {
    const { protocol, origin, username, password } = new URL(text(proxy))
    if (/^https?:$/.test(protocol)) {
      return { origin, credentials: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }
    }
  } catch {
    // No URL, or an escape in it that is none.
  }
  // The text is not shown: it may contain a password.
  throw AuthError.toError(AuthError.misconfigured('proxy', 'is not the http or https URL of a proxy'))
}

const PLAIN_LOOPBACK = /^http:\/\/(127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

const proxied = (proxy: string | Secret, tls: TlsOptions, pool: Pool.Options): Dispatcher => {
  const { origin: uri, credentials } = proxyOf(proxy)
  const clientFactory = (origin: string | URL, options: object) =>
    new Pool(origin, {
      ...options,
      headersTimeout: CONNECT_TIMEOUT,
      ...(hasConnector(options) && { connect: bounded(options.connect) }),
    })
  const direct = buildConnector(tlsOf(tls))
  const factory = (origin: string | URL, options: object) =>
    clientFactory(origin, PLAIN_LOOPBACK.test(new URL(origin).origin) ? { ...options, connect: direct } : options)
  return new ProxyAgent({
    ...pool,
    uri,
    ...(credentials !== ':' && { token: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    requestTls: tlsOf(tls),
    // The proxy is not shown the client's certificate.
    proxyTls: tlsOf(tls.ca === undefined ? {} : { ca: tls.ca }),
    clientFactory,
    factory,
  })
}

/** The dispatcher that the options describe. */
export const makeDispatcher = ({ connections, proxy, tls = {} }: ConnectionOptions): Dispatcher => {
  const pool = { pipelining: 1, ...(connections !== undefined && { connections }) }
  return proxy === undefined
    ? new Agent({ ...pool, connect: bounded(buildConnector(tlsOf(tls))) })
    : proxied(proxy, tls, pool)
}
