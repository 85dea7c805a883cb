/** Core's own runs are in `packages/core/test/interleaving*`, what is broken in which way in `packages/proof`. */
import { type Cipher, encrypted, memoryStore, minutes, RetryPolicy, Secret, Strategy, TokenSource } from '@tessera/core'
import { Client, clientCredentials, refreshToken, revocation } from '@tessera/oauth2'
import { type InterleavingsConfig, interleavings, type MakeSource, rotations } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
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

/** It binds as a cipher does, and hides nothing. */
const open: Cipher = {
  seal: (plaintext, slot) => () => `${slot} ${Secret.open(plaintext)}`,
  open: (sealed, slot) => E.right(Secret.make('Record', sealed.slice(slot.length + 1))),
}
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

const failure = async (config: InterleavingsConfig, numRuns = 50): Promise<string> => {
  try {
    await interleavings(config, { numRuns, seed: 1 }).run()
    return 'none'
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}

test.each<readonly [string, InterleavingsConfig]>([
  ...rotations(minutes(1)).map((mode) => [JSON.stringify(mode), { make: plain, mode }] as const),
  ['over HTTP, with retries', { make: overHttp }],
  ['client credentials over HTTP', { make: service, selfSufficient: true }],
  ['a strategy that needs no refresh token', { make: plain, selfSufficient: true }],
  ['an encrypted store', { make: plain, store: () => encrypted(open)(memoryStore()) }],
  ['a store with a lock', { make: plain, store: locked }],
])('kept: %s', async (_, config) => {
  expect(await failure(config)).toBe('none')
})

test('a broken one is told as a story', async () => {
  const make: MakeSource = (parts) => plain({ ...parts, store: { ...parts.store, get: memoryStore().get } })
  const text = await failure({ make, properties: ['served in the end'] })
  expect(text).toMatch(
    /^not so: in every interleaving: served in the end\nbecause "served in the end" is broken: process \d/,
  )
  expect(text).toMatch(/The story:\n {2}0 ms: the session has access-1, which is /)
  expect(text).toMatch(/\n {2}2 processes; the token is due; renewal: background; the store wakes nobody\n/)
  expect(text).not.toContain('access-1 is served')
})

test('one session at a time', async () => {
  let opened = 0
  const make: MakeSource = ({ strategy, env, ...parts }) =>
    pipe(strategy, TokenSource.make({ ...parts, key: `user ${opened++}` }))(env)()
  expect(await failure({ make })).toContain('the processes share one session, and their keys are user ')
})

test('a layer above the store is told where it belongs', async () => {
  const make: MakeSource = (parts) => plain({ ...parts, store: encrypted(open)(parts.store) })
  expect(await failure({ make })).toMatch(/the record cannot be read|StoreFailed|is broken/)
})
