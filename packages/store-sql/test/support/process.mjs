// A process of a fleet: it waits for a line, asks its source for a token, and prints which one it was given.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { DatabaseSync } from '@photostructure/sqlite'
import { AuthError, instant, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
import { nodeSqlite, sqlStore } from '@tessera/store-sql'

const { path, server } = JSON.parse(process.argv[2])

const some = (value) => ({ _tag: 'Some', value })
const toTokenSet = ({ access, refresh, expiresAt }) =>
  TokenSet.make(Secret.make('AccessToken', access), {
    refreshToken: some(Secret.make('RefreshToken', refresh)),
    expiresAt: some(instant(expiresAt)),
  })

const strategy = Strategy.make({ needsRefreshToken: true }, ({ previous }) => () => async () => {
  const body = Secret.open(previous.value.refreshToken.value)
  const response = await fetch(server, { method: 'POST', body, headers: { connection: 'close' } })
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

const store = sqlStore(nodeSqlite(new DatabaseSync(path, { timeout: 0 })), { commandTimeout: 60_000 })
// The source stays subscribed: nothing of the store's keeps the process alive.
const source = TokenSource.make({ store, key: 'fleet' })(strategy)(env)()
console.log('ready')
await once(createInterface(process.stdin), 'line')
const token = await source.get()
console.log(token._tag === 'Right' ? Secret.open(token.right.accessToken) : AuthError.show.show(token.left))
await source.settled()
process.stdin.destroy()
