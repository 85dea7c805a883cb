import * as AuthorizationServer from '../AuthorizationServer.js'
import * as Client from '../Client.js'
import { argument, optional } from './arguments.js'

export const CLIENT = argument('what Client.make makes', Client.is)
export const SERVER = argument('what AuthorizationServer.make or discovery makes', AuthorizationServer.is)

/** A client, or a server in its place; neither may be given for the options themselves. */
export const CLIENT_OR_SERVER = {
  client: argument(CLIENT.expected, (value, options) =>
    value === undefined
      ? options['server'] !== undefined && !Client.is(options)
      : Client.is(value) && options['server'] === undefined,
  ),
  server: optional(SERVER),
}
