/** What is better than in the seed's `OAuth2`. */
import * as Box from '@tessera/box'
import {
  millis,
  minutes,
  pairCallbackStore,
  RetryPolicy,
  Secret,
  type SourceConfig,
  Strategy,
  TokenSet,
  type TokenSource,
} from '@tessera/core'
import { authenticatedFetch, type NodeEnv } from '@tessera/node'
import { authorizationCode, callback, refreshToken } from '@tessera/oauth2'
import type { FaultKind } from '@tessera/sandbox'
import { testClock } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { impatientClock } from '../support/clock.js'
import { right } from '../support/either.js'
import { isOver, turn } from '../support/over.js'
import { authorized, downscope, makeOAuth2, type OAuth2, type OAuth2Options } from './seed/oauth2.js'
import { makeSession, surroundings } from './seed/session.js'
import { better } from './support/better.js'
import {
  loggedIn,
  openWorld,
  parameter,
  REDIRECT,
  type Row,
  renewed,
  row,
  sourceOf,
  type World,
} from './support/world.js'

/** Without a value what it is, with one the error's name. */
const settled = <A>(promise: Promise<A>): Promise<A | string> =>
  promise.catch((error: unknown) => (error instanceof Error ? error.name : 'thrown'))

/** The seed with a pair of the server's. */
const seeded = ({ box, client }: World, options: Partial<OAuth2Options> = {}): OAuth2 =>
  makeOAuth2({ client, ...box.issue(), ...options })

/** Ours with such a pair. */
const given = (
  world: World,
  strategy: Strategy<NodeEnv> = refreshToken({ client: world.client }),
  config: Partial<SourceConfig<NodeEnv>> = {},
): TokenSource => {
  const pair = world.box.issue()
  return sourceOf(world, strategy, {
    minimumAge: millis(0),
    initial: TokenSet.make(Secret.make('AccessToken', pair.accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', pair.refreshToken)),
    }),
    ...config,
  })
}

// -----------------------------------------------------------------------------
// what the server says
// -----------------------------------------------------------------------------

interface Revoking {
  readonly revoke: () => Promise<unknown>
  readonly table: Row
}

better('B-OAUTH2-01', 'the empty 200 that Box documents for a revoke is a success, and nothing is held afterwards', {
  law: async ({ revoke, table }: Revoking, { box }) => {
    const token = table.read()?.accessToken ?? ''
    expect(await revoke()).toBe('revoked')
    expect(box.isActive(token)).toBe(false)
    expect(table.read()).toBeNull()
  },
  ours: async (world) => {
    const table = row()
    const source = await loggedIn(world, { store: pairCallbackStore({ retrieve: table.read, store: table.write }) })
    return { revoke: async () => right(await source.revoke()), table }
  },
  seed: ({ box, client }) => {
    const pair = box.issue()
    const table = row(pair)
    const auth = makeOAuth2({
      client,
      ...pair,
      storeTokens: ([access, refresh]) =>
        table.write(access === null ? null : { accessToken: access, refreshToken: refresh }),
    })
    return { revoke: () => settled(auth.revoke().then(() => 'revoked')), table }
  },
})

better(
  'B-OAUTH2-02',
  'an error says what the server said, as `error` and `error_description` or as `code` and `message`',
  {
    law: async (said: () => Promise<readonly [unknown, unknown]>, { box }) => {
      const answer = (body: object): FaultKind => ({ kind: 'status', status: 400, body: JSON.stringify(body) })
      box.faults.next({ ...answer({ type: 'error', code: 'bad_request', message: 'Too bad' }), endpoint: 'token' })
      expect(await said()).toEqual(['bad_request', 'Too bad'])
      box.faults.next({ ...answer({ error: 'invalid_scope', error_description: 'No such scope' }), endpoint: 'token' })
      expect(await said()).toEqual(['invalid_scope', 'No such scope'])
    },
    ours: (world) => async () => {
      const source = given(world)
      right(await source.invalidate(right(await source.get()).accessToken)())
      const result = await source.get()
      if (E.isRight(result) || result.left._tag !== 'Rejected') throw new Error('not rejected')
      return [O.toNullable(result.left.answer.error), O.toNullable(result.left.answer.description)]
    },
    seed: (world) => async () => {
      const auth = seeded(world)
      return auth.refresh(auth.accessToken()).then(
        () => ['no', 'error'],
        ({ code, said }) => [code, said],
      )
    },
  },
)

