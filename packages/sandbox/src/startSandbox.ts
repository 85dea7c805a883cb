import { createServer, type Server } from 'node:http'
import { answerPage, type Consent } from './Browser.js'
import { type Client, type ConfidentialClient, register } from './Client.js'
import { makeClock } from './Clock.js'
import { countsOf, redemptions } from './Counts.js'
import { appUser, makeWorld } from './DefaultWorld.js'
import { makeFaults } from './Faults.js'
import { makeGates } from './Gates.js'
import { identityScopes } from './Identity.js'
import { randomText, randomToken } from './Random.js'
import { standing } from './Rotation.js'
import type { Sandbox, SandboxOptions } from './Sandbox.js'
import { serve } from './Server.js'
import { type BoxSettings, boxSettings, generateKey, readKey, type SigningKey, writeSettings } from './Settings.js'
import { makeTimers } from './Timers.js'
import { accessActive, issueAccess, issuePair, killSession, openSession } from './Tokens.js'

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Listens on 127.0.0.1; the result is the base URL. Rejects if the port is taken. */
const listen = (server: Server, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      // a string only for pipes, null only before listening
      const bound = typeof address === 'object' && address !== null ? address.port : port
      resolve(`http://127.0.0.1:${bound}`)
    })
  })

/** The key that the options name, if any. */
const givenKey = (kid: string, { key, settings }: SandboxOptions): SigningKey | null => {
  if (key !== undefined) return readKey(kid, key)
  if (settings === undefined) return null
  const { privateKey, passphrase } = settings.boxAppSettings.appAuth
  return readKey(kid, privateKey, passphrase)
}

/**
 * Starts a sandbox: an OAuth 2.0 authorization server that speaks Box's wire, with a sliver of API behind it, on
 * 127.0.0.1. Rejects if the port is taken, or a key cannot be read.
 *
 * @example
 * import { startSandbox } from '@tessera/sandbox'
 *
 * const box = await startSandbox()
 * const answer = await fetch(box.endpoints.token, {
 *   method: 'POST',
 *   body: new URLSearchParams({
 *     grant_type: 'client_credentials',
 *     client_id: box.client.id,
 *     client_secret: box.client.secret,
 *     box_subject_type: 'enterprise',
 *     box_subject_id: box.enterprise,
 *   }),
 * })
 * const { access_token } = await answer.json()
 * assert.strictEqual(box.isActive(access_token), true)
 * await box.close()
 */
export const startSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const kept = options.settings?.boxAppSettings
  const secret = options.client?.secret ?? kept?.clientSecret ?? randomToken('secret')
  const scope = options.dialect === 'generic' ? { scope: [...identityScopes, 'root_readwrite'] } : {}
  const confidential = register({
    id: kept?.clientID ?? 'sandbox-app',
    name: 'Sandbox App',
    ...scope,
    ...options.client,
    secret,
  })
  const open = register({
    id: 'sandbox-public-app',
    name: 'Sandbox Public App',
    redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    ...scope,
    ...options.publicClient,
    secret: null,
  })
  const client: ConfidentialClient = { ...confidential.client, secret }
  const kid = kept?.appAuth.publicKeyID ?? randomText(8, alphanumeric)
  const given = givenKey(kid, options)
  if (given !== null) confidential.keys.set(kid, given.publicKey)

  const clock = makeClock(options.now ?? Date.now)
  const faults = makeFaults()
  const gates = makeGates()
  const timers = makeTimers()
  const server = createServer({ keepAliveTimeout: 60_000 })
  const url = await listen(server, options.port ?? 0)
  const world = makeWorld(url, clock, options, [confidential, open])
  serve(server, { world, faults, gates, timers })

  const answer = (consent: Consent) => ({ allow: consent.allow ?? true, user: consent.user ?? appUser.id })

  const grant: Sandbox['grant'] = async (authorizationUrl, consent = {}) => {
    const page = await answerPage(authorizationUrl, world.endpoints.authorize, answer(consent))
    if (page.location === undefined) throw new Error(`The server did not redirect (${page.status})`)
    return page.location
  }

  const approveDevice: Sandbox['approveDevice'] = async (userCode, consent = {}) => {
    const { activate } = world.endpoints
    const page = await answerPage(
      `${activate}?${new URLSearchParams({ user_code: userCode })}`,
      activate,
      answer(consent),
    )
    if (page.status !== 200) throw new Error(`The server did not take the answer (${page.status})`)
  }

  const issue: Sandbox['issue'] = (input = {}) => {
    const asker: Client = input.client ?? client
    const session = openSession(asker.id, input.user ?? appUser.id, input.scope ?? asker.scope)
    const { access, refresh } = issuePair(world, session)
    return { accessToken: access.value, refreshToken: refresh.value, expiresIn: world.lifetimes.access }
  }

  const developerToken = (): string => issueAccess(world, openSession(client.id, appUser.id, client.scope)).value

  const key = { made: given === null ? null : Promise.resolve(given) }
  const signingKey = (): Promise<SigningKey> => {
    key.made ??= generateKey(kid).then((fresh) => {
      confidential.keys.set(kid, fresh.publicKey)
      return fresh
    })
    return key.made
  }

  const settings = async ({ passphrase }: { readonly passphrase?: string } = {}): Promise<BoxSettings> =>
    boxSettings(
      client,
      world.enterprise,
      await signingKey(),
      passphrase ?? kept?.appAuth.passphrase ?? randomText(32, alphanumeric),
    )

  const isActive = (token: string): boolean => {
    const access = world.access.get(token)
    if (access !== undefined) return accessActive(world, access)
    const refresh = world.refresh.get(token)
    const tag = refresh === undefined ? 'dead' : standing(world, refresh).tag
    return tag === 'fresh' || tag === 'repeat'
  }

  const close = async (): Promise<void> => {
    timers.stop()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }

  return {
    url,
    endpoints: world.endpoints,
    client,
    publicClient: open.client,
    enterprise: world.enterprise,
    users: [...world.users.values()],
    get files() {
      return [...world.files.values()]
    },
    folders: [...world.folders.values()],
    registerClient: (input) => {
      const registration = register(input)
      world.clients.set(registration.client.id, registration)
      return registration.client
    },
    clock,
    faults,
    gate: gates.make,
    setRotation: (rotation) => {
      world.rotation = rotation
    },
    grant,
    approveDevice,
    issue,
    developerToken,
    settings,
    writeSettings: async (path, input) => writeSettings(path, await settings(input)),
    counts: () => countsOf(world),
    requests: () => world.journal.records.map((one) => ({ ...one })),
    redemptionsOf: (refreshToken) => {
      const token = world.refresh.get(refreshToken)
      return token === undefined ? undefined : redemptions(token)
    },
    isActive,
    expireAccessTokens: () => {
      for (const token of world.access.values()) token.expiresAt = Math.min(token.expiresAt, clock.now())
    },
    revokeAll: () => {
      for (const token of [...world.access.values(), ...world.refresh.values()]) killSession(world, token.session)
    },
    close,
  }
}
