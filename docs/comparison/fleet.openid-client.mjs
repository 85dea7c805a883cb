// docs/examples/fleet.mjs with openid-client, and redis-semaphore for one renewal at a time.
// Without: a limit to the API's own origin; a fence (a worker that was stopped longer than its lock lives
// overwrites what another has renewed).
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox } from '@tessera/sandbox'
import { Redis } from 'ioredis'
import * as oidc from 'openid-client'
import { Mutex } from 'redis-semaphore'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')

/** The same in every process of the fleet. */
const sessionAt = async ({ url, id, secret, key }) => {
  const config = await oidc.discovery(new URL(url), id, secret, undefined, { execute: [oidc.allowInsecureRequests] })
  const load = async () => JSON.parse(await redis.get(key))
  const save = async (answer) => {
    const tokens = { ...answer, expires_at: Date.now() + answer.expires_in * 1000 }
    await redis.set(key, JSON.stringify(tokens))
    return tokens
  }
  const valid = (tokens, refused) => tokens.expires_at > Date.now() + 500 && tokens.access_token !== refused
  const token = async (refused) => {
    const found = await load()
    if (valid(found, refused)) return found.access_token
    const mutex = new Mutex(redis, key)
    await mutex.acquire()
    try {
      const latest = await load() // another worker may have renewed it
      if (valid(latest, refused)) return latest.access_token
      const fresh = await save({ ...latest, ...(await oidc.refreshTokenGrant(config, latest.refresh_token)) })
      return fresh.access_token
    } finally {
      await mutex.release()
    }
  }
  const send = (address, bearer) => fetch(address, { headers: { authorization: `Bearer ${bearer}` } })
  const call = async (address) => {
    const bearer = await token()
    const answer = await send(address, bearer)
    return answer.status === 401 ? send(address, await token(bearer)) : answer
  }
  return { config, load, save, call }
}

const work = async (settings) => {
  const session = await sessionAt(settings)
  let answers = 0
  for (const end = Date.now() + 3000; Date.now() < end; await sleep(50)) {
    answers += (await session.call(`${settings.url}/2.0/users/me`)).ok ? 1 : 0
  }
  return answers
}

const main = async () => {
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict', ttl: { access: 2 } })
  const settings = { url: server.url, ...server.client, key: `user 7001 ${Date.now()}` }
  const { config, load, save } = await sessionAt(settings)
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: 'http://127.0.0.1/callback',
    state: expectedState,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const callback = new URL(await server.grant(address.href))
  await save(await oidc.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState }))

  const workers = Array.from({ length: 8 }, () => fork(new URL(import.meta.url)))
  for (const worker of workers) worker.send(settings)
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  const { byGrantType, doubleRedemptions } = server.counts()
  console.log(`${answers.reduce((a, b) => a + b)} answers to 8 workers`)
  console.log(`${byGrantType.refresh_token} renewals, ${doubleRedemptions} refresh tokens used twice`)
  const { refresh_token } = await load()
  await oidc.tokenRevocation(config, refresh_token)
  await server.close()
}

if (process.send === undefined) await main()
else process.send(await work((await once(process, 'message'))[0]))
await redis.quit()
