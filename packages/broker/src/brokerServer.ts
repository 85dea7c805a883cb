/**
 * A broker that is asked over HTTP.
 *
 * @packageDocumentation
 */
import type { Server } from 'node:http'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Broker } from './Broker.js'
import type { Door } from './Door.js'
import { makeServer } from './internal/server.js'
import { azureRoute } from './protocols/azure.js'
import { googleRoute } from './protocols/google.js'
import { answering, ownRoutes, type Route } from './routes.js'

/** The parameters of {@link brokerServer}. */
export interface BrokerServerOptions {
  readonly broker: Broker
  readonly door: Door
  /** What is answered besides the broker's own paths. */
  readonly routes?: ReadonlyArray<Route> | undefined
}

/** A server that listens nowhere yet: {@link listenOnSocket}, {@link listenOnDescriptor} and {@link listenOnPort} have it do so. */
export interface BrokerServer {
  readonly server: Server
  /**
   * Answers what is under way, and what comes on connections that are there; resolves when nobody is connected any more, after 15 s at
   * most.
   */
  readonly end: Task<void>
}

/**
 * A server of HTTP over a broker: `GET /token`, `POST /refused`, `/health`, `/sessions`, `/metrics` and `/events`, and
 * what the libraries of Google and Azure ask. Headers of more
 * than 16 KiB, bodies of more than 64 KiB and clients that are slower than 15 s are refused; there are 1,024 connections at most.
 */
export const brokerServer = ({ broker, door, routes = [] }: BrokerServerOptions): BrokerServer =>
  makeServer(answering(ownRoutes(broker), azureRoute(broker), googleRoute(broker), ...routes), door, broker.clock)
