/**
 * One session for every tool of a machine: a broker that gives its tokens over a socket, and the strategy that asks it.
 *
 * @packageDocumentation
 */
export { type Broker, type BrokerOptions, type Given, makeBroker, type Shown, type TokenRequest } from './Broker.js'
export { bearerFile } from './bearerFile.js'
export { type BrokerServer, type BrokerServerOptions, brokerServer } from './brokerServer.js'
export { type BrokerStrategyOptions, brokerStrategy } from './brokerStrategy.js'
export { type Door, type LoopbackDoorOptions, loopbackDoor, socketDoor } from './Door.js'
export type { Events, Happening } from './Events.js'
export type { Answer, Incoming } from './Incoming.js'
export {
  activated,
  isTaken,
  type Listening,
  listenOnDescriptor,
  listenOnPort,
  listenOnSocket,
  type SocketOptions,
} from './listening.js'
export { type StatusPage, type StatusPageOptions, statusPage } from './page/pageRoute.js'
export { isOwnUser, tellsUsers } from './peer.js'
export { azureRoute } from './protocols/azure.js'
export { googleRoute } from './protocols/google.js'
export { type AgentServer, agentServer } from './protocols/oidcAgent.js'
export { type Refusal, type RefusalCode, refusal, refusalOf } from './Refusal.js'
export type { Route } from './routes.js'
export { type OpenSession, type Sessions, sessionsOf, unknownProfile } from './Sessions.js'
export { brokerSocket } from './socketPath.js'
export type { Asker, Counts, Minute, Tally } from './Tally.js'
