// docs/examples/fleet.mjs with simple-oauth2, and redis-semaphore for one renewal at a time.
// Without: a limit to the API's own origin; a fence (a worker that was stopped longer than its lock lives
// overwrites what another has renewed); the server's metadata, and `iss` in the callback (RFC 9207).
import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox } from '@tessera/sandbox'
import { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'
import { AuthorizationCode } from 'simple-oauth2'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')

/** The same in every process of the fleet. */
const sessionAt = ({ url, id, secret, key }) => {
  const client = new AuthorizationCode({
    client: { id, secret },
    auth: {
      tokenHost: url,
      tokenPath: '/oauth2/token',
      authorizePath: '/api/oauth2/authorize',
      revokePath: '/oauth2/revoke',
    },
  })
  const load = async () => client.createToken(JSON.parse(await redis.get(key)))
  const save = (tokens) => redis.set(key, JSON.stringify(tokens))
  const valid = (tokens, refused) => !tokens.expired(0.5) && tokens.token.access_token !== refused
  const token = async (refused) => {
    const found = await load()
    if (valid(found, refused)) return found.token.access_token
    const mutex = new Mutex(redis, key)
    await mutex.acquire()
    try {
      const latest = await load() // another worker may have renewed it
      if (valid(latest, refused)) return latest.token.access_token
      const fresh = await latest.refresh()
      await save(fresh)
      return fresh.token.access_token
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
  return { client, load, save, call }
}

const work = async (settings) => {
  const session = sessionAt(settings)
  let answers = 0
  for (const end = Date.now() + 3000; Date.now() < end; await sleep(50)) {
    answers += (await session.call(`${settings.url}/2.0/users/me`)).ok ? 1 : 0
  }
  return answers
}

const main = async () => {
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict', ttl: { access: 2 } })
  const settings = { url: server.url, ...server.client, key: `user 7001 ${Date.now()}` }
  const { client, load, save } = sessionAt(settings)
  const redirect_uri = 'http://127.0.0.1/callback'
  const state = randomBytes(32).toString('base64url')
  const code_verifier = randomBytes(32).toString('base64url')
  const address = client.authorizeURL({
    redirect_uri,
    state,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const callback = new URL(await server.grant(address)).searchParams
  if (callback.get('state') !== state) throw new Error('This is not the answer to this login')
  await save(await client.getToken({ code: callback.get('code'), redirect_uri, code_verifier }))

  const workers = Array.from({ length: 8 }, () => fork(new URL(import.meta.url)))
  for (const worker of workers) worker.send(settings)
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  const { byGrantType, doubleRedemptions } = server.counts()
  console.log(`${answers.reduce((a, b) => a + b)} answers to 8 workers`)
  console.log(`${byGrantType.refresh_token} renewals, ${doubleRedemptions} refresh tokens used twice`)
  const last = await load()
  await last.revoke('refresh_token', { json: true })
  await server.close()
}

if (process.send === undefined) await main()
else process.send(await work((await once(process, 'message'))[0]))
await redis.quit()
