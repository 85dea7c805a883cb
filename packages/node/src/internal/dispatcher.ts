import { Socket } from 'node:net'
import { isLoopback } from '@tessera/oauth2'
import {
  Agent,
  buildConnector,
  type Dispatcher,
  EnvHttpProxyAgent,
  Pool,
  FormData as UndiciFormData,
  fetch as undiciFetch,
} from 'undici'
import { carried } from './carried.js'
import { codeOf } from './code.js'
import { CONNECT_TIMEOUT, type Connection, credentialsOf, type ProxySettings } from './connection.js'
import { flatten } from './headers.js'

/**
 * A connection that is being made does not keep the process alive by itself (the deadline's timer of its request does), and
 * a failure to make it is final: undici would try again, for ever, after some that a proxy causes.
 */
const bounded =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) => {
    const socket: unknown = connect(options, (...[error, connected]) => {
      if (error === null) callback(null, connected)
      else {
        const code = finalCode(codeOf(error))
        callback(Object.assign(new Error('no connection'), { name: code, code }), null)
      }
    })
    if (socket instanceof Socket) socket.unref()
  }

/**
 * One that is made keeps the process alive, as undici takes for granted of what it is handed: it lets go of the connection when that is
 * idle, and takes hold of it again with the next request.
 */
const held =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) => {
    connect(options, (...[error, connected]) => {
      if (error === null) callback(null, connected.ref())
      else callback(error, null)
    })
  }

/** What answers are read of. */
const toTarget = (connect: buildConnector.connector): buildConnector.connector => held(bounded(connect))

const finalCode = (code: string): string => (code === 'UND_ERR_SOCKET' || code === 'UND_ERR_INFO' ? 'ECONNRESET' : code)

// undici gives the factories of a proxy its own connector, which its types leave out.
const hasConnector = (options: object): options is { readonly connect: buildConnector.connector } =>
  'connect' in options && typeof options.connect === 'function'

const isPlainLoopback = (url: URL): boolean => url.protocol === 'http:' && isLoopback(url)

const poolOf = (origin: string | URL, options: object, reaching: typeof bounded): Pool =>
  new Pool(origin, { ...options, ...(hasConnector(options) && { connect: reaching(options.connect) }) })

/** It is asked for tunnels only: its answer is a part of making a connection. */
const poolOfProxy = (origin: string, options: object): Pool =>
  poolOf(origin, { ...options, headersTimeout: CONNECT_TIMEOUT }, bounded)

/** undici leaves out the credentials of a URL that has a user or a password alone. */
const authorized = (proxy: URL, client: Dispatcher): Dispatcher => {
  if ((proxy.username === '') === (proxy.password === '')) return client
  const basic = `Basic ${Buffer.from(credentialsOf(proxy)).toString('base64')}`
  return client.compose(
    (dispatch) => (options, handler) =>
      dispatch({ ...options, headers: [...flatten(options.headers), 'proxy-authorization', basic] }, handler),
  )
}

const proxied = ({ tls, pool }: Connection, proxies: ProxySettings): Dispatcher => {
  const direct = buildConnector(tls)
  return new EnvHttpProxyAgent({
    ...pool,
    ...proxies,
    // Of what goes by no proxy.
    connect: direct,
    requestTls: tls,
    clientFactory: (proxy, options) => authorized(new URL(proxy), poolOfProxy(new URL(proxy).origin, options)),
    factory: (origin, options) =>
      poolOf(origin, isPlainLoopback(new URL(origin)) ? { ...options, connect: direct } : options, toTarget),
  })
}

/** Whether undici is there. Bun has one of its own under this name that cannot send by a dispatcher. */
export const hasDispatcher: boolean = 'dispatch' in Agent.prototype

/** undici's `fetch`, whose types differ from the platform's: that has another version of it built in. Each takes what the other has. */
const send: (input: string | URL, init: object) => Promise<unknown> = undiciFetch

const isResponse = (value: unknown): value is Response =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value

/** What undici reads of one of its own only. */
const partsOf = (request: Request): object => {
  const { method, headers, body, redirect, signal } = request
  return { ...carried(request), method, headers, redirect, signal, ...(body !== null && { body, duplex: 'half' }) }
}

/** undici writes a form of its own class only, and of any other object its name: of the platform's, too. */
const readable = (init: RequestInit | null | undefined): object => {
  const { body } = init ?? {}
  if (!(body instanceof FormData)) return init ?? {}
  const form = new UndiciFormData()
  for (const [name, value] of body) form.append(name, value)
  return { ...init, body: form }
}

/** The longest that a timer can be set to, in ms. */
const LONGEST = 2 ** 31 - 1

/** Keeps the process alive until the answer is there: a connection that is being made does not, and there is no deadline's timer. */
const awaited = async <A>(answer: Promise<A>): Promise<A> => {
  const alive = setInterval(() => undefined, LONGEST)
  try {
    return await answer
  } finally {
    clearInterval(alive)
  }
}

/** A `fetch` that sends by a dispatcher. */
export const fetchBy =
  (dispatcher: Dispatcher): typeof fetch =>
  async (input, init) => {
    const answer = await awaited(
      input instanceof Request
        ? send(input.url, { ...partsOf(input), ...readable(init), dispatcher })
        : send(input, { ...readable(init), dispatcher }),
    )
    if (isResponse(answer)) return answer
    throw new TypeError('undici answered no response')
  }

/** The dispatcher of a connection. */
export const makeDispatcher = (connection: Connection): Dispatcher => {
  const { proxy, tls, pool } = connection
  return proxy === undefined
    ? new Agent({ ...pool, connect: toTarget(buildConnector(tls)) })
    : proxied(connection, proxy)
}
