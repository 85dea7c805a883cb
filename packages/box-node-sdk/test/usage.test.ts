import { executionAsyncResource } from 'node:async_hooks'
import { instant, Secret } from '@tessera/core'
import { makeUsage } from '../src/usage.js'

test('[A09] each client that meets a 401 leaves no more in the contexts than the first', () => {
  const kept = (): number => Object.getOwnPropertySymbols(executionAsyncResource()).length
  const meet = (): void => {
    const usage = makeUsage(() => instant(0))
    usage.handOut(Secret.make('AccessToken', 't'))
    usage.blame()
  }
  meet()
  const one = kept()
  for (let client = 0; client < 100; client++) meet()
  expect(kept()).toBe(one)
})
