import type { Endpoint } from './Journal.js'
import type { Counts, Redemptions } from './Sandbox.js'
import type { RefreshToken, World } from './World.js'

/** How a refresh token was redeemed, without the token. */
export const redemptions = ({ session, generation, attempts, honoured }: RefreshToken): Redemptions => ({
  session: session.id,
  generation,
  attempts,
  honoured,
})

const byEndpoint = (counts: ReadonlyMap<Endpoint, number>): Counts['byEndpoint'] => {
  const of = (endpoint: Endpoint): number => counts.get(endpoint) ?? 0
  return {
    authorize: of('authorize'),
    token: of('token'),
    revoke: of('revoke'),
    device_authorization: of('device_authorization'),
    activate: of('activate'),
    metadata: of('metadata'),
    api: of('api'),
    unknown: of('unknown'),
  }
}

/** What the journal and the refresh tokens amount to. */
export const countsOf = ({ journal, refresh }: World): Counts => ({
  byEndpoint: byEndpoint(journal.byEndpoint),
  byGrantType: Object.fromEntries(journal.byGrantType),
  accessTokensIssued: journal.accessIssued,
  refreshTokensIssued: journal.refreshIssued,
  tokensRevoked: journal.tokensRevoked,
  redeemed: journal.redeemed,
  repeated: journal.repeated,
  reuseRefused: journal.reuseRefused,
  doubleRedemptions: journal.repeated + journal.reuseRefused,
  familiesKilled: journal.familiesKilled,
  redemptions: [...refresh.values()].map(redemptions),
  faults: journal.faults,
  internalErrors: journal.bugs,
})
