import { Socket } from 'node:net'
import { isLoopback } from '@tessera/oauth2'
import { Agent, buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { codeOf } from './code.js'
import { CONNECT_TIMEOUT, type Connection, type ProxySettings } from './connection.js'

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

const isPlainLoopback = (url: URL): boolean => url.protocol === 'http:' && isLoopback(url)

const proxied = ({ tls, pool }: Connection, { origin: uri, credentials, tls: proxyTls }: ProxySettings): Dispatcher => {
  const clientFactory = (origin: string | URL, options: object) =>
    new Pool(origin, {
      ...options,
      headersTimeout: CONNECT_TIMEOUT,
      ...(hasConnector(options) && { connect: bounded(options.connect) }),
    })
  const direct = buildConnector(tls)
  const factory = (origin: string | URL, options: object) =>
    clientFactory(origin, isPlainLoopback(new URL(origin)) ? { ...options, connect: direct } : options)
  return new ProxyAgent({
    ...pool,
    uri,
    ...(credentials !== ':' && { token: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    requestTls: tls,
    proxyTls,
    clientFactory,
    factory,
  })
}

/** The dispatcher of a connection. */
export const makeDispatcher = (connection: Connection): Dispatcher => {
  const { proxy, tls, pool } = connection
  return proxy === undefined
    ? new Agent({ ...pool, connect: bounded(buildConnector(tls)) })
    : proxied(connection, proxy)
}
