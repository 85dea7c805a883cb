// A property test of a pipeline of one's own: two to four processes share a session, while requests are lost, answers come late,
// processes die and people log out. Run it with: node --test pipeline.test.mjs
import { test } from 'node:test'
import { RetryPolicy, Strategy, seconds, TokenSource } from '@tessera/core'
import { Client, refreshToken, revocation } from '@tessera/oauth2'
import { interleavings, tokenSourceLaws } from '@tessera/testing'
import { pipe } from 'fp-ts/lib/function.js'

const client = Client.make({
  id: 'app',
  secret: 'a secret',
  tokenEndpoint: 'https://login.example/token',
  revocationEndpoint: 'https://login.example/revoke',
})

/** The pipeline as the application has it; time, network, store and key are the test's. */
const make = ({ env, store, key }) =>
  pipe(
    refreshToken({ client }),
    Strategy.within(seconds(10)),
    Strategy.retrying(RetryPolicy.exponential()),
    TokenSource.make({ store, key, revocation: revocation({ client }) }),
  )(env)()

// What several processes do together: each run is another schedule. 10,000 take about half a minute.
const { name, run } = interleavings({ make }, { numRuns: 100 })
test(name, run)

// What one process must do, law by law.
for (const law of tokenSourceLaws(make, { numRuns: 5 })) test(law.name, law.run)
