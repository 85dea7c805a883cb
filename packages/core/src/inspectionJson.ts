import { iso } from './Time.js'
import type { Inspection } from './TokenSource.js'

/**
 * What can be said of a session, as a JSON object: the members of {@link Inspection} but the key, with their names in snake case and times
 * in ISO 8601, or null.
 *
 * @example
 * import { inspectionJson, memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource, run } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const source = openSource(pipe(remoteCallback(() => 'abc'), TokenSource.make({ store: memoryStore() })))
 * void run(source.inspect).then((inspection) => assert.strictEqual(inspectionJson(inspection).state, 'empty'))
 */
export const inspectionJson = (of: Inspection) => ({
  state: of.state,
  expires_at: iso(of.expiresAt),
  renews_at: iso(of.renewsAt),
  refresh_token: of.refreshToken,
  epoch: of.epoch,
  generation: of.generation,
  scope: of.scope,
  waiting_until: iso(of.waitingUntil),
})
