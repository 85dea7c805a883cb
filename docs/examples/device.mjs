// A program on a machine without a browser: the person types a code on another device (RFC 8628). The session is in a file,
// sealed, so that the next start and every other process of this user go on with it.
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { cipher, connect, encrypted, nodeEnv, run } from '@tessera/node'
import { Client, deviceCode, discovery, refreshToken, revocation } from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import { fileStore } from '@tessera/store-file'

// A local server to try it on, with somebody who types the code.
const server = await startSandbox({ dialect: 'generic', ttl: { interval: 1 } })
const person = ({ userCode }) => server.approveDevice(userCode)
const issuer = server.url // https://login.example

const client = Client.make({ id: server.publicClient.id, server: await run(discovery({ issuer }), nodeEnv()) })
const folder = `${homedir()}/.my-tool`
await mkdir(folder, { recursive: true, mode: 0o700 })
const sealing = await run(cipher({ file: `${folder}/key`, create: true }))
const session = connect(refreshToken({ client }), {
  store: encrypted(sealing)(fileStore({ folder: `${folder}/sessions` })),
  key: 'me',
  origins: [server.url],
  revocation: revocation({ client }),
})

await session.login(
  deviceCode({
    client,
    scope: ['openid', 'offline_access'],
    onUserCode: (authorization) => {
      console.log(`Open ${authorization.verificationUri} and type ${authorization.userCode}`)
      person(authorization)
    },
  }),
)
const me = await session.fetch(`${server.url}/userinfo`)
console.log('Logged in as', await me.json())

await session.revoke()
await server.close()
