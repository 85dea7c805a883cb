/** The laws of sources and their interleavings, of core and of oauth2, in few runs. */
import { memoryStore, minutes, RetryPolicy, Strategy, TokenSource } from '@tessera/core'
import { Client, clientCredentials, refreshToken, revocation } from '@tessera/oauth2'
import { type InterleavingsConfig, interleavings, type MakeSource, rotations, tokenSourceLaws } from '@tessera/testing'
import { pipe } from 'fp-ts/lib/function.js'

const client = Client.make({
  id: 'app',
  secret: 's3cret',
  tokenEndpoint: 'https://server.example/token',
  revocationEndpoint: 'https://server.example/revoke',
})
const plain: MakeSource = ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)()
const overHttp: MakeSource = ({ env, store, key, renewal, observe }) =>
  pipe(
    refreshToken({ client }),
    Strategy.retrying(RetryPolicy.exponential()),
    TokenSource.make({ store, key, renewal, observe, revocation: revocation({ client }) }),
  )(env)()
const service: MakeSource = ({ env, store, key, renewal, observe }) =>
  pipe(
    clientCredentials({ client }),
    TokenSource.make({ store, key, renewal, observe, revocation: revocation({ client }) }),
  )(env)()
const locked = () => {
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...memoryStore(),
    exclusive:
      <A>(_: string, use: () => Promise<A>) =>
      () => {
        const turn = last.then(use)
        last = turn.catch(() => undefined)
        return turn
      },
  }
}

for (const { name, run } of tokenSourceLaws(overHttp, { numRuns: 8 })) test(name, run)

const worlds: ReadonlyArray<readonly [string, InterleavingsConfig]> = [
  ...rotations(minutes(1)).map((mode) => [mode._tag, { make: plain, mode }] as const),
  ['over HTTP', { make: overHttp }],
  ['client credentials over HTTP', { make: service, selfSufficient: true }],
  ['a store with a lock', { make: plain, store: locked }],
]
for (const [name, config] of worlds) test(`interleavings: ${name}`, interleavings(config, { numRuns: 20 }).run)