// -----------------------------------------------------------------------------
// what the server does not say
// -----------------------------------------------------------------------------

interface Patient {
  readonly renew: () => Promise<unknown>
  /** In ms. */
  readonly waits: ReadonlyArray<number>
  readonly again: () => Patient
}

const ourPatient = (world: World): Patient => {
  const { clock, waits } = impatientClock(undefined, minutes(1))
  const strategy = pipe(
    refreshToken({ client: world.client }),
    Strategy.retrying(RetryPolicy.exponential()),
    Strategy.local((env: NodeEnv) => ({ ...env, clock })),
  )
  const source = given(world, strategy, { timeout: minutes(2) })
  return {
    renew: async () => {
      right(await source.invalidate(right(await source.get()).accessToken)())
      return E.isRight(await source.get())
    },
    waits,
    again: () => ourPatient(world),
  }
}

const seedPatient = (world: World): Patient => {
  const waits: Array<number> = []
  const sleep = async (duration: number) => {
    waits.push(duration * 1_000)
  }
  const auth = seeded(world, { session: makeSession({ ...surroundings(), sleep }) })
  return {
    renew: () =>
      auth.refresh(auth.accessToken()).then(
        () => true,
        ({ name }) => (name === 'BoxOAuthException' ? false : name),
      ),
    waits,
    again: () => seedPatient(world),
  }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

better('B-OAUTH2-03', 'a failing server is asked a few times, in growing, jittered pauses, within a deadline', {
  law: async (first: Patient, world) => {
    const unavailable = { kind: 'status', status: 503, retryAfter: 0 } as const
    world.box.faults.next({ ...unavailable, endpoint: 'token', times: Number.POSITIVE_INFINITY })
    const second = first.again()
    expect([await first.renew(), await second.renew()]).toEqual([false, false])
    expect(world.requests()).toBeLessThanOrEqual(2 * 5)
    for (const { waits } of [first, second]) {
      expect(waits.length).toBeGreaterThan(1)
      expect([...waits].sort((a, b) => a - b)).toEqual(waits)
      expect(sum(waits)).toBeLessThanOrEqual(15_000)
    }
    expect(first.waits).not.toEqual(second.waits)
  },
  ours: ourPatient,
  seed: seedPatient,
})

better('B-OAUTH2-04', '`Retry-After` is understood in seconds and as an HTTP date', {
  law: async ({ renew, waits }: Patient, { box }) => {
    const tooMany = { kind: 'status', status: 429, endpoint: 'token' } as const
    box.faults.next({ ...tooMany, retryAfter: 2 })
    box.faults.next({ ...tooMany, retryAfter: new Date(box.clock.now() + 30_000) })
    expect(await renew()).toBe(true)
    expect(waits).toHaveLength(2)
    expect(waits[0]).toBeGreaterThanOrEqual(2_000)
    // A date has whole seconds, and some time has passed.
    expect(waits[1]).toBeGreaterThan(1_000)
    expect(waits[1]).toBeLessThanOrEqual(30_000)
  },
  ours: ourPatient,
  seed: seedPatient,
})

// -----------------------------------------------------------------------------
// time
// -----------------------------------------------------------------------------

interface Calling {
  readonly call: (signal: AbortSignal) => Promise<unknown>
  /** Time goes on by an hour. */
  readonly wait: () => Promise<void>
}

const ourCall = (world: World): Calling => {
  const clock = testClock({ start: world.env.clock.now(), turn })
  const source = given({ ...world, env: { ...world.env, clock } })
  return {
    call: async (signal) => {
      const first = right(await source.get())
      right(await source.invalidate(first.accessToken)())
      return source.within({ signal }).get()
    },
    wait: () => clock.advance(minutes(60)),
  }
}

// Its calls have no deadline and take no signal.
const seedCall = (world: World): Calling => {
  const auth = seeded(world)
  return { call: () => auth.refresh(auth.accessToken()), wait: async () => undefined }
}

better('B-OAUTH2-05', 'a call ends at its deadline, whatever the server does', {
  law: async (subject: Calling, { box }) => {
    const gate = box.gate('token')
    const called = subject.call(new AbortController().signal)
    called.catch(() => undefined)
    await gate.arrived
    expect(await isOver(called)).toBe(false)
    await subject.wait()
    expect(await isOver(called)).toBe(true)
  },
  ours: ourCall,
  seed: seedCall,
})

better('B-OAUTH2-05', 'a call ends when its caller aborts it', {
  law: async ({ call }: Calling, { box }) => {
    const caller = new AbortController()
    const gate = box.gate('token')
    const called = call(caller.signal)
    called.catch(() => undefined)
    await gate.arrived
    expect(await isOver(called)).toBe(false)
    caller.abort()
    expect(await isOver(called)).toBe(true)
  },
  ours: ourCall,
  seed: seedCall,
})

better('B-OAUTH2-05', 'a token is renewed before its end, so that no API sees an expired one', {
  law: async (call: () => Promise<number>, { box, pass, requests }) => {
    expect(await call()).toBe(200)
    pass(minutes(59))
    expect(await call()).toBe(200)
    pass(minutes(2))
    expect(await call()).toBe(200)
    const seen = box.requests().filter(({ endpoint }) => endpoint === 'api')
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(requests()).toBeGreaterThan(0)
  },
  ours: async (world) => {
    const source = await loggedIn(world)
    const api = authenticatedFetch({ tokens: source, origins: [world.box.url] })
    return async () => {
      const { status } = await api(`${world.box.endpoints.api}/users/me`)
      await source.settled()
      return status
    }
  },
  seed: (world) => {
    const call = authorized(seeded(world))
    return () => call(`${world.box.endpoints.api}/users/me`)
  },
})

// -----------------------------------------------------------------------------
// logins under attack
// -----------------------------------------------------------------------------

interface Login {
  readonly url: string
  /** Ends the login by what the browser brought, and says whether there are tokens. */
  readonly finish: (arrived: string) => Promise<boolean>
}

const ourLogin = (world: World): Login => {
  const { box, env } = world
  const client = Box.client({
    ...box.client,
    server: Box.serverAt(box.url, { issuer: O.some(box.endpoints.issuer), issParameterSupported: true }),
  })
  const source = sourceOf(world, refreshToken({ client }))
  const transaction = right(Box.authorizationRequest({ client, redirectUri: REDIRECT })(env)())
  return {
    url: transaction.url,
    finish: async (arrived) => {
      const answer = callback(transaction)(arrived)()
      if (E.isLeft(answer)) return false
      return E.isRight(await source.login(authorizationCode({ client, ...answer.right }))(env)())
    },
  }
}

const seedLogin = ({ client }: World): Login => {
  const auth = makeOAuth2({ client })
  return {
    url: auth.getAuthorizationUrl(REDIRECT)[0],
    finish: (arrived) =>
      auth.authenticate(new URL(arrived).searchParams.get('code') ?? '').then(
        () => true,
        () => false,
      ),
  }
}

/** What the attacker's own login brings back. */
const changed = (arrived: string, name: string, value: string): string => {
  const url = new URL(arrived)
  url.searchParams.set(name, value)
  return url.href
}

const refusing =
  (name: 'state' | 'iss', value: string) =>
  async ({ url, finish }: Login, { box, requests }: World): Promise<void> => {
    const arrived = await box.grant(url)
    expect(await finish(changed(arrived, name, value))).toBe(false)
    expect(requests()).toBe(0)
  }

better('B-OAUTH2-06', "a callback with another login's state is refused before its code is used", {
  law: async (login: Login, world) => {
    await refusing('state', 'box_csrf_token_AAAAAAAAAAAAAAAA')(login, world)
    // It has not spent the login.
    expect(await login.finish(await world.box.grant(login.url))).toBe(true)
  },
  ours: ourLogin,
  seed: seedLogin,
})

better('B-OAUTH2-06', 'a callback of another issuer is refused before its code is used', {
  law: refusing('iss', 'https://evil.example'),
  ours: ourLogin,
  seed: seedLogin,
})

better('B-OAUTH2-06', 'a stolen code is worth nothing without the verifier', {
  law: async ({ url }: Login, { box }) => {
    const code = new URL(await box.grant(url)).searchParams.get('code') ?? ''
    const credentials = { client_id: box.client.id, client_secret: box.client.secret }
    const { status } = await fetch(box.endpoints.token, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...credentials }),
    })
    expect(status).toBe(400)
  },
  ours: ourLogin,
  seed: seedLogin,
})

