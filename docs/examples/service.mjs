// A service that calls an API in its own name: client credentials, at any provider.
import { connect } from '@tessera/node'
import { Client, clientCredentials } from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'

// A local server to try it on. With a real one, these three lines are its settings.
const server = await startSandbox({ dialect: 'generic' })
const { id, secret } = server.client
const tokenEndpoint = server.endpoints.token // https://login.example/oauth2/token

const client = Client.make({ id, secret, tokenEndpoint })
const api = connect(clientCredentials({ client }), { origins: [server.url] })

// A thousand calls at once: one token request. Later ones renew the token before it expires, and once after a 401.
const answers = await Promise.all(Array.from({ length: 1000 }, () => api.fetch(`${server.url}/2.0/users/me`)))
console.log(`${answers.filter(({ ok }) => ok).length} answers, ${server.counts().byEndpoint.token} token request`)

await server.close()
