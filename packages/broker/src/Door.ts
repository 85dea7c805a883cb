/**
 * Who may come in by a port of this machine, which any program of any user, and any page in a browser, can reach.
 *
 * @packageDocumentation
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { header, isMetadataRequest } from './Incoming.js'
import { type Refusal, refusal } from './Refusal.js'

/** Who may come in, to a path as the routes have it: nothing, or what is answered instead. */
export type Door = (request: IncomingMessage, path: string) => Promise<O.Option<Refusal>> | O.Option<Refusal>

/** Whoever can open the socket is the person: its folder keeps others out. */
export const socketDoor: Door = () => O.none

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether two texts are equal, in a time that tells nothing. */
export const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

/** Where pages are for the person's own browser, which have a secret of their own. */
export const PAGES = '/page/'

const MISDIRECTED = refusal('invalid_request', 'the host of the request is not this one', { status: 421 })
const FOREIGN = refusal('unauthorized', 'the request comes from a page of another origin', { status: 403 })
const NO_BEARER = refusal('unauthorized', 'the request has not the bearer of this broker')

const OTHERS = refusal('unauthorized', 'the request comes from a program of another user', { status: 403 })

/** The parameters of {@link loopbackDoor}. */
export interface LoopbackDoorOptions {
  /** The port, which is known when the server listens. */
  readonly port: () => number
  readonly bearer: Secret<'BrokerBearer'>
  /**
   * Whether the other end of a connection is a program of this user, as {@link isOwnUser} tells. Where it is given, nobody else comes in,
   * with the bearer either: another user's program, which took the port while no broker ran, has been sent it.
   */
  readonly isOwnUser?: ((socket: Socket) => Promise<boolean>) | undefined
  /**
   * Whether Google's libraries, which send no bearer, are let in to the paths of their metadata server, where `isOwnUser` is given.
   * Default: false.
   */
  readonly metadata?: boolean | undefined
}

/** One of Google's libraries for their metadata server, and none that a proxy or a page has made. */
const isMetadata = (request: IncomingMessage, path: string): boolean =>
  request.method === 'GET' && path.startsWith('/computeMetadata/') && isMetadataRequest(request)

/** The secret that a request has: as a bearer (RFC 6750 §2.1), or as Azure's libraries send it. */
const presented = (request: IncomingMessage): string | undefined =>
  /^bearer +(\S+)$/i.exec(header(request, 'authorization') ?? '')?.[1] ?? header(request, 'x-identity-header')

/**
 * Lets in who has the bearer and means this host: a page whose name was made to resolve to this machine sends its own (DNS rebinding), and
 * a page of another origin sends that.
 */
export const loopbackDoor =
  ({ port, bearer, isOwnUser, metadata = false }: LoopbackDoorOptions): Door =>
  async (request, path) => {
    const hosts = ['127.0.0.1', 'localhost'].map((host) => new URL(`http://${host}:${port()}`))
    const origin = header(request, 'origin')
    if (!hosts.some(({ host }) => host === header(request, 'host'))) return O.some(MISDIRECTED)
    if (origin !== undefined && !hosts.some((of) => of.origin === origin)) return O.some(FOREIGN)
    if (isOwnUser !== undefined && !(await isOwnUser(request.socket))) return O.some(OTHERS)
    if (path.startsWith(PAGES)) return O.none
    if (isOwnUser !== undefined && metadata && isMetadata(request, path)) return O.none
    const given = presented(request)
    return given !== undefined && isSame(given, Secret.open(bearer)) ? O.none : O.some(NO_BEARER)
  }