// -----------------------------------------------------------------------------
// rotation
// -----------------------------------------------------------------------------

better('B-OAUTH2-07', 'a refresh answered without a refresh token keeps the old one', {
  law: async (renew: () => Promise<unknown>, { box }) => {
    box.setRotation('none')
    expect(await renew()).toEqual(expect.stringMatching(/^access/))
    expect(await renew()).toEqual(expect.stringMatching(/^access/))
  },
  ours: async (world) => {
    const source = given(world)
    return async () => `access ${await renewed(source)}`
  },
  seed: (world) => {
    const auth = seeded(world)
    return () => settled(auth.refresh(auth.accessToken()).then(([access]) => `access ${access}`))
  },
})

interface Storing {
  /** Refuses the token in use and asks for the next. */
  readonly renew: () => Promise<unknown>
  readonly ask: () => Promise<unknown>
  readonly table: Row
}

const ourStoring = (world: World): Storing => {
  const table = row(world.box.issue())
  let failures = 1
  const store = pairCallbackStore({
    retrieve: table.read,
    store: (pair) => {
      if (failures-- > 0) {
        // For as long as anybody waits.
        world.clock.advance(20_000)
        throw new Error('the database is away')
      }
      table.write(pair)
    },
  })
  const source = sourceOf(world, refreshToken({ client: world.client }), { store, minimumAge: millis(0) })
  const token = async () => {
    const result = await source.get()
    if (E.isRight(result)) return 'a token'
    return result.left._tag === 'StoreFailed' && result.left.pending ? 'pending' : result.left._tag
  }
  const renew = async () => {
    right(await source.invalidate(right(await source.get()).accessToken)())
    return token()
  }
  return { renew, ask: token, table }
}

