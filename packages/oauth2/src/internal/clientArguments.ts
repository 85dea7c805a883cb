import type { Argument } from '@tessera/core'
import * as AuthorizationServer from '../AuthorizationServer.js'
import * as Client from '../Client.js'

const A_CLIENT = 'what Client.make makes'

const A_SERVER = 'what AuthorizationServer.make or discovery makes'

export const SERVER: Argument = { is: AuthorizationServer.is, expected: A_SERVER }

export const CLIENT: Argument = { is: Client.is, expected: A_CLIENT }

/** A client, or a server in its place; and neither is given for the options themselves. */
export const CLIENT_OR_SERVER: Readonly<Record<'client' | 'server', Argument>> = {
  client: {
    is: (value, options) =>
      value === undefined
        ? options['server'] !== undefined && !Client.is(options)
        : Client.is(value) && options['server'] === undefined,
    expected: A_CLIENT,
  },
  server: {
    is: (value) => value === undefined || AuthorizationServer.is(value),
    expected: A_SERVER,
  },
}
