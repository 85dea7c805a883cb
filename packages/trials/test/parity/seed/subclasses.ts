/** Models of the seed's subclasses of `OAuth2`, each by what it overrides. */
import { createPrivateKey, sign } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Lock, letters, makeOAuth2, NONE, type OAuth2, type OAuth2Options, type Pair } from './oauth2.js'
import { jsonOf, makeSession, type SeedError, seedError } from './session.js'

// -----------------------------------------------------------------------------
// tokens of somebody else's
// -----------------------------------------------------------------------------

export const makeCooperative = (retrieve: () => Pair, options: OAuth2Options): OAuth2 =>
  makeOAuth2({ ...options, override: { getTokens: async () => retrieve() } })

/** The answer is kept in memory only: the base's `_store_tokens` is not called. */
const kept =
  (ask: (stale: string | null) => Promise<string>) =>
  async (stale: string | null, base: OAuth2): Promise<Pair> => {
    const token = await ask(stale)
    base.update([token, base.pair()[1]])
    return [token, null]
  }

export const makeRemote = (retrieve: (stale: string | null) => Promise<string>, options: OAuth2Options): OAuth2 =>
  makeOAuth2({ ...options, override: { refreshWith: kept(retrieve) } })

/** The constructor itself asks. */
export const makeDeveloper = async (ask: () => Promise<string>, options: OAuth2Options): Promise<OAuth2> => ({
  ...makeOAuth2({ ...options, accessToken: await ask(), override: { refreshWith: kept(() => ask()) } }),
  revoke: async () => undefined,
})

// -----------------------------------------------------------------------------
// assertions
// -----------------------------------------------------------------------------

export interface JwtOptions extends OAuth2Options {
  readonly privateKey: string
  readonly keyId: string
  readonly enterprise: string
  /** The seed's own is Box's, whatever the endpoint; a test that is about something else may say another. */
  readonly audience?: string
}

export interface JwtAuth extends OAuth2 {
  /** Asks at once: not under the lock. */
  readonly authenticateUser: (user: string) => Promise<string | null>
  readonly authenticateInstance: () => Promise<string | null>
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** 400, `invalid_grant`, and a description that contains the letters `exp`. */
const isSkewed = ({ status, answer }: SeedError): boolean => {
  const json = answer === undefined ? undefined : jsonOf(answer)
  return status === 400 && json?.['error'] === 'invalid_grant' && String(json['error_description']).includes('exp')
}

const isOAuth = (error: unknown): error is SeedError => error instanceof Error && error.name === 'BoxOAuthException'

export const makeJwt = ({
  privateKey,
  keyId,
  enterprise,
  audience = 'https://api.box.com/oauth2/token',
  ...options
}: JwtOptions): JwtAuth => {
  if (privateKey === '') throw seedError('TypeError', 'must pass exactly one of a path and data')
  const key = createPrivateKey(privateKey)
  const { session = makeSession() } = options
  let user: string | null = null

  const assertion = (sub: string, type: string, now: number): string => {
    const claims = {
      iss: options.client.id,
      sub,
      box_sub_type: type,
      aud: audience,
      jti: letters(64),
      exp: Math.floor(now / 1_000) + 30,
    }
    const input = `${part({ typ: 'JWT', alg: 'RS256', kid: keyId })}.${part(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }

  const send = async (sub: string, type: string, now: number): Promise<string | null> => {
    const data = {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      ...base.credentials,
      assertion: assertion(sub, type, now),
      ...base.device,
    }
    return (await base.sendTokenRequest(data, false))[0]
  }

  const authenticated = async (sub: string, type: string): Promise<string | null> => {
    try {
      return await send(sub, type, session.surroundings.now())
    } catch (error) {
      const date = isOAuth(error) ? Date.parse(error.answer?.headers.get('date') ?? '') : Number.NaN
      if (isOAuth(error) && isSkewed(error) && !Number.isNaN(date)) return send(sub, type, date)
      throw error
    }
  }

  const authenticateUser = (id: string): Promise<string | null> => {
    user = id
    return authenticated(id, 'user')
  }
  const authenticateInstance = (): Promise<string | null> => {
    user = null
    return authenticated(enterprise, 'enterprise')
  }

  const base: OAuth2 = makeOAuth2({
    ...options,
    session,
    override: {
      ...options.override,
      refreshWith:
        options.override?.refreshWith ??
        (async () => [await (user === null ? authenticateInstance() : authenticateUser(user)), null]),
    },
  })
  return { ...base, authenticateUser, authenticateInstance }
}

// -----------------------------------------------------------------------------
// Redis
// -----------------------------------------------------------------------------

/** `uuid4()` as a default argument: evaluated when the module is, once for all. */
export const makeModule = () => {
  const UNIQUE_ID = letters(32)
  return { uniqueId: (given: string = UNIQUE_ID): string => given }
}

/** A lock without an end of its own. */
const redisLock =
  (redis: Redis, name: string, sleep: (seconds: number) => Promise<void>): Lock =>
  async (use) => {
    while ((await redis.set(name, letters(16), 'NX')) === null) await sleep(0.1)
    try {
      return await use()
    } finally {
      await redis.del(name)
    }
  }

/** The tokens of a hash in the order of its fields. */
const byPosition = async (redis: Redis, id: string): Promise<Pair> => {
  const [access, refresh] = await redis.hvals(id)
  return access === undefined ? NONE : [access, refresh ?? null]
}

/** What its client writes for a missing value. */
const word = (value: string | null): string => value ?? 'None'

const redisOverride = (redis: Redis, id: string, self: () => OAuth2) => ({
  getTokens: () => byPosition(redis, id),
  storeTokens: async (pair: Pair) => {
    self().update(pair)
    await redis.hset(id, 'access', word(pair[0]), 'refresh', word(pair[1]))
  },
})

export const makeRedis = (redis: Redis, id: string, options: OAuth2Options): OAuth2 => {
  const { session = makeSession() } = options
  const self: OAuth2 = makeOAuth2({
    ...options,
    session,
    refreshLock: redisLock(redis, `${id}_lock`, session.surroundings.sleep),
    override: redisOverride(redis, id, () => self),
  })
  return self
}

/** What a refresh that sent a request answers: the parents disagree about what an answer is. */
export type Nested = readonly [readonly [string | null, null], null]

export const makeRedisJwt = (
  redis: Redis,
  id: string,
  options: JwtOptions,
): { readonly refresh: (stale: string | null) => Promise<unknown> } => {
  const { session = makeSession() } = options
  const self: JwtAuth = makeJwt({
    ...options,
    session,
    refreshLock: redisLock(redis, `${id}_lock`, session.surroundings.sleep),
    override: redisOverride(redis, id, () => self),
  })
  return {
    refresh: async (stale): Promise<Nested | Pair> => {
      const before = session.sent.length
      const pair = await self.refresh(stale)
      return session.sent.length > before ? [[pair[0], null], null] : pair
    },
  }
}
