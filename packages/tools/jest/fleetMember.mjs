// @ts-nocheck It runs by itself, as the programs that call it do, which nobody checks either.
// A process of a fleet: it waits for a line, asks its source for a token, and prints which one it was given.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { AuthError, instant, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'

const some = (value) => ({ _tag: 'Some', value })
const toTokenSet = ({ access, refresh, expiresAt }) =>
  TokenSet.make(Secret.make('AccessToken', access), {
    refreshToken: some(Secret.make('RefreshToken', refresh)),
    expiresAt: some(instant(expiresAt)),
  })

const strategyAt = (server) =>
  Strategy.make({ needsRefreshToken: true }, ({ previous }) => () => async () => {
    const body = Secret.open(previous.value.refreshToken.value)
    const response = await fetch(server, { method: 'POST', body })
    return response.ok
      ? { _tag: 'Right', right: toTokenSet(await response.json()) }
      : { _tag: 'Left', left: AuthError.notApplicable('invalid_grant') }
  })

const env = {
  clock: {
    now: () => instant(Date.now()),
    sleep: (duration, signal) => () =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(wake, duration)
        signal?.addEventListener('abort', wake)
      }),
  },
  random: { bytes: (size) => () => crypto.getRandomValues(new Uint8Array(size)) },
}

/** What this process was told. */
export const config = JSON.parse(process.argv[2])

/** How long a member's store may take to answer, in ms: beside busy cores, eight that start together wait for each other. */
export const commandTimeout = 10_000

/** Shares the session of a store, and closes it when the token is there. */
export const share = async (store, close) => {
  const source = TokenSource.make({ store, key: config.key })(strategyAt(config.server))(env)()
  console.log('ready')
  await once(createInterface(process.stdin), 'line')
  const token = await source.get()
  console.log(token._tag === 'Right' ? Secret.open(token.right.accessToken) : AuthError.show.show(token.left))
  await source.settled()
  await close()
  process.stdin.destroy()
}
