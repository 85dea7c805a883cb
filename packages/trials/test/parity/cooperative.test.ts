/** What a user of the seed's `CooperativelyManagedOAuth2` relies on, and what is better. */
import * as Box from '@tessera/box'
import { type PairCallbacks, pairCallbackStore, Secret, seconds, type TokenStore } from '@tessera/core'
import { accessToken, authenticatedFetch } from '@tessera/node'
import { refreshToken } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { right } from '../support/either.js'
import { downscope, makeLock } from './seed/oauth2.js'
import { makeCooperative } from './seed/subclasses.js'
import { better } from './support/better.js'
import { eachInWorld, parameter, type Row, renewed, row, sourceOf, type World } from './support/world.js'

const world = eachInWorld()

/** One process's store over the row. */
const over = ({ read, write }: Row, exclusive?: PairCallbacks['exclusive']): TokenStore =>
  pairCallbackStore({ retrieve: read, store: write, ...(exclusive !== undefined && { exclusive }) })

const sharing = (table: Row, { exclusive, at = world() }: Partial<PairCallbacks> & { readonly at?: World } = {}) =>
  sourceOf(at, refreshToken({ client: at.client }), { store: over(table, exclusive), maxStale: seconds(1) })

// -----------------------------------------------------------------------------
// what is kept
// -----------------------------------------------------------------------------

describe('S-COOP-01', () => {
  test('the pair is read before every renewal, and the new one is handed over', async () => {
    const { box } = world()
    const table = row(box.issue())
    let reads = 0
    const store = pairCallbackStore({
      retrieve: () => {
        reads++
        return table.read()
      },
      store: table.write,
    })
    const source = sourceOf(world(), refreshToken({ client: world().client }), { store })
    expect(await accessToken(source)).toBe(table.read()?.accessToken)
    for (const round of [1, 2]) {
      world().pass(seconds(2))
      const before = reads
      const token = await renewed(source)
      expect(reads).toBeGreaterThan(before)
      expect([table.read()?.accessToken, table.written.length]).toEqual([token, round])
      expect(box.isActive(table.read()?.refreshToken ?? '')).toBe(true)
    }
    expect(world().requests()).toBe(2)
  })

  test('another token there means no request', async () => {
    const table = row(world().box.issue())
    const [here, there] = [sharing(table), sharing(table)]
    const used = right(await here.get()).accessToken
    right(await there.get())
    world().pass(seconds(2))
    const renewedThere = await renewed(there)
    right(await here.invalidate(used)())
    expect(await accessToken(here)).toBe(renewedThere)
    expect(world().requests()).toBe(1)
  })

  test('under one lock, processes that share a pair redeem each refresh token once', async () => {
    const { box } = world()
    box.setRotation('strict')
    const table = row(box.issue())
    const lock = makeLock()
    const exclusive: PairCallbacks['exclusive'] = (_, use) => lock(use)
    const processes = [1, 2, 3, 4].map(() => sharing(table, { exclusive }))
    await Promise.all(processes.map((source) => accessToken(source)))
    for (let round = 1; round <= 3; round++) {
      // Old enough to be refused.
      world().pass(seconds(2))
      box.expireAccessTokens()
      const used = Secret.make('AccessToken', table.read()?.accessToken ?? '')
      await Promise.all(processes.map((source) => source.invalidate(used)()))
      const tokens = await Promise.all(processes.map((source) => accessToken(source)))
      expect(new Set(tokens).size).toBe(1)
    }
    expect(box.counts()).toMatchObject({ redeemed: 3, doubleRedemptions: 0, familiesKilled: 0 })
  })
})

// -----------------------------------------------------------------------------
// what is better
// -----------------------------------------------------------------------------

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

interface Narrowing {
  readonly table: Row
  readonly narrow: () => Promise<unknown>
  readonly subjects: () => ReadonlyArray<string | undefined>
}

better('S-COOP-01', 'the pair at hand is read at the first use, whatever that is', {
  law: async ({ table, narrow, subjects }: Narrowing) => {
    await narrow()
    expect(subjects()).toEqual([table.read()?.accessToken])
  },
  ours: (at) => {
    const table = row(at.box.issue())
    const source = sharing(table, { at })
    const tokens = pipe(
      () => () => source,
      Box.downscoped({ server: at.client.server, scope: [Box.scope.itemRead] }),
    )(at.env)()
    const call = authenticatedFetch({ tokens, origins: [at.box.url] })
    return {
      table,
      narrow: () => call(`${at.box.endpoints.api}/files/123`),
      subjects: () => at.sent(EXCHANGE).map((request) => parameter(request, 'subject_token')),
    }
  },
  seed: ({ box, client }) => {
    const table = row(box.issue())
    const auth = makeCooperative(() => [table.read()?.accessToken ?? null, table.read()?.refreshToken ?? null], {
      client,
    })
    return {
      table,
      narrow: () => downscope(auth, box.endpoints.token)('item_read'),
      subjects: () =>
        auth.session.sent
          .filter((request) => parameter(request, 'grant_type') === EXCHANGE)
          .map((request) => parameter(request, 'subject_token')),
    }
  },
})

better('S-COOP-01', 'a store says how far it is atomic: one process, or all that share the lock that was given', {
  law: async (guarantee: (isLocked: boolean) => string | undefined) => {
    expect([guarantee(false), guarantee(true)]).toEqual(['process', 'shared'])
  },
  ours: () => (isLocked) => over(row(), isLocked ? (_, use) => use() : undefined).guarantee,
  seed:
    ({ client }) =>
    (isLocked) => {
      const auth = makeCooperative(() => [null, null], { client, ...(isLocked && { refreshLock: makeLock() }) })
      return 'guarantee' in auth ? String(auth.guarantee) : undefined
    },
})
