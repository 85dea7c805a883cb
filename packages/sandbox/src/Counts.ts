import { endpointNames } from './Journal.js'
import type { Counts } from './Sandbox.js'
import type { World } from './World.js'

/** What the journal and the refresh tokens amount to. */
export const countsOf = ({ journal, refresh }: World): Counts => ({
  // a record over all names is built from the list of all names, which the type of fromEntries cannot tell
  byEndpoint: Object.fromEntries(
    endpointNames.map((name) => [name, journal.byEndpoint.get(name) ?? 0]),
  ) as Counts['byEndpoint'],
  byGrantType: Object.fromEntries(journal.byGrantType),
  accessTokensIssued: journal.accessIssued,
  refreshTokensIssued: journal.refreshIssued,
  tokensRevoked: journal.tokensRevoked,
  redeemed: journal.redeemed,
  repeated: journal.repeated,
  reuseRefused: journal.reuseRefused,
  doubleRedemptions: journal.repeated + journal.reuseRefused,
  familiesKilled: journal.familiesKilled,
  redemptions: [...refresh.values()].map(({ session, generation, attempts, honoured }) => ({
    session: session.id,
    generation,
    attempts,
    honoured,
  })),
  faults: journal.faults,
  internalErrors: journal.bugs,
})
