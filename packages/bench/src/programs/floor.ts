// The same with nothing but Node.js.
import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const key = createPrivateKey({ key: readFileSync(file), passphrase })
const exp = Math.floor(Date.now() / 1_000) + 30
const claims = { iss: 'app', sub: '42', box_sub_type: 'enterprise', aud: tokenEndpoint, jti: randomUUID(), exp }
const input = `${encoded({ alg: 'RS256', kid: 'k1', typ: 'JWT' })}.${encoded(claims)}`
const assertion = `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
const form = new URLSearchParams({
  grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  assertion,
  client_id: 'app',
  client_secret: 's3cret',
})
const headers = { 'content-type': 'application/x-www-form-urlencoded' }
request(tokenEndpoint, { method: 'POST', headers }, (response) => {
  let body = ''
  response.on('data', (chunk) => {
    body += String(chunk)
  })
  response.on('end', () => {
    const token: unknown = Reflect.get(JSON.parse(body), 'access_token')
    process.stdout.write(String(token), () => process.exit())
  })
}).end(form.toString())
