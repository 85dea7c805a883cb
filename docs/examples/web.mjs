// People log in with their provider. Sessions are in Postgres, encrypted; replicas with one app.key and one COOKIE_SECRET share them.
import { randomBytes } from 'node:crypto'
import cookies from '@fastify/cookie'
import { AuthError, cipher, connectUsers, encrypted, nodeEnv, run } from '@tessera/node'
import * as OAuth2 from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import { migrate, pgPool, sqlStore } from '@tessera/store-sql'
import Fastify from 'fastify'
import pg from 'pg'

const port = Number(process.env.PORT ?? 3000)
const redirectUri = `http://127.0.0.1:${port}/callback`
const provider = await startSandbox({ dialect: 'generic', client: { redirectUris: [redirectUri] } }) // a local one to try it on
const env = nodeEnv()
const server = await run(OAuth2.discovery({ issuer: provider.url }), env)
const client = OAuth2.Client.make({ id: provider.client.id, secret: provider.client.secret, server })
const scope = ['openid', 'offline_access']

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? 'postgres://127.0.0.1/postgres' })
await run(migrate(pgPool(db))) // or what `tessera store migrate --print` gives a migration tool
const sealing = await run(cipher({ file: 'app.key', create: true }))
const store = sqlStore(pgPool(db))
const users = connectUsers(() => OAuth2.refreshToken({ client }), {
  store: encrypted(sealing)(store),
  revocation: OAuth2.revocation({ client }),
  origins: [provider.url],
  env,
})

const app = Fastify()
await app.register(cookies, {
  secret: process.env.COOKIE_SECRET ?? randomBytes(32).toString('hex'),
  parseOptions: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' },
})

app.get('/login', async (_, reply) => {
  const login = await run(OAuth2.authorizationRequest({ client, redirectUri, scope }), env)
  return reply.setCookie('login', OAuth2.sealTransaction({ cipher: sealing })(login)()).redirect(login.url)
})

app.get('/callback', async (request, reply) => {
  const login = await run(OAuth2.openTransaction({ cipher: sealing })(request.cookies.login ?? ''), env)
  const code = await run(OAuth2.callback(login)(request.url))
  const whoLoggedIn = (token) =>
    run(OAuth2.idTokenClaims({ client, nonce: code.nonce })(token), env).then(({ sub }) => sub)
  const { key } = await users.login(OAuth2.authorizationCode({ client, ...code }), whoLoggedIn)
  return reply.clearCookie('login').setCookie('user', key, { signed: true }).redirect('/')
})

app.get('/', async (request, reply) => {
  const user = request.unsignCookie(request.cookies.user ?? '')
  if (!user.valid) return reply.redirect('/login')
  return (await users.for(user.value).fetch(`${provider.url}/userinfo`)).json()
})

app.setErrorHandler((error, _, reply) => {
  const tag = AuthError.isException(error) ? error.error._tag : undefined
  if (tag === 'ReauthenticationRequired') return reply.redirect('/login')
  return tag === 'Rejected' || tag === 'Malformed' ? reply.code(401).send('Not logged in: /login') : reply.send(error)
})

console.log(`Open ${await app.listen({ port, host: '127.0.0.1' })}`)
