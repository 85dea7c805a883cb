/** Other honest sources, and what is broken in which way, are in `packages/proof`. */
import { millis, RetryPolicy, Strategy, seconds, TokenSource } from '@tessera/core'
import { Client, refreshToken, revocation } from '@tessera/oauth2'
import { type MakeSource, modelledSource, sourceCommands, tokenSourceLaws } from '@tessera/testing'
import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'

const client = Client.make({
  id: 'app',
  secret: 's3cret',
  tokenEndpoint: 'https://server.example/token',
  revocationEndpoint: 'https://server.example/revoke',
})

const overHttp: MakeSource = ({ env, store, key, renewal, observe }) =>
  pipe(
    refreshToken({ client }),
    Strategy.retrying(RetryPolicy.exponential()),
    TokenSource.make({ store, key, renewal, observe, revocation: revocation({ client }) }),
  )(env)()

describe('over HTTP, with retries', () => {
  for (const { name, run } of tokenSourceLaws(overHttp, { numRuns: 20 })) test(name, run)
})

test('a source that is given another time-out keeps them too, where it says so', async () => {
  const hasty: MakeSource = ({ strategy, env, ...parts }) =>
    pipe(strategy, TokenSource.make({ ...parts, timeout: seconds(4) }))(env)()
  for (const { run } of tokenSourceLaws(hasty, { numRuns: 5, sourceTimeout: seconds(4) })) await run()
})

test('names are distinct', () => {
  const names = tokenSourceLaws(overHttp).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('commands: what a source does otherwise than the model is found, by few of them', async () => {
  const forgetful: MakeSource = (parts) => {
    const source = overHttp(parts)
    return { ...source, invalidate: () => async () => ({ _tag: 'Right', right: undefined }) }
  }
  const property = fc.asyncProperty(fc.commands([...sourceCommands], { size: '+1' }), (commands) =>
    fc.asyncModelRun(modelledSource({ make: forgetful }), commands),
  )
  const details = await fc.check(property, { seed: 1, numRuns: 500 })
  expect(details.failed).toBe(true)
  expect(String(details.counterexample)).toMatch(/^\d+ ms pass,refuse what is in the store \//)
  expect(String(details.errorInstance)).toMatch(/the store has .*, and the model .*, refused, 1 refusals, None/)
})

test('commands: a session of a source in memory', async () => {
  const { model, real } = await modelledSource({ make: overHttp, mode: { _tag: 'NoRotation' } })()
  await real.bench.clock.advance(millis(3_600_000))
  expect(model.cell).toMatchObject({ epoch: 1, generation: 1 })
  expect(await real.cell()).toMatchObject({ epoch: 1, generation: 1 })
  expect(real.bench.server.counts()).toMatchObject({ logins: 1, redeemed: 0 })
})
