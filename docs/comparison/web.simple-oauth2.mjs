// docs/examples/web.mjs with simple-oauth2, and @hapi/iron for sealing.
// Without: a log-out, and sessions that the server ends; a limit to the API's own origin; revoking what a login brought
// that names nobody; the server's metadata, and `iss` in the callback (RFC 9207). A database connection is held while
// a token is renewed.
import { createHash, randomBytes } from 'node:crypto'
import cookies from '@fastify/cookie'
import Iron from '@hapi/iron'
import { startSandbox } from '@tessera/sandbox'
import Fastify from 'fastify'
import pg from 'pg'
import { AuthorizationCode } from 'simple-oauth2'

const port = Number(process.env.PORT ?? 3000)
const redirectUri = `http://127.0.0.1:${port}/callback`
const provider = await startSandbox({ dialect: 'generic', client: { redirectUris: [redirectUri] } })
const { id, secret } = provider.client
const tokenHost = provider.url
const client = new AuthorizationCode({
  client: { id, secret },
  auth: { tokenHost, tokenPath: '/oauth2/token', authorizePath: '/api/oauth2/authorize' },
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

/** The token of a person. His row is locked meanwhile, so that one replica at a time renews it. */
const token = async (key, refused) => {
  const connection = await db.connect()
  try {
    await connection.query('begin')
    const { rows } = await connection.query('select record from tokens where key = $1 for update', [key])
    const found = client.createToken(await unseal(rows[0].record))
    if (!found.expired(60) && found.token.access_token !== refused) return found.token.access_token
    const fresh = await found.refresh()
    await save(connection, key, fresh)
    return fresh.token.access_token
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
  const state = randomBytes(32).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const address = client.authorizeURL({
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const login = await seal({ state, verifier }, 600_000)
  return reply.setCookie('login', login).redirect(address)
})

app.get('/callback', async (request, reply) => {
  const login = await unseal(request.cookies.login ?? '')
  const { code, state } = request.query
  if (state !== login.state) throw new Error('This is not the answer to the login that this browser began')
  const answer = await client.getToken({ code, redirect_uri: redirectUri, code_verifier: login.verifier })
  const person = await (await send(`${provider.url}/userinfo`, answer.token.access_token)).json()
  await save(db, person.sub, answer)
  return reply.clearCookie('login').setCookie('user', person.sub, { signed: true }).redirect('/')
})

app.get('/', async (request, reply) => {
  const user = request.unsignCookie(request.cookies.user ?? '')
  if (!user.valid) return reply.redirect('/login')
  return (await call(user.value, `${provider.url}/userinfo`)).json()
})

console.log(`Open ${await app.listen({ port })}`)
