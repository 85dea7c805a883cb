/**
 * One of the processes that share a session which is bound to a key: `dpop.mjs FOLDER SERVER CLIENT CALLERS`. Says `ready`; at the first
 * line of its input it asks for a token so many times at once, and calls the API with it. Prints what came of it, without a secret.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Secret, TokenSource } from '@tessera/core'
import { authenticatedFetch, cipher, dpopKeyInStore, nodeEnv, run } from '@tessera/node'
import { Client, dpop, refreshToken } from '@tessera/oauth2'
import { fileStore } from '@tessera/store-file'

const [, , folder, url, id, callers] = process.argv

const env = nodeEnv()
const store = fileStore({ folder: join(folder, 'sessions') })
const seal = await run(cipher({ file: join(folder, 'key') }))
const proofs = dpop({ key: await run(dpopKeyInStore({ store, cipher: seal })) })
const client = Client.make({ id, tokenEndpoint: `${url}/oauth2/token`, dpop: proofs })
const source = TokenSource.make({ store, key: 'ann' })(refreshToken({ client }))(env)()
const api = authenticatedFetch({ tokens: source, origins: [url], dpop: proofs })

const input = createInterface({ input: process.stdin })
input.once('line', async () => {
  const results = await Promise.all(Array.from({ length: Number(callers) }, () => source.get()))
  const tokens = results.map((result) =>
    result._tag === 'Right'
      ? createHash('sha256').update(Secret.open(result.right.accessToken)).digest('hex')
      : result.left._tag,
  )
  const { status } = await api(`${url}/2.0/users/me`)
  console.log(JSON.stringify({ tokens: [...new Set(tokens)], jkt: proofs.jkt, status }))
  await run(source.close())
  await env.close()
  input.close()
  process.stdin.destroy()
})
console.log('ready')