better('B-OAUTH2-08', 'a store callback that fails after a rotation loses nothing, and nothing is redeemed twice', {
  law: async ({ renew, ask, table }: Storing, { box }) => {
    box.setRotation('strict')
    await renew()
    expect(await ask()).toBe('a token')
    expect(table.written).toHaveLength(1)
    expect(box.isActive(table.read()?.refreshToken ?? '')).toBe(true)
    expect(box.counts()).toMatchObject({ redeemed: 1, doubleRedemptions: 0, familiesKilled: 0 })
  },
  ours: ourStoring,
  seed: ({ box, client }) => {
    const table = row(box.issue())
    let failures = 1
    const auth = makeOAuth2({
      client,
      storeTokens: ([accessToken, refreshToken]) => {
        if (failures-- > 0) throw new Error('the database is away')
        table.write(accessToken === null ? null : { accessToken, refreshToken })
      },
      override: {
        getTokens: async () => [table.read()?.accessToken ?? null, table.read()?.refreshToken ?? null],
      },
    })
    const used = table.read()?.accessToken ?? null
    const renew = () => settled(auth.refresh(used).then(() => 'a token'))
    return { renew, ask: renew, table }
  },
})

test('B-OAUTH2-08 the error says that the token is pending', async () => {
  const world = await openWorld()
  expect(await ourStoring(world).renew()).toBe('pending')
  await world.close()
})

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

interface Narrowing {
  readonly narrow: () => Promise<unknown>
  /** The subject tokens that were sent. */
  readonly subjects: () => ReadonlyArray<string | undefined>
}

better('B-OAUTH2-09', 'a downscope that met a 401 is sent again with the new token as its subject', {
  law: async ({ narrow, subjects }: Narrowing, { box }) => {
    box.expireAccessTokens()
    // What the server says of a subject that has expired, as an API says it.
    box.faults.next({ kind: 'status', status: 401, endpoint: 'token', grantType: EXCHANGE })
    await narrow()
    expect(subjects()).toHaveLength(2)
    expect(subjects().map((token = '') => box.isActive(token))).toEqual([false, true])
  },
  ours: async (world) => {
    const { box, client, env, sent } = world
    const source = given(world)
    right(await source.get())
    const tokens = pipe(
      () => () => source,
      Box.downscoped({ server: client.server, scope: [Box.scope.itemRead] }),
    )(env)()
    const call = authenticatedFetch({ tokens, origins: [box.url] })
    return {
      narrow: () => call(`${box.endpoints.api}/files/123`),
      subjects: () => sent(EXCHANGE).map((request) => parameter(request, 'subject_token')),
    }
  },
  seed: (world) => {
    const auth = seeded(world)
    return {
      narrow: () => downscope(auth, world.box.endpoints.token)('item_read'),
      subjects: () =>
        auth.session.sent
          .filter((request) => parameter(request, 'grant_type') === EXCHANGE)
          .map((request) => parameter(request, 'subject_token')),
    }
  },
})
