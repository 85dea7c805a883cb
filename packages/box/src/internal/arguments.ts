import type { Argument } from '@tessera/core'
import { AuthorizationServer, Client } from '@tessera/oauth2'
import * as t from 'io-ts'
import { isSettings } from '../settings.js'

const argument = (expected: string, is: Argument['is']): Argument => ({ is, expected })

/** An option that may be left out. */
export const optional = ({ is, expected }: Argument): Argument =>
  argument(expected, (value, options) => value === undefined || is(value, options))

export const CLIENT = argument('what Box.client makes', Client.is)
export const SERVER = argument('what Box.server or Box.serverAt makes', AuthorizationServer.is)
export const SIGNER = argument(
  'a signer, such as signer({ key }) of @tessera/node makes',
  (value) => t.UnknownRecord.is(value) && typeof value['sign'] === 'function',
)
export const SUBJECT = argument(
  'what Box.enterprise, Box.user or Box.remembering makes',
  (value) => typeof value === 'function' || (t.UnknownRecord.is(value) && 'sub' in value),
)
export const SETTINGS = argument('what Box.settings makes, taken out of its Right', isSettings)
export const SCOPES = argument('a list of scopes', Array.isArray)
export const TEXT = argument('a text', t.string.is)
/** A text, which may be missing in the settings: who uses it says so. */
export const named = (name: string): Argument => argument('a text', (_value, options) => name in options)

/** A client, or a server in its place, or neither; and neither is given for the options themselves. */
export const CLIENT_OR_SERVER = {
  client: argument(
    CLIENT.expected,
    (value, options) =>
      !Client.is(options) &&
      !AuthorizationServer.is(options) &&
      (value === undefined || (Client.is(value) && options['server'] === undefined)),
  ),
  server: optional(SERVER),
}
