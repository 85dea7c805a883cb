import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { type Clock, Secret } from '@tessera/core'
import type { Http, HttpFailure, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { codeOf } from './code.js'
import { after } from './timer.js'

/** The parameters of {@link agentHttp}. */
export interface AgentHttpOptions {
  readonly userAgent: string
  readonly clock: Clock
  /** For http. */
  readonly plain: Agent
  /** For https. */
  readonly secure: HttpsAgent
}

type Answer = E.Either<HttpFailure, HttpResponse>

/** Begins a request, over TLS where its URL says so. */
type Begin = (request: HttpRequest) => ClientRequest

const headersOf = ({ headers, body }: HttpRequest, userAgent: string): Record<string, string> => ({
  ...Object.fromEntries(
    headers.map(([name, value]) => [name, typeof value === 'string' ? value : Secret.open(value)] as const),
  ),
  'accept-encoding': 'identity',
  'user-agent': userAgent,
  // Node.js says it by itself for some methods only; a body whose length nobody says is read as the next request.
  ...(O.isSome(body) && { 'content-length': `${Buffer.byteLength(Secret.open(body.value))}` }),
})

const headerOf = ({ headers }: IncomingMessage, name: string): O.Option<string> => {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return value === undefined ? O.none : O.some(typeof value === 'string' ? value : value.join(', '))
}

/**
 * Whether a connection stands already: one that was kept, or one that came free while the request waited for it. Of the latter,
 * `reusedSocket` says nothing.
 */
const stands = (socket: Socket): boolean =>
  !socket.connecting && !('secureConnecting' in socket && socket.secureConnecting === true)

/** HTTP by agents of node:http and node:https. */
export const agentHttp = ({ userAgent, clock, plain, secure }: AgentHttpOptions): Http => {
  const begin: Begin = (request) => {
    const url = new URL(request.url)
    const options = { method: request.method, headers: headersOf(request, userAgent) }
    return url.protocol === 'https:'
      ? httpsRequest(url, { ...options, agent: secure })
      : httpRequest(url, { ...options, agent: plain })
  }
  return {
    send: (request) => () =>
      new Promise((resolve) => {
        exchange(begin, clock, request, resolve)
      }),
  }
}

const exchange = (begin: Begin, clock: Clock, request: HttpRequest, resolve: (answer: Answer) => void): void => {
  const { deadline, signal, maxBytes } = request
  let settled = false
  let isSent = false
  let outgoing: ClientRequest | undefined

  const settle = (answer: Answer) => {
    if (settled) return
    settled = true
    cancel()
    signal.removeEventListener('abort', onAbort)
    resolve(answer)
  }
  const fail = (cause: HttpFailure['cause'], reason: string) => {
    settle(E.left({ _tag: isSent ? 'Lost' : 'NotSent', cause, reason }))
  }
  const stop = (cause: HttpFailure['cause'], reason: string) => {
    fail(cause, reason)
    outgoing?.destroy()
  }
  const onDeadline = () => stop('deadline', 'the deadline has passed')
  const onAbort = () => stop('abort', 'aborted')
  const onError = (error: unknown) => {
    const code = codeOf(error)
    fail(code === 'HPE_HEADER_OVERFLOW' ? 'size' : 'connection', code)
  }
  // Node.js writes the request after this, and only if it was not destroyed.
  const onConnection = () => {
    // A timer may be late.
    if (!settled && deadline <= clock.now()) onDeadline()
    isSent = true
  }
  const onResponse = (response: IncomingMessage) => {
    const chunks: Buffer[] = []
    let size = 0
    const tooLarge = () => stop('size', `the answer has more than ${maxBytes} bytes`)
    if (Number(response.headers['content-length']) > maxBytes) return tooLarge()
    response
      .on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxBytes) tooLarge()
        else chunks.push(chunk)
      })
      .on('end', () =>
        settle(
          E.right({
            status: response.statusCode ?? 0,
            header: (name) => headerOf(response, name),
            body: Secret.make('Body', Buffer.concat(chunks).toString()),
          }),
        ),
      )
      .on('error', onError)
  }

  const cancel = after(Math.max(0, deadline - clock.now()), onDeadline)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  else if (deadline <= clock.now()) onDeadline()
  if (settled) return

  try {
    const started = begin(request)
    outgoing = started
    started.on('error', onError).on('response', onResponse)
    started.on('socket', (socket) => {
      if (stands(socket)) onConnection()
      else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnection)
    })
    started.end(O.isSome(request.body) ? Secret.open(request.body.value) : undefined)
  } catch (error) {
    fail('connection', codeOf(error))
  }
}
