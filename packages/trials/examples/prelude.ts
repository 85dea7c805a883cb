/**
 * What a fence that says `ts sandbox` finds there already: a running server, a client of it, and `Box`.
 */
import * as Box from '@tessera/box'
import { type Sandbox, startSandbox } from '@tessera/sandbox'

export const box: Sandbox = await startSandbox()
export const client = Box.client({ id: box.client.id, secret: box.client.secret, server: Box.serverAt(box.url) })
export { Box }
