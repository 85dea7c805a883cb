import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { JWT } from 'google-auth-library'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
// It takes no encrypted key, and no other token endpoint but Google's.
const key = createPrivateKey({ key: readFileSync(file), passphrase })
  .export({ type: 'pkcs8', format: 'pem' })
  .toString()
const client = new JWT({
  email: 'app',
  key,
  keyId: 'k1',
  scopes: ['all'],
  transporterOptions: { fetchImplementation: (_: unknown, init?: RequestInit) => fetch(tokenEndpoint, init) },
})
const { token } = await client.getAccessToken()
process.stdout.write(String(token), () => process.exit())
