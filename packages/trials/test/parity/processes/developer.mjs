/**
 * Asks for developer tokens on a terminal: `developer.mjs ours|seed URL ROUNDS`. Prints the status of an API call for each.
 */
import { createInterface } from 'node:readline/promises'
import * as Box from '@tessera/box'
import { memoryStore, millis, Secret, TokenSource } from '@tessera/core'
import { nodeEnv, run } from '@tessera/node'

const [, , side, url, rounds] = process.argv

const call = async (token) => {
  const answer = await fetch(`${url}/2.0/users/me`, { headers: { authorization: `Bearer ${token}` } })
  console.log(`status ${answer.status}`)
}

const ours = async () => {
  const env = nodeEnv()
  const source = TokenSource.make({ store: memoryStore(), minimumAge: millis(0) })(Box.developerToken())(env)()
  for (let round = 0; round < Number(rounds); round++) {
    const { accessToken, refreshToken } = await run(source.get)
    if (refreshToken._tag === 'Some') throw new Error('a refresh token')
    await call(Secret.open(accessToken))
    await run(source.invalidate(accessToken))
  }
  console.log(await run(source.revoke))
  await env.close()
}

/** As Python's `input` does. */
const seed = async () => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  for (let round = 0; round < Number(rounds); round++) await call(await terminal.question('Enter developer token: '))
  terminal.close()
}

await (side === 'ours' ? ours() : seed())
