import { memoize } from '@smithy/property-provider'
import { refreshing } from '../floor.js'
import { FIRST_REFRESH_TOKEN } from '../server/TokenServer.js'
import type { Peer } from './Peer.js'

interface Token {
  readonly text: string
  readonly expiration: Date
}

const memoized = (provider: () => Promise<Token>) =>
  memoize(
    provider,
    ({ expiration }) => expiration.getTime() - Date.now() <= 0,
    () => true,
  )

const textOf = (value: unknown, name: string): string => {
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  if (typeof member !== 'string') throw new Error(`the answer has no ${name}`)
  return member
}

/** It keeps what a provider brings; the provider is the application's. */
export const smithy: Peer = {
  name: '@smithy/property-provider',
  package: '@smithy/property-provider',
  cached: async () => {
    const ask = memoized(async () => ({ text: 'a', expiration: new Date(Date.now() + 3_600_000) }))
    await ask()
    return () => ask()
  },
  expired: async ({ tokenEndpoint }) => {
    let refreshToken = FIRST_REFRESH_TOKEN
    let isFirst = true
    const ask = memoized(async () => {
      if (isFirst) {
        isFirst = false
        return { text: 'old', expiration: new Date(Date.now() - 1_000) }
      }
      const body = new URLSearchParams(refreshing(refreshToken))
      const answer: unknown = await (await fetch(tokenEndpoint, { method: 'POST', body })).json()
      refreshToken = textOf(answer, 'refresh_token')
      return { text: textOf(answer, 'access_token'), expiration: new Date(Date.now() + 3_600_000) }
    })
    return () => ask()
  },
}
