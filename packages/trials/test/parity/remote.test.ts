/** What a user of the seed's `RemoteOAuth2` relies on, and what is better. */
import * as Box from '@tessera/box'
import { type Instant, minutes, pairCallbackStore, remoteCallback, Secret, seconds } from '@tessera/core'
import { testClock } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { accessOf, right } from '../support/either.js'
import { isOver, turn } from '../support/over.js'
import { makeRemote } from './seed/subclasses.js'
import { better } from './support/better.js'
import { eachInWorld, type Row, renewed, row, sourceOf, type World } from './support/world.js'

const world = eachInWorld()

/** A service of ours that has the credentials, and asks the server over HTTP. */
const vault = ({ box }: World) => {
  const stale: Array<string | null> = []
  const exchange = async (used: string | null) => {
    stale.push(used)
    const answer = await fetch(box.endpoints.token, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: box.client.id,
        client_secret: box.client.secret,
        box_subject_type: 'enterprise',
        box_subject_id: box.enterprise,
      }),
    })
    const { access_token, expires_in } = await answer.json()
    return { accessToken: String(access_token), expiresAt: box.clock.now() + Number(expires_in) * 1_000 }
  }
  return { stale, exchange }
}

const remote = (exchange: ReturnType<typeof vault>['exchange']) =>
  remoteCallback(({ previous }) => exchange(pipe(previous, O.map(accessOf), O.toNullable)))

// -----------------------------------------------------------------------------
// what is kept
// -----------------------------------------------------------------------------

describe('S-REMOTE-01', () => {
  test('the callback gets the token that went stale and answers a new one', async () => {
    const { stale, exchange } = vault(world())
    const source = sourceOf(world(), remote(exchange))
    const first = accessOf(right(await source.get()))
    world().pass(seconds(2))
    const second = await renewed(source)
    expect(stale).toEqual([null, first])
    expect([world().box.isActive(second), second === first]).toEqual([true, false])
  })

  test('its end is taken from the answer: it is renewed before', async () => {
    const { stale, exchange } = vault(world())
    const source = sourceOf(world(), remote(exchange))
    const first = right(await source.get())
    const ahead = O.match(
      () => 0,
      (at: Instant) => at - world().env.clock.now(),
    )(first.expiresAt)
    expect(Math.round(ahead / 60_000)).toBe(60)
    world().pass(minutes(61))
    expect(accessOf(right(await source.get()))).not.toBe(accessOf(first))
    expect(stale).toEqual([null, accessOf(first)])
  })

  test('a text is an answer too: it is used until it is refused', async () => {
    const source = sourceOf(
      world(),
      remoteCallback(async () => world().box.issue().accessToken),
    )
    const first = accessOf(right(await source.get()))
    world().pass(minutes(600))
    expect(accessOf(right(await source.get()))).toBe(first)
    expect(await renewed(source)).not.toBe(first)
  })
})

// -----------------------------------------------------------------------------
// what is better
// -----------------------------------------------------------------------------

interface Writing {
  readonly renew: () => Promise<string | null>
  readonly table: Row
}

better('S-REMOTE-01', 'the store is written', {
  law: async ({ renew, table }: Writing, { box }) => {
    const token = await renew()
    if (token === null || !box.isActive(token)) throw new Error('no token')
    expect(table.read()).toEqual({ accessToken: token, refreshToken: null })
  },
  ours: (at) => {
    const table = row()
    const store = pairCallbackStore({ retrieve: table.read, store: table.write })
    const source = sourceOf(at, remote(vault(at).exchange), { store })
    return { renew: async () => accessOf(right(await source.get())), table }
  },
  seed: (at) => {
    const table = row()
    const auth = makeRemote(async (stale) => (await vault(at).exchange(stale)).accessToken, {
      client: at.client,
      storeTokens: ([access, refresh]) =>
        table.write(access === null ? null : { accessToken: access, refreshToken: refresh }),
    })
    return { renew: async () => (await auth.refresh(null))[0], table }
  },
})

interface Failing {
  /** What came of a callback: a tag, or whatever was thrown. */
  readonly ask: (callback: () => Promise<string>) => Promise<unknown>
  readonly wait: () => Promise<void>
}

const ourFailing = ({ env, ...at }: World): Failing => {
  const clock = testClock({ start: env.clock.now(), turn })
  return {
    ask: async (callback) => {
      const result = await sourceOf({ ...at, env: { ...env, clock } }, remoteCallback(callback)).get()
      return E.isLeft(result) ? result.left._tag : 'a token'
    },
    wait: () => clock.advance(minutes(1)),
  }
}

const seedFailing = ({ client }: World): Failing => ({
  ask: (callback) =>
    makeRemote(callback, { client })
      .refresh(null)
      .catch((error: unknown) => error),
  wait: async () => undefined,
})

better('S-REMOTE-01', 'a callback that fails is a typed error', {
  law: async ({ ask }: Failing) => {
    expect(await ask(() => Promise.reject(new Error('c4n4ry')))).toBe('OutcomeUnknown')
  },
  ours: ourFailing,
  seed: seedFailing,
})

better('S-REMOTE-01', 'a callback that hangs is a typed error at the deadline', {
  law: async ({ ask, wait }: Failing) => {
    const hanging = ask(() => new Promise(() => undefined))
    expect(await isOver(hanging)).toBe(false)
    await wait()
    expect(await isOver(hanging)).toBe(true)
    expect(await hanging).toBe('OutcomeUnknown')
  },
  ours: ourFailing,
  seed: seedFailing,
})

better('S-REMOTE-01', 'a revoke sends no request with credentials that nobody has', {
  law: async (revoke: () => Promise<unknown>, { box }) => {
    await revoke()
    expect(box.counts().byEndpoint.revoke).toBe(0)
  },
  ours: async (at) => {
    const source = sourceOf(at, remote(vault(at).exchange))
    right(await source.get())
    return async () => right(await source.revoke())
  },
  // Its client id and secret are absent.
  seed: async (at) => {
    const client = Box.client({ id: '', secret: Secret.make('ClientSecret', ''), server: Box.serverAt(at.box.url) })
    const auth = makeRemote(async (stale) => (await vault(at).exchange(stale)).accessToken, { client })
    await auth.refresh(null)
    return () => auth.revoke().catch(() => undefined)
  },
})
