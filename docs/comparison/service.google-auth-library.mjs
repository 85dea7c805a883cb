// docs/examples/service.mjs with google-auth-library. It has no client credentials; its `refreshHandler` takes them
// from a request that the application sends.
// Without: a limit to the API's own origin (the token goes to whatever address is called).
import { startSandbox } from '@tessera/sandbox'
import { OAuth2Client } from 'google-auth-library'

const server = await startSandbox({ dialect: 'generic' })
const { id, secret } = server.client
const tokenEndpoint = server.endpoints.token

const request = async () => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
  const answer = await fetch(tokenEndpoint, { method: 'POST', body })
  if (!answer.ok) throw new Error(`The server answered ${answer.status}`)
  const { access_token, expires_in } = await answer.json()
  return { access_token, expiry_date: Date.now() + expires_in * 1000 }
}

const api = new OAuth2Client({ eagerRefreshThresholdMillis: 60_000, forceRefreshOnFailure: true })
let pending
// One request, however many callers wait.
api.refreshHandler = () => {
  pending ??= request().finally(() => {
    pending = undefined
  })
  return pending
}

const answers = await Promise.all(Array.from({ length: 1000 }, () => api.fetch(`${server.url}/2.0/users/me`)))
console.log(`${answers.filter(({ ok }) => ok).length} answers, ${server.counts().byEndpoint.token} token request`)

await server.close()
