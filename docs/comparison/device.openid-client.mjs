// docs/examples/device.mjs with openid-client, @hapi/iron for sealing and proper-lockfile for one renewal at a
// time.
// Without: a limit to the API's own origin; refusing a key or a session that others may read; a fence (a process
// that was stopped longer than its lock lives overwrites what another has renewed).
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import Iron from '@hapi/iron'
import { startSandbox } from '@tessera/sandbox'
import * as oidc from 'openid-client'
import { lock } from 'proper-lockfile'

const server = await startSandbox({ dialect: 'generic', ttl: { interval: 1 } })
const person = ({ user_code }) => server.approveDevice(user_code)
const issuer = server.url
const { id } = server.publicClient

const execute = [oidc.allowInsecureRequests]
const config = await oidc.discovery(new URL(issuer), id, undefined, oidc.None(), { execute })
const folder = `${homedir()}/.my-tool`
await mkdir(folder, { recursive: true, mode: 0o700 })
const password = await readFile(`${folder}/key`, 'utf8').catch(async () => {
  const made = randomBytes(32).toString('hex')
  await writeFile(`${folder}/key`, made, { mode: 0o600, flag: 'wx' })
  return made
})

const file = `${folder}/session`
const load = async () => Iron.unseal(await readFile(file, 'utf8'), password, Iron.defaults)
const save = async (answer) => {
  const tokens = { ...answer, expires_at: Date.now() + answer.expires_in * 1000 }
  await writeFile(`${file}.new`, await Iron.seal(tokens, password, Iron.defaults), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return tokens
}

const valid = (tokens, refused) => tokens.expires_at > Date.now() + 60_000 && tokens.access_token !== refused
const token = async (refused) => {
  const found = await load()
  if (valid(found, refused)) return found.access_token
  const release = await lock(folder, { retries: 10 })
  try {
    const latest = await load() // another process may have renewed it
    if (valid(latest, refused)) return latest.access_token
    const fresh = await save({ ...latest, ...(await oidc.refreshTokenGrant(config, latest.refresh_token)) })
    return fresh.access_token
  } finally {
    await release()
  }
}

const send = (url, bearer) => fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
const call = async (url) => {
  const bearer = await token()
  const answer = await send(url, bearer)
  return answer.status === 401 ? send(url, await token(bearer)) : answer
}

const authorization = await oidc.initiateDeviceAuthorization(config, { scope: 'openid offline_access' })
console.log(`Open ${authorization.verification_uri} and type ${authorization.user_code}`)
await person(authorization)
await save(await oidc.pollDeviceAuthorizationGrant(config, authorization))
const me = await call(`${server.url}/userinfo`)
console.log('Logged in as', await me.json())

const { refresh_token } = await load()
await oidc.tokenRevocation(config, refresh_token)
await server.close()
