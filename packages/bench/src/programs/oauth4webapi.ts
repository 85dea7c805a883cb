import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as oauth from 'oauth4webapi'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
const pkcs8 = createPrivateKey({ key: readFileSync(file), passphrase }).export({ type: 'pkcs8', format: 'der' })
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, false, ['sign'])
const server = { issuer: 'https://as.example', token_endpoint: tokenEndpoint }
const client = { client_id: 'app' }
const response = await oauth.clientCredentialsGrantRequest(
  server,
  client,
  oauth.PrivateKeyJwt(key),
  new URLSearchParams(),
  { [oauth.allowInsecureRequests]: true },
)
const token = await oauth.processClientCredentialsResponse(server, client, response)
process.stdout.write(token.access_token, () => process.exit())
