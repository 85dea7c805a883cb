/**
 * Box's authorization server, and others that speak like it.
 *
 * @packageDocumentation
 */
import { AuthorizationServer } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import { provider } from './provider.js'

/**
 * Box's endpoints; any of them can be replaced.
 *
 * Source: Box's API reference, `GET /authorize`, `POST /oauth2/token`, `POST /oauth2/revoke`. Box publishes no device
 * authorization endpoint, and its callbacks carry no `iss`.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.server().tokenEndpoint, 'https://api.box.com/oauth2/token')
 * assert.strictEqual(Box.server({ tokenEndpoint: 'https://box.example/token' }).tokenEndpoint, 'https://box.example/token')
 */
export const server = (overrides: Partial<AuthorizationServer> = {}): AuthorizationServer => ({
  ...AuthorizationServer.make({
    authorizationEndpoint: 'https://account.box.com/api/oauth2/authorize',
    tokenEndpoint: 'https://api.box.com/oauth2/token',
    revocationEndpoint: 'https://api.box.com/oauth2/revoke',
    tokenEndpointAuthMethods: ['client_secret_post'],
    provider,
  }),
  ...overrides,
})

/**
 * The same endpoints under one base URL: a local server, or a gateway in front of Box. It has a device authorization
 * endpoint too. A slash at the end of the base makes no difference.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.serverAt('http://127.0.0.1:1234').tokenEndpoint, 'http://127.0.0.1:1234/oauth2/token')
 */
export const serverAt = (base: string, overrides: Partial<AuthorizationServer> = {}): AuthorizationServer => {
  const root = base.replace(/\/+$/, '')
  return server({
    authorizationEndpoint: O.some(`${root}/api/oauth2/authorize`),
    tokenEndpoint: `${root}/oauth2/token`,
    revocationEndpoint: O.some(`${root}/oauth2/revoke`),
    deviceAuthorizationEndpoint: O.some(`${root}/oauth2/device_authorization`),
    ...overrides,
  })
}
