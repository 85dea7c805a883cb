// docs/examples/web.mjs with openid-client, and @hapi/iron for sealing.
// Without: a log-out, and sessions that the server ends; a limit to the API's own origin; revoking what a login brought
// that names nobody. A database connection is held while a token is renewed.
import { randomBytes } from 'node:crypto'
import cookies from '@fastify/cookie'
import Iron from '@hapi/iron'
import { startSandbox } from '@tessera/sandbox'
import Fastify from 'fastify'
import * as oidc from 'openid-client'
import pg from 'pg'

const port = Number(process.env.PORT ?? 3000)
const redirectUri = `http://127.0.0.1:${port}/callback`
const provider = await startSandbox({ dialect: 'generic', client: { redirectUris: [redirectUri] } })
const { id, secret } = provider.client
const issuer = provider.url
const config = await oidc.discovery(new URL(issuer), id, secret, undefined, { execute: [oidc.allowInsecureRequests] })

const password = process.env.SEALING_PASSWORD ?? randomBytes(32).toString('hex')
const seal = (value, ttl = 0) => Iron.seal(value, password, { ...Iron.defaults, ttl })
const unseal = (text) => Iron.unseal(text, password, Iron.defaults)

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? 'postgres://127.0.0.1/postgres' })
await db.query('create table if not exists tokens (key text primary key, record text not null)')
const save = async (connection, key, answer) => {
  const tokens = { ...answer, expires_at: Date.now() + answer.expires_in * 1000 }
  const sql = 'insert into tokens (key, record) values ($1, $2) on conflict (key) do update set record = $2'
  await connection.query(sql, [key, await seal(tokens)])
  return tokens
}

/** The token of a person. His row is locked meanwhile, so that one replica at a time renews it. */
const token = async (key, refused) => {
  const connection = await db.connect()
  try {
    await connection.query('begin')
    const { rows } = await connection.query('select record from tokens where key = $1 for update', [key])
    const found = await unseal(rows[0].record)
    if (found.expires_at > Date.now() + 60_000 && found.access_token !== refused) return found.access_token
    const answer = await oidc.refreshTokenGrant(config, found.refresh_token)
    const fresh = await save(connection, key, { ...found, ...answer })
    return fresh.access_token
  } finally {
    await connection.query('commit')
    connection.release()
  }
}
const send = (url, bearer) => fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
const call = async (key, url) => {
  const bearer = await token(key)
  const answer = await send(url, bearer)
  return answer.status === 401 ? send(url, await token(key, bearer)) : answer
}

const app = Fastify()
await app.register(cookies, {
  secret: process.env.COOKIE_SECRET ?? randomBytes(32).toString('hex'),
  parseOptions: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' },
})

app.get('/login', async (_, reply) => {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    state: expectedState,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const login = await seal({ pkceCodeVerifier, expectedState }, 600_000)
  return reply.setCookie('login', login).redirect(address.href)
})

app.get('/callback', async (request, reply) => {
  const login = await unseal(request.cookies.login ?? '')
  const answer = await oidc.authorizationCodeGrant(config, new URL(request.url, redirectUri), login)
  const key = answer.claims().sub
  await save(db, key, answer)
  return reply.clearCookie('login').setCookie('user', key, { signed: true }).redirect('/')
})

app.get('/', async (request, reply) => {
  const user = request.unsignCookie(request.cookies.user ?? '')
  if (!user.valid) return reply.redirect('/login')
  return (await call(user.value, `${provider.url}/userinfo`)).json()
})

console.log(`Open ${await app.listen({ port })}`)
