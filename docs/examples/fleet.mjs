// Eight workers share one session through Redis. The server takes each refresh token once, and ends the session when one comes
// twice; so one worker renews and the others get what it got.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { connect, nodeEnv, run } from '@tessera/node'
import { authorizationCode, authorizationRequest, Client, callback, discovery, refreshToken } from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import { nodeRedis, redisStore } from '@tessera/store-redis'

const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
redis.on('error', (error) => console.error(error.message)) // it connects again; a valid token is served meanwhile
await redis.connect()

/** The same in every process of the fleet: a client, a store and a key. */
const sessionAt = ({ url, id, secret, key }) => {
  const client = Client.make({ id, secret, tokenEndpoint: `${url}/oauth2/token` })
  return connect(refreshToken({ client }), { store: redisStore(nodeRedis(redis)), key, origins: [url] })
}

const work = async (settings) => {
  const session = sessionAt(settings)
  let answers = 0
  for (const end = Date.now() + 3000; Date.now() < end; await sleep(50)) {
    answers += (await session.fetch(`${settings.url}/2.0/users/me`)).ok ? 1 : 0
  }
  await session.close() // the session goes on: the store is shared
  return answers
}

const main = async () => {
  const env = nodeEnv()
  // A local server to try it on: its tokens live for two seconds. Somebody logs in there.
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict', ttl: { access: 2 } })
  const settings = { url: server.url, ...server.client, key: `user 7001 ${Date.now()}` }
  const client = Client.make({ ...server.client, server: await run(discovery({ issuer: server.url }), env) })
  const session = sessionAt(settings)
  const login = await run(authorizationRequest({ client }), env)
  const code = await run(callback(login)(await server.grant(login.url)))
  await session.login(authorizationCode({ client, ...code }))

  const workers = Array.from({ length: 8 }, () => fork(new URL(import.meta.url)))
  for (const worker of workers) worker.send(settings)
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  const { byGrantType, doubleRedemptions } = server.counts()
  console.log(`${answers.reduce((a, b) => a + b)} answers to 8 workers`)
  console.log(`${byGrantType.refresh_token} renewals, ${doubleRedemptions} refresh tokens used twice`)
  await session.revoke()
  await server.close()
}

if (process.send === undefined) await main()
else process.send(await work((await once(process, 'message'))[0]))
await redis.close()
