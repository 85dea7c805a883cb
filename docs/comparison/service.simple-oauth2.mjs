// docs/examples/service.mjs with simple-oauth2.
// Without: a limit to the API's own origin (the token goes to whatever address is called).
import { startSandbox } from '@tessera/sandbox'
import { ClientCredentials } from 'simple-oauth2'

const server = await startSandbox({ dialect: 'generic' })
const { id, secret } = server.client
const tokenHost = server.url

const client = new ClientCredentials({ client: { id, secret }, auth: { tokenHost, tokenPath: '/oauth2/token' } })

let held
/** A token that is valid now. The first caller who needs a new one asks for it; the others wait for that. */
const token = async (refused) => {
  const found = held
  const tokens = await found
  if (tokens?.expired(60) === false && tokens.token.access_token !== refused) return tokens.token.access_token
  if (held === found) {
    held = client.getToken({})
    held.catch(() => {
      held = undefined
    })
  }
  return (await held).token.access_token
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
