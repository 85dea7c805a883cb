// A process that shares a session through files, with whichever release is installed beside it. It does what the lines of its
// standard input say: `later MS` puts its clock forward, `get` prints the token that it is given, or why there is none.
import { createInterface } from 'node:readline'
import { AuthError, instant, millis, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
import { fileStore } from '@tessera/store-file'

const { folder, server, refreshToken, ahead } = JSON.parse(process.argv[2])
const some = (value) => ({ _tag: 'Some', value })

let offset = ahead
const clock = {
  now: () => instant(Date.now() + offset),
  sleep: (duration, signal) => () =>
    new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(wake, duration)
      signal?.addEventListener('abort', wake)
    }),
}

const toTokenSet = ({ access, refresh, expiresAt }) =>
  TokenSet.make(Secret.make('AccessToken', access), {
    refreshToken: some(Secret.make('RefreshToken', refresh)),
    issuedAt: some(clock.now()),
    expiresAt: some(instant(expiresAt)),
  })

const strategy = Strategy.make({ needsRefreshToken: true }, ({ previous }) => () => async () => {
  const body = Secret.open(previous.value.refreshToken.value)
  const response = await fetch(server, { method: 'POST', body })
  return response.ok
    ? { _tag: 'Right', right: toTokenSet(await response.json()) }
    : { _tag: 'Left', left: AuthError.notApplicable('invalid_grant') }
})

const source = TokenSource.make({
  store: fileStore({ folder }),
  key: 'shared',
  initial: toTokenSet({ access: 'first', refresh: refreshToken, expiresAt: 0 }),
  minimumAge: millis(0),
  renewal: 'blocking',
  observe: (event) => event._tag === 'Renewing' && console.log(`renewing ${event.generation} ${event.recovery}`),
})(strategy)({ clock, random: { bytes: (size) => () => crypto.getRandomValues(new Uint8Array(size)) } })()

for await (const line of createInterface(process.stdin)) {
  const [command, argument] = line.split(' ')
  if (command === 'later') offset += Number(argument)
  if (command === 'get') {
    source.get().then((token) => {
      const told = token._tag === 'Right' ? Secret.open(token.right.accessToken) : AuthError.show.show(token.left)
      console.log(`token ${told}`)
    })
  }
}
