// People log in with their provider. Sessions are in Postgres, encrypted; replicas with one app.key share them.
import { cipher, connectUsers, encrypted, nodeEnv, run } from '@tessera/node'
import * as OAuth2 from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import { migrate, pgPool, sqlStore } from '@tessera/store-sql'
import { fastifySessions } from '@tessera/web/fastify'
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
const store = encrypted(sealing)(sqlStore(pgPool(db)))
const users = connectUsers(() => OAuth2.refreshToken({ client }), {
  store,
  revocation: OAuth2.revocation({ client }),
  origins: [provider.url],
  env,
})

const web = fastifySessions({ client, redirectUri, scope, users, cipher: sealing, store, env })
const app = Fastify()
await app.register(web.routes) // GET /login, GET /callback, POST /logout
app.get(
  '/',
  web.requireSession(async (_, __, { connection }) => (await connection.fetch(`${provider.url}/userinfo`)).json()),
)

console.log(`Open ${await app.listen({ port, host: '127.0.0.1' })}`)
