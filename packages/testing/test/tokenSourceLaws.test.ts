import { minutes, RetryPolicy, Strategy, TokenSource } from '@tessera/core'
import { Client, clientCredentials, refreshToken, revocation } from '@tessera/oauth2'
import { type MakeSource, tokenSourceLaws } from '@tessera/testing'
import { pipe } from 'fp-ts/lib/function.js'

const client = Client.make({
  id: 'app',
  secret: 's3cret',
  tokenEndpoint: 'https://server.example/token',
  revocationEndpoint: 'https://server.example/revoke',
})

const plain: MakeSource = ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)()

const retrying: MakeSource = ({ strategy, env, ...parts }) =>
  pipe(
    strategy,
    Strategy.retrying(RetryPolicy.exponential()),
    Strategy.within(minutes(1)),
    TokenSource.make(parts),
  )(env)()

const overHttp: MakeSource = ({ env, store, renewal, observe }) =>
  pipe(
    refreshToken(client),
    Strategy.retrying(RetryPolicy.exponential()),
    TokenSource.make({ store, renewal, observe, revocation: revocation(client), key: 'user' }),
  )(env)()

const service: MakeSource = ({ env, store, renewal, observe }) =>
  pipe(clientCredentials(client), TokenSource.make({ store, renewal, observe, revocation: revocation(client) }))(env)()

const keyed: MakeSource = ({ strategy, env, ...parts }) => TokenSource.keyed(parts)(() => strategy)(env)().for('ann')

describe.each<readonly [string, MakeSource, boolean]>([
  ['a strategy alone', plain, false],
  ['with retries', retrying, false],
  ['over HTTP', overHttp, false],
  ['client credentials', service, true],
  ['keyed', keyed, false],
])('%s', (_, make, selfSufficient) => {
  for (const { name, run } of tokenSourceLaws(make, { selfSufficient, numRuns: 20 })) test(name, run)
})
