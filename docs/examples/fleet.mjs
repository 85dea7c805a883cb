// Eight workers share one session through Redis. The server takes each refresh token once, and ends the session when one comes
// twice; so one worker renews and the others get what it got.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, nodeEnv, run } from '@tessera/node'
import * as OAuth2 from '@tessera/oauth2'
import { startSandbox } from '@tessera/sandbox'
import { ioRedis, redisStore } from '@tessera/store-redis'
import { Redis } from 'ioredis'

const env = nodeEnv()
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')

/** The same in every process of the fleet: a client, a store and a key. */
const sessionAt = async ({ url, id, secret, key }) => {
  const client = OAuth2.Client.make({ id, secret, server: await run(OAuth2.discovery({ issuer: url }), env) })
  const session = connect(OAuth2.refreshToken({ client }), {
    store: redisStore(ioRedis(redis)),
    key,
    origins: [url],
    revocation: OAuth2.revocation({ client }),
    env,
  })
  return { client, session }
}

const work = async (settings) => {
  const { session } = await sessionAt(settings)
  let answers = 0
  for (const end = Date.now() + 3000; Date.now() < end; await sleep(50)) {
    answers += (await session.fetch(`${settings.url}/2.0/users/me`)).ok ? 1 : 0
  }
  await session.close() // the session goes on: the store is shared
  return answers
}

const main = async () => {
  // A local server to try it on: its tokens live for two seconds. Somebody logs in there.
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict', ttl: { access: 2 } })
  const settings = { url: server.url, ...server.client, key: `user 7001 ${Date.now()}` }
  const { client, session } = await sessionAt(settings)
  const login = await run(OAuth2.authorizationRequest({ client }), env)
  const code = await run(OAuth2.callback(login)(await server.grant(login.url)))
  await session.login(OAuth2.authorizationCode({ client, ...code }))

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
await redis.quit()
