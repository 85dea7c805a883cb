// docs/examples/box.mjs with openid-client, and jose for the assertion.
// Without: a limit to the API's own origin; settings without a key pair (client credentials); another try where the
// clocks differ.
import { createPrivateKey, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { startSandbox } from '@tessera/sandbox'
import { SignJWT } from 'jose'
import * as oidc from 'openid-client'

const box = await startSandbox()
await box.writeSettings('box_config.json')
const { token, issuer } = box.endpoints

const { boxAppSettings, enterpriseID } = JSON.parse(await readFile('box_config.json', 'utf8'))
const { clientID, clientSecret, appAuth } = boxAppSettings
const key = createPrivateKey({ key: appAuth.privateKey, passphrase: appAuth.passphrase })
const post = oidc.ClientSecretPost(clientSecret)
const config = new oidc.Configuration({ issuer, token_endpoint: token }, clientID, clientSecret, post)
oidc.allowInsecureRequests(config)

const request = async () => {
  const assertion = await new SignJWT({ box_sub_type: 'enterprise' })
    .setProtectedHeader({ alg: 'RS512', kid: appAuth.publicKeyID })
    .setIssuer(clientID)
    .setSubject(enterpriseID)
    .setAudience(token)
    .setJti(randomUUID())
    .setExpirationTime('45s')
    .sign(key)
  return oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion })
}

let held
/** A token that is valid now. The first caller who needs a new one asks for it; the others wait for that. */
const current = async (refused) => {
  const found = held
  const tokens = await found
  if (tokens?.expiresIn() > 60 && tokens.access_token !== refused) return tokens.access_token
  if (held === found) {
    held = request()
    held.catch(() => {
      held = undefined
    })
  }
  return (await held).access_token
}

const send = (url, bearer) => fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
const call = async (url) => {
  const bearer = await current()
  const answer = await send(url, bearer)
  return answer.status === 401 ? send(url, await current(bearer)) : answer
}

const me = await call(`${box.url}/2.0/users/me`)
console.log(me.status, await me.json())

await box.close()
