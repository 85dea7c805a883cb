/**
 * One of the processes that share a session at a certified server: `certified.mjs SETTINGS`, JSON. Says `ready`; at the first line of its
 * input it asks for a token so many times at once. Prints what came of it, without a secret.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Secret, TokenSource } from '@tessera/core'
import { cipher, dpopKeyInStore, nodeEnv, run, signer } from '@tessera/node'
import { Client, ClientAuthentication, discovery, dpop, refreshToken } from '@tessera/oauth2'
import { fileStore } from '@tessera/store-file'

const { folder, issuer, key, callers } = JSON.parse(process.argv[2])

const env = nodeEnv()
const store = fileStore({ folder: join(folder, 'sessions') })
const seal = await run(cipher({ file: join(folder, 'key') }))
const client = Client.make({
  id: 'key',
  authentication: ClientAuthentication.privateKeyJwt(signer(key)),
  server: await run(discovery({ issuer }), env),
  dpop: dpop({ key: await run(dpopKeyInStore({ store, cipher: seal })), required: true }),
})
const source = TokenSource.make({ store, key: 'ann' })(refreshToken({ client }))(env)()

const input = createInterface({ input: process.stdin })
input.once('line', async () => {
  const results = await Promise.all(Array.from({ length: callers }, () => source.get()))
  const told = results.map((result) =>
    result._tag === 'Right'
      ? createHash('sha256').update(Secret.open(result.right.accessToken)).digest('hex')
      : result.left._tag,
  )
  console.log(JSON.stringify([...new Set(told)]))
  await run(source.close())
  await env.close()
  input.close()
  process.stdin.destroy()
})
console.log('ready')
