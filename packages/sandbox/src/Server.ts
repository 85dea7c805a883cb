/**
 * HTTP around the handlers: reading a request to its end, holding it at gates, breaking it by faults, answering it.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type Answer, apiError, html, refusal, refused } from './Answer.js'
import { grantTypes } from './Client.js'
import { deliver, substitute } from './Delivery.js'
import { throughDpop } from './DpopDoor.js'
import { type FaultQueue, isProcessed } from './Faults.js'
import { parseForm } from './Form.js'
import type { Gates } from './Gates.js'
import { isOwnHost } from './Hosts.js'
import { type Incoming, isForm } from './Incoming.js'
import { type OpenRecord, record } from './Journal.js'
import { messagePage } from './Pages.js'
import { findRoute, type Route } from './Routes.js'
import type { Timers } from './Timers.js'
import type { World } from './World.js'

export interface Machine {
  readonly world: World
  readonly faults: FaultQueue
  readonly gates: Gates
  readonly timers: Timers
}

/** The body; `too large` once it exceeds `limit`, after the rest was read past; `gone` if the client left. */
const readBody = (request: IncomingMessage, limit: number): Promise<Buffer | 'too large' | 'gone'> =>
  new Promise((resolve) => {
    const chunks: Array<Buffer> = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else chunks.length = 0
    })
    request.on('end', () => resolve(size <= limit ? Buffer.concat(chunks) : 'too large'))
    request.on('error', () => resolve('gone'))
    request.on('close', () => resolve('gone'))
  })

const split = (url: string): { readonly path: string; readonly query: string } => {
  const at = url.indexOf('?')
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) }
}

/** Parameter names, for the record. What does not look like a name may be a misplaced secret. */
const names = (text: string): ReadonlyArray<string> => {
  const form = parseForm(text)
  return form.ok ? form.value.names.map((name) => (/^[a-z][a-z_]{0,40}$/i.test(name) ? name : '(other)')) : []
}

const knownGrant = (body: Buffer): string | null => {
  const form = parseForm(body.toString('utf8'))
  const type = form.ok ? form.value.get('grant_type') : undefined
  if (type === undefined) return null
  return grantTypes.some((known) => known === type) ? type : 'unknown'
}

const foreignHost =
  'The name in the Host header is none of this server. Allow it by the option allowedHosts, or --allow-host of the command'

/** What goes wrong before any handler is asked, or the answer of the handler. */
const run = (world: World, route: Route, incoming: Incoming, tooLarge: boolean): Answer => {
  if (!isOwnHost(world, incoming.host)) return failure(route, incoming, 421, 'misdirected_request', foreignHost)
  // node:http leaves the body of an answer to HEAD out by itself
  const method = incoming.method === 'HEAD' ? 'GET' : incoming.method
  const handler = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined
  if (handler === undefined) return noHandler(route, incoming)
  if (tooLarge) return failure(route, incoming, 413, 'invalid_request', 'The body is too large')
  return throughDpop(world, route.endpoint, incoming, (request) => handler(world, request))
}

const noHandler = (route: Route, incoming: Incoming): Answer => {
  const allowed = Object.keys(route.methods)
  if (allowed.length === 0) return failure(route, incoming, 404, 'not_found', 'There is nothing here')
  const answer = failure(route, incoming, 405, 'method_not_allowed', 'The method is not allowed here')
  return { ...answer, headers: { ...answer.headers, allow: allowed.join(', ') } }
}

/** An error in the way of the endpoint: a page for people, Box's shape for the API, OAuth's for the rest. */
const failure = (route: Route, incoming: Incoming, status: number, code: string, message: string): Answer => {
  if (route.endpoint === 'authorize' || route.endpoint === 'activate')
    return html(status, messagePage('This request cannot be answered', message))
  return route.endpoint === 'api'
    ? apiError(status, code, message, incoming.id)
    : refused(refusal(code, message, status))
}

const handle = async (machine: Machine, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { world, faults, gates, timers } = machine
  const { path, query } = split(request.url ?? '/')
  const route = findRoute(path)
  const body = await readBody(request, route.limit)
  if (body === 'gone') return
  const incoming: Incoming = {
    id: randomBytes(8).toString('hex'),
    method: request.method ?? 'GET',
    path,
    query,
    host: request.headers.host,
    authorization: request.headers.authorization,
    contentType: request.headers['content-type'],
    dpop: request.headersDistinct['dpop']?.join(','),
    body: body === 'too large' ? Buffer.alloc(0) : body,
  }
  const grantType = route.endpoint === 'token' ? knownGrant(incoming.body) : null
  const fault = isOwnHost(world, incoming.host) ? faults.take(route.endpoint, grantType) : null
  const entry: OpenRecord = {
    at: world.clock.now(),
    endpoint: route.endpoint,
    method: incoming.method,
    path,
    grantType,
    parameters: [...names(query), ...(isForm(incoming.contentType) ? names(incoming.body.toString('utf8')) : [])],
    headers: Object.keys(request.headers),
    status: null,
    fault: fault?.kind ?? null,
  }
  record(world.journal, entry)
  if (fault !== null) world.journal.faults += 1
  await gates.wait(route.endpoint, 'before', grantType)
  if (fault?.kind === 'latency') await timers.pause(fault.ms)
  const real = fault === null || isProcessed(fault) ? run(world, route, incoming, body === 'too large') : null
  await gates.wait(route.endpoint, 'after', grantType)
  const answer = (fault === null ? null : substitute(fault, incoming.id)) ?? real
  const stamp = { date: new Date(world.clock.now()).toUTCString(), 'box-request-id': incoming.id }
  if (answer !== null) entry.status = await deliver(response, answer, stamp, fault, timers)
  else if (fault?.kind === 'reset-before') request.socket.resetAndDestroy()
}

/** Lets a server answer from a world. */
export const serve = (server: Server, machine: Machine): void => {
  server.on('request', (request, response) => {
    handle(machine, request, response).catch(() => {
      // a bug of the sandbox must look like a broken server, not take the process down
      machine.world.journal.bugs += 1
      response.destroy()
    })
  })
  server.on('clientError', (_error, socket) => {
    const date = new Date(machine.world.clock.now()).toUTCString()
    if (socket.writable)
      socket.end(`HTTP/1.1 400 Bad Request\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    else socket.destroy()
  })
}
