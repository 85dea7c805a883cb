/**
 * A login on another device.
 *
 * @packageDocumentation
 */
import { Strategy } from '@tessera/core'
import { type DeviceCodeOptions, deviceCode } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Login } from './Login.js'

/**
 * A login by a code that the person types on another device (RFC 8628): for machines without a browser.
 *
 * @example
 * import { byDevice } from '@tessera/mcp'
 *
 * const login = byDevice({
 *   onUserCode: ({ verificationUri, userCode }) => console.error(`Open ${verificationUri} and type ${userCode}`),
 * })
 * assert.strictEqual(login.interactive, true)
 */
export const byDevice = ({ onUserCode }: Pick<DeviceCodeOptions, 'onUserCode'>): Login => ({
  interactive: true,
  strategy: ({ clientFor, scope }) =>
    Strategy.make({ interactive: true }, (attempt) =>
      pipe(
        clientFor([]),
        RTE.flatMap((client) => deviceCode({ client, scope, onUserCode })(attempt)),
      ),
    ),
})
