/**
 * A Box application as an OAuth 2.0 client.
 *
 * @packageDocumentation
 */
import { checking, raised, type Secret } from '@tessera/core'
import { type AuthorizationServer, Client, ClientAuthentication } from '@tessera/oauth2'
import { named, optional, SERVER } from './internal/arguments.js'
import { server as boxServer } from './server.js'

/** The device that Box pins a session to. An empty text sends nothing. */
export interface Device {
  /** Default: `0`, as Box's Python package sends it. */
  readonly id?: string
  /** Default: empty. */
  readonly name?: string
}

/** The parameters of {@link client}. */
export interface ClientOptions {
  readonly id: string
  readonly secret: Secret<'ClientSecret'> | string
  readonly device?: Device
  /** Default: `Box.server()`. */
  readonly server?: AuthorizationServer
}

const pinning = ({ id = '0', name = '' }: Device): Readonly<Record<string, string>> => ({
  ...(id !== '' && { box_device_id: id }),
  ...(name !== '' && { box_device_name: name }),
})

/**
 * A Box application. It authenticates in the body of the request, as Box wants it (RFC 6749 §2.3.1), and its token
 * requests carry `box_device_id` and `box_device_name`, each only where it is not empty.
 *
 * @throws A {@link AuthError.toError | typed error} where `id` or `secret` is not among the options.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * const client = Box.client({ id: 'app', secret: 's3cret' })
 * assert.deepStrictEqual(client.parameters, { box_device_id: '0' })
 */
export const client: (options: ClientOptions) => Client = checking(
  'Box.client takes { id, secret, device?, server? }',
  { id: named('id'), secret: named('secret'), server: optional(SERVER) },
  raised,
  ({ id, secret, device = {}, server = boxServer() }) =>
    Client.make({ id, authentication: ClientAuthentication.post(secret), server, parameters: pinning(device) }),
)
