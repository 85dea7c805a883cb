/** What is better than in the seed's `JWTAuth`. */
import crypto, { sign as signBytes } from 'node:crypto'
import { inspect } from 'node:util'
import * as Box from '@tessera/box'
import { AuthError, memoryStore, RetryPolicy, type SourceEvent, Strategy, TokenSource } from '@tessera/core'
import { externalSigner, type NodeEnv, signer } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { impatientClock } from '../support/clock.js'
import { right } from '../support/either.js'
import { makeSession, surroundings } from './seed/session.js'
import { type JwtAuth, type JwtOptions, makeJwt } from './seed/subclasses.js'
import { better } from './support/better.js'
import { enterpriseJwt, KEY, KEY_PAIR, parameter, type Sent, sourceOf, type World } from './support/world.js'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
afterEach(() => jest.restoreAllMocks())

const GRANT_OF_ASSERTION = { endpoint: 'token', grantType: GRANT } as const

/** The seed for the application of the world. */
const seeded = async ({ box, client }: World, options: Partial<JwtOptions> = {}): Promise<JwtAuth> => {
  const { appAuth } = (await box.settings()).boxAppSettings
  return makeJwt({
    client,
    privateKey: KEY,
    keyId: appAuth.publicKeyID,
    enterprise: box.enterprise,
    audience: box.endpoints.token,
    ...options,
  })
}

const assertionsOf = (sent: ReadonlyArray<Pick<Sent, 'form'>>): ReadonlyArray<string> =>
  sent.flatMap((request) => parameter(request, 'assertion') ?? [])
const claimsOf = (assertion: string) => JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString())

const succeeds = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    (token) => token !== null,
    () => false,
  )

// -----------------------------------------------------------------------------
// one attempt, or two
// -----------------------------------------------------------------------------

interface Asking {
  readonly ask: () => Promise<boolean>
  readonly assertions: () => ReadonlyArray<string>
}

const ourAsking = async (
  world: World,
  change: (strategy: Strategy<NodeEnv>) => Strategy<NodeEnv> = (same) => same,
): Promise<Asking> => {
  const source = sourceOf(world, change(await enterpriseJwt(world)))
  return { ask: async () => E.isRight(await source.get()), assertions: () => assertionsOf(world.sent(GRANT)) }
}

const seedAsking = async (world: World, options: Partial<JwtOptions> = {}): Promise<Asking> => {
  const auth = await seeded(world, options)
  return { ask: () => succeeds(auth.authenticateInstance()), assertions: () => assertionsOf(auth.session.sent) }
}

better(
  'B-JWT-01',
  'a description that only contains the letters of `exp`, as "unexpected" does, is not about the clock',
  {
    law: async ({ ask, assertions }: Asking, { box }) => {
      const body = JSON.stringify({
        error: 'invalid_grant',
        error_description: 'An unexpected error, expired or expert',
      })
      box.faults.next({ kind: 'status', status: 400, body, ...GRANT_OF_ASSERTION })
      expect(await ask()).toBe(false)
      expect(assertions()).toHaveLength(1)
    },
    ours: (world) => ourAsking(world),
    seed: (world) => seedAsking(world),
  },
)

better('B-JWT-02', '`aud` follows the configured endpoint', {
  law: async ({ ask, assertions }: Asking, { box }) => {
    expect(await ask()).toBe(true)
    expect(assertions().map((assertion) => claimsOf(assertion).aud)).toEqual([box.endpoints.token])
  },
  ours: (world) => ourAsking(world),
  seed: ({ box, client }) => {
    const auth = async () => makeJwt({ client, privateKey: KEY, keyId: await keyIdOf(box), enterprise: box.enterprise })
    return { ask: async () => succeeds((await auth()).authenticateInstance()), assertions: () => [] }
  },
})

const keyIdOf = async (box: World['box']): Promise<string> => (await box.settings()).boxAppSettings.appAuth.publicKeyID

better('B-JWT-03', 'every request, repeated ones too, has a fresh assertion with a fresh `jti`', {
  law: async ({ ask, assertions }: Asking, { box }) => {
    box.faults.next({ kind: 'status', status: 503, times: 2, ...GRANT_OF_ASSERTION })
    expect(await ask()).toBe(true)
    expect(assertions()).toHaveLength(3)
    expect(new Set(assertions().map((assertion) => claimsOf(assertion).jti)).size).toBe(3)
  },
  ours: (world) =>
    ourAsking(world, (strategy) =>
      pipe(
        strategy,
        Strategy.retrying(RetryPolicy.exponential()),
        Strategy.local((env: NodeEnv) => ({ ...env, clock: impatientClock().clock })),
      ),
    ),
  seed: (world) => seedAsking(world),
})

better('B-JWT-04', 'any number of callers who authenticate the same user at once cause one request', {
  law: async (authenticate: (user: string) => Promise<boolean>, { box, requests }) => {
    const gate = box.gate('token')
    const all = Promise.all(Array.from({ length: 20 }, () => authenticate('7002')))
    await gate.arrived
    gate.open()
    expect(await all).toEqual(Array.from({ length: 20 }, () => true))
    expect(requests()).toBe(1)
  },
  ours: async ({ client, env, box }) => {
    const by = signer(right(Box.keyOf(right(Box.settings(await box.settings())))))
    const users = TokenSource.keyed({ store: memoryStore() })((id) =>
      Box.jwt({ client, signer: by, subject: Box.user(id) }),
    )(env)()
    return async (user) => E.isRight(await users.for(user).get())
  },
  seed: async (world) => {
    const auth = await seeded(world)
    return (user) => succeeds(auth.authenticateUser(user))
  },
})

