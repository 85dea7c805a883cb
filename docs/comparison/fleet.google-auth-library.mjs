// docs/examples/fleet.mjs with google-auth-library, and redis-semaphore for one renewal at a time.
// Without: a limit to the API's own origin; a fence (a worker that was stopped longer than its lock lives
// overwrites what another has renewed); the server's metadata, and `iss` in the callback (RFC 9207); revocation
// (its `revokeToken` sends no client authentication, which RFC 7009 asks for).
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox } from '@tessera/sandbox'
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library'
import { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')

/** The same in every process of the fleet. */
const sessionAt = ({ url, id, secret, key }) => {
  const makeClient = () =>
    new OAuth2Client({
      clientId: id,
      clientSecret: secret,
      redirectUri: 'http://127.0.0.1/callback',
      endpoints: {
        oauth2AuthBaseUrl: `${url}/api/oauth2/authorize`,
        oauth2TokenUrl: `${url}/oauth2/token`,
      },
      eagerRefreshThresholdMillis: 500,
      forceRefreshOnFailure: true,
    })
  const load = async () => JSON.parse(await redis.get(key))
  const save = (tokens) => redis.set(key, JSON.stringify(tokens))
  const valid = (tokens, refused) => tokens.expiry_date > Date.now() + 500 && tokens.access_token !== refused
  const tokens = async (refused) => {
    const found = await load()
    if (valid(found, refused)) return found
    const mutex = new Mutex(redis, key)
    await mutex.acquire()
    try {
      const latest = await load() // another worker may have renewed it
      if (valid(latest, refused)) return latest
      const renewing = makeClient()
      renewing.setCredentials({ refresh_token: latest.refresh_token })
      const answers = [latest]
      // A copy, since the client then puts the old refresh token back in its place.
      renewing.once('tokens', (answer) => answers.push({ ...answer }))
      await renewing.getAccessToken()
      const fresh = Object.assign({}, ...answers)
      await save(fresh)
      return fresh
    } finally {
      await mutex.release()
    }
  }
  const client = makeClient()
  client.refreshHandler = async () => {
    const { access_token, expiry_date } = await tokens(client.credentials.access_token)
    return { access_token, expiry_date }
  }
  return { client, save }
}

const work = async (settings) => {
  const { client } = sessionAt(settings)
  let answers = 0
  for (const end = Date.now() + 3000; Date.now() < end; await sleep(50)) {
    answers += (await client.fetch(`${settings.url}/2.0/users/me`)).ok ? 1 : 0
  }
  return answers
}

const main = async () => {
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict', ttl: { access: 2 } })
  const settings = { url: server.url, ...server.client, key: `user 7001 ${Date.now()}` }
  const { client, save } = sessionAt(settings)
  const state = randomBytes(32).toString('base64url')
  const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync()
  const address = client.generateAuthUrl({
    state,
    code_challenge: codeChallenge,
    code_challenge_method: CodeChallengeMethod.S256,
  })
  const callback = new URL(await server.grant(address)).searchParams
  if (callback.get('state') !== state) throw new Error('This is not the answer to this login')
  const answer = await client.getToken({ code: callback.get('code'), codeVerifier })
  await save(answer.tokens)

  const workers = Array.from({ length: 8 }, () => fork(new URL(import.meta.url)))
  for (const worker of workers) worker.send(settings)
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  const { byGrantType, doubleRedemptions } = server.counts()
  console.log(`${answers.reduce((a, b) => a + b)} answers to 8 workers`)
  console.log(`${byGrantType.refresh_token} renewals, ${doubleRedemptions} refresh tokens used twice`)
  await server.close()
}

if (process.send === undefined) await main()
else process.send(await work((await once(process, 'message'))[0]))
await redis.quit()
