// docs/examples/service.mjs with openid-client.
// Without: a limit to the API's own origin (the token goes to whatever address is called).
import { startSandbox } from '@tessera/sandbox'
import * as oidc from 'openid-client'

const server = await startSandbox({ dialect: 'generic' })
const { id, secret } = server.client
const issuer = server.url

const config = await oidc.discovery(new URL(issuer), id, secret, undefined, { execute: [oidc.allowInsecureRequests] })

let held
/** A token that is valid now. The first caller who needs a new one asks for it; the others wait for that. */
const token = async (refused) => {
  const found = held
  const tokens = await found
  if (tokens?.expiresIn() > 60 && tokens.access_token !== refused) return tokens.access_token
  if (held === found) {
    held = oidc.clientCredentialsGrant(config)
    held.catch(() => {
      held = undefined
    })
  }
  return (await held).access_token
}

const send = (url, bearer) => fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
const call = async (url) => {
  const bearer = await token()
  const answer = await send(url, bearer)
  return answer.status === 401 ? send(url, await token(bearer)) : answer
}

const answers = await Promise.all(Array.from({ length: 1000 }, () => call(`${server.url}/2.0/users/me`)))
console.log(`${answers.filter(({ ok }) => ok).length} answers, ${server.counts().byEndpoint.token} token request`)

await server.close()