// -----------------------------------------------------------------------------
// what is written
// -----------------------------------------------------------------------------

interface Telling extends Asking {
  /** All that was written, told or returned. */
  readonly told: () => string
}

better('B-JWT-05', 'neither an assertion nor a cookie is written anywhere', {
  law: async ({ ask, assertions, told }: Telling, { box }) => {
    const headers = { 'set-cookie': 'session=c4n4ry-cookie; Secure' }
    const body = JSON.stringify({ error: 'unauthorized_client', error_description: 'No' })
    box.faults.next({ kind: 'status', status: 400, body, headers, ...GRANT_OF_ASSERTION })
    expect(await ask()).toBe(false)
    expect(await ask()).toBe(true)
    expect(told()).not.toBe('')
    for (const assertion of assertions()) expect(told().includes(assertion)).toBe(false)
    expect(told().includes('c4n4ry-cookie')).toBe(false)
  },
  ours: async (world) => {
    let told = ''
    const tell = (chunk: unknown): true => {
      told += typeof chunk === 'string' ? chunk : inspect(chunk, { depth: 9, showHidden: true })
      return true
    }
    const streams = [jest.spyOn(process.stdout, 'write'), jest.spyOn(process.stderr, 'write')]
    for (const stream of streams) stream.mockImplementation(tell)
    const strategy = await enterpriseJwt(world)
    const observe = (event: SourceEvent): void => void tell(event)
    // Each time a source of its own, so that a back-off of the first does not answer for the second.
    const ask = async () => {
      const result = await sourceOf(world, strategy, { observe }).get()
      for (const stream of E.isRight(result) ? streams : []) stream.mockRestore()
      tell(result)
      if (E.isLeft(result)) tell(`${AuthError.show.show(result.left)} ${inspect(AuthError.toError(result.left))}`)
      return E.isRight(result)
    }
    return { ask, assertions: () => assertionsOf(world.sent(GRANT)), told: () => told }
  },
  seed: async (world) => {
    let told = ''
    const log = (line: string): void => {
      told += line
    }
    return { ...(await seedAsking(world, { session: makeSession({ ...surroundings(), log }) })), told: () => told }
  },
})

// -----------------------------------------------------------------------------
// the key
// -----------------------------------------------------------------------------

interface Signing {
  readonly ask: () => Promise<boolean>
  /** How often the key was opened so far. */
  readonly opened: () => number
}

const ourSigning = async (world: World): Promise<Signing> => {
  const by = signer(right(Box.keyOf(right(Box.settings(await world.box.settings())))))
  const opening = jest.spyOn(crypto, 'createPrivateKey')
  const before = opening.mock.calls.length
  const strategy = await enterpriseJwt(world, { signer: by })
  return {
    ask: async () => E.isRight(await sourceOf(world, strategy).get()),
    opened: () => opening.mock.calls.length - before,
  }
}

const seedSigning = async (world: World): Promise<Signing> => {
  const opening = jest.spyOn(crypto, 'createPrivateKey')
  const before = opening.mock.calls.length
  const auth = await seeded(world)
  return {
    ask: () => succeeds(auth.authenticateInstance()),
    opened: () => opening.mock.calls.length - before,
  }
}

better('B-JWT-06', 'an encrypted key is opened once, when it is first needed', {
  law: async ({ ask, opened }: Signing) => {
    expect(opened()).toBe(0)
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([true, true, true])
    expect(await ask()).toBe(true)
    expect(opened()).toBe(1)
  },
  ours: ourSigning,
  seed: seedSigning,
})

better('B-JWT-06', 'signatures leave the event loop free', {
  law: async ({ ask }: Signing) => {
    const signing = jest.spyOn(crypto, 'sign')
    const before = signing.mock.calls.length
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([true, true, true])
    const calls = signing.mock.calls.slice(before)
    expect(calls).toHaveLength(3)
    // One without a callback ends before it returns.
    expect(calls.every((call) => typeof call.at(-1) === 'function')).toBe(true)
  },
  ours: ourSigning,
  seed: seedSigning,
})

interface Service {
  /** Signs what it is given. The key stays inside. */
  readonly sign: (input: Uint8Array) => Promise<Uint8Array>
}

better('B-JWT-06', 'a key that never leaves its service can sign', {
  law: async (askBy: (service: Service) => Promise<boolean>) => {
    let signatures = 0
    const service: Service = {
      sign: async (input) => {
        signatures++
        return signBytes('sha256', input, KEY_PAIR.privateKey)
      },
    }
    expect(await askBy(service)).toBe(true)
    expect(signatures).toBe(1)
  },
  ours: (world) => async (service) => {
    const keyId = await keyIdOf(world.box)
    const strategy = await enterpriseJwt(world, { signer: externalSigner({ algorithm: 'RS256', keyId, ...service }) })
    return E.isRight(await sourceOf(world, strategy).get())
  },
  // It takes a key or the path of one.
  seed: (world) => (service) =>
    seeded(world, { privateKey: 'key' in service ? String(service.key) : '' }).then(
      (auth) => succeeds(auth.authenticateInstance()),
      () => false,
    ),
})
