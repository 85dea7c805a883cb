// docs/examples/web.mjs with google-auth-library, and @hapi/iron for sealing.
// Without: a log-out, and sessions that the server ends; a limit to the API's own origin; revoking what a login brought
// that names nobody; the server's metadata, and `iss` in the callback (RFC 9207). A database connection is held while
// a token is renewed.
import { randomBytes } from 'node:crypto'
import cookies from '@fastify/cookie'
import Iron from '@hapi/iron'
import { startSandbox } from '@tessera/sandbox'
import Fastify from 'fastify'
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library'
import pg from 'pg'

const port = Number(process.env.PORT ?? 3000)
const redirectUri = `http://127.0.0.1:${port}/callback`
const provider = await startSandbox({ dialect: 'generic', client: { redirectUris: [redirectUri] } })
const { id, secret } = provider.client
const { authorize, token: tokenEndpoint } = provider.endpoints
const makeClient = () =>
  new OAuth2Client({
    clientId: id,
    clientSecret: secret,
    redirectUri,
    endpoints: { oauth2AuthBaseUrl: authorize, oauth2TokenUrl: tokenEndpoint },
    eagerRefreshThresholdMillis: 60_000,
    forceRefreshOnFailure: true,
  })

const password = process.env.SEALING_PASSWORD ?? randomBytes(32).toString('hex')
const seal = (value, ttl = 0) => Iron.seal(value, password, { ...Iron.defaults, ttl })
const unseal = (text) => Iron.unseal(text, password, Iron.defaults)

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? 'postgres://127.0.0.1/postgres' })
await db.query('create table if not exists tokens (key text primary key, record text not null)')
const save = async (connection, key, tokens) => {
  const sql = 'insert into tokens (key, record) values ($1, $2) on conflict (key) do update set record = $2'
  await connection.query(sql, [key, await seal(tokens)])
}

/** The tokens of a person. His row is locked meanwhile, so that one replica at a time renews them. */
const tokens = async (key, refused) => {
  const connection = await db.connect()
  try {
    await connection.query('begin')
    const { rows } = await connection.query('select record from tokens where key = $1 for update', [key])
    const found = await unseal(rows[0].record)
    if (found.expiry_date > Date.now() + 60_000 && found.access_token !== refused) return found
    const client = makeClient()
    client.setCredentials({ refresh_token: found.refresh_token })
    const answers = [found]
    // A copy, since the client then puts the old refresh token back in its place.
    client.once('tokens', (answer) => answers.push({ ...answer }))
    await client.getAccessToken()
    const fresh = Object.assign({}, ...answers)
    await save(connection, key, fresh)
    return fresh
  } finally {
    await connection.query('commit')
    connection.release()
  }
}
/** A client that renews by what the database has. */
const clientOf = (key) => {
  const client = makeClient()
  client.refreshHandler = async () => {
    const { access_token, expiry_date } = await tokens(key, client.credentials.access_token)
    return { access_token, expiry_date }
  }
  return client
}

const app = Fastify()
await app.register(cookies, {
  secret: process.env.COOKIE_SECRET ?? randomBytes(32).toString('hex'),
  parseOptions: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' },
})

app.get('/login', async (_, reply) => {
  const state = randomBytes(32).toString('base64url')
  const client = makeClient()
  const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync()
  const address = client.generateAuthUrl({
    scope: 'openid offline_access',
    state,
    code_challenge: codeChallenge,
    code_challenge_method: CodeChallengeMethod.S256,
  })
  const login = await seal({ state, codeVerifier }, 600_000)
  return reply.setCookie('login', login).redirect(address)
})

app.get('/callback', async (request, reply) => {
  const login = await unseal(request.cookies.login ?? '')
  const { code, state } = request.query
  if (state !== login.state) throw new Error('This is not the answer to the login that this browser began')
  const client = makeClient()
  const answer = await client.getToken({ code, codeVerifier: login.codeVerifier })
  client.setCredentials(answer.tokens)
  const person = await client.fetch(`${provider.url}/userinfo`)
  await save(db, person.data.sub, answer.tokens)
  return reply.clearCookie('login').setCookie('user', person.data.sub, { signed: true }).redirect('/')
})

app.get('/', async (request, reply) => {
  const user = request.unsignCookie(request.cookies.user ?? '')
  if (!user.valid) return reply.redirect('/login')
  const { data } = await clientOf(user.value).fetch(`${provider.url}/userinfo`)
  return data
})

console.log(`Open ${await app.listen({ port })}`)
