/** Stores and sources that are as they must be, each of another kind. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AuthError,
  encrypted,
  type Key,
  memoryStore,
  minutes,
  pairCallbackStore,
  RetryPolicy,
  recordCallbackStore,
  type StoredRecord,
  Strategy,
  type TokenPair,
  TokenSource,
} from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import { Client, clientCredentials, refreshToken, revocation } from '@tessera/oauth2'
import { fileStore } from '@tessera/store-file'
import { ioRedis, redisStore } from '@tessera/store-redis'
import {
  interleavings,
  type MakeSource,
  type MakeStore,
  type Rotation,
  type SourceLawOptions,
  tokenSourceLaws,
  tokenStoreLaws,
} from '@tessera/testing'
import { hasRedis, servers } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Redis } from 'ioredis'
import { judging, modes } from '../copies/judging.js'
import { coreLoader } from '../copies/loadCore.js'
import type { Specimen } from './Specimen.js'
import { overTable } from './table.js'

// -----------------------------------------------------------------------------
// stores
// -----------------------------------------------------------------------------

const overRows = (): MakeStore => {
  const rows = new Map<Key, StoredRecord>()
  return (pause) =>
    recordCallbackStore({
      load: async (key) => {
        await pause()
        return rows.get(key)
      },
      compareAndSwap: async (key, expected, next) => {
        await pause()
        const swaps = (rows.get(key)?.version ?? null) === expected
        if (swaps) rows.set(key, next)
        await pause()
        return swaps
      },
    })
}

const overPairs = (isLocked: boolean): MakeStore => {
  const pairs = new Map<Key, TokenPair | null>()
  let last: Promise<unknown> = Promise.resolve()
  const exclusive = <A>(_: Key, use: () => Promise<A>): Promise<A> => {
    const turn = last.then(use)
    last = turn.catch(() => undefined)
    return turn
  }
  return (pause) =>
    pairCallbackStore({
      retrieve: async (key) => {
        await pause()
        return pairs.get(key)
      },
      store: async (pair, key) => {
        await pause()
        pairs.set(key, pair)
      },
      ...(isLocked && { exclusive }),
    })
}

const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw new Error(result.left._tag)
  return result.right
}

const sealed = (): MakeStore => {
  const layer = encrypted(right(aesGcm({ write: generateKey(systemRandom)() })))
  const rows = overRows()
  return async (pause, prefix) => layer(await rows(pause, prefix))
}

const store = (name: string, make: MakeStore): Specimen => ({
  kind: 'store',
  name,
  isHonest: true,
  laws: () => tokenStoreLaws(make),
})

const inFiles = (): Specimen => {
  const folder = mkdtempSync(join(tmpdir(), 'zoo-'))
  return {
    ...store('fileStore', () => fileStore({ folder: join(folder, 'sessions') })),
    numRuns: 8,
    end: async () => rmSync(folder, { recursive: true }),
  }
}

/** Two connections, each as a process of its own has one. */
const inRedis = (): Specimen => {
  const all = servers()
  const clients: Array<Redis> = []
  return {
    kind: 'store',
    name: 'redisStore',
    isHonest: true,
    laws: async () => {
      const { port } = await all.start()
      const stores = [new Redis(port), new Redis(port)].map((client) => {
        clients.push(client)
        return redisStore(ioRedis(client))
      })
      let opened = 0
      return tokenStoreLaws(() => stores[opened++ % stores.length] ?? memoryStore())
    },
    end: async () => {
      for (const client of clients) client.disconnect()
      await all.stop()
    },
  }
}

// -----------------------------------------------------------------------------
// sources
// -----------------------------------------------------------------------------

const client = Client.make({
  id: 'app',
  secret: 's3cret',
  tokenEndpoint: 'https://server.example/token',
  revocationEndpoint: 'https://server.example/revoke',
})

const plain: MakeSource = ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)()

const keyed: MakeSource = ({ strategy, env, ...parts }) => TokenSource.keyed(parts)(() => strategy)(env)().for('ann')

const pipeline: MakeSource = ({ env, store: place, key, renewal, observe }) =>
  pipe(
    refreshToken({ client }),
    Strategy.retrying(RetryPolicy.exponential()),
    Strategy.within(minutes(1)),
    TokenSource.make({ store: place, key, renewal, observe, revocation: revocation({ client }) }),
  )(env)()

const service: MakeSource = ({ env, store: place, key, renewal, observe }) =>
  pipe(
    clientCredentials({ client }),
    TokenSource.make({ store: place, key, renewal, observe, revocation: revocation({ client }) }),
  )(env)()

const source = (name: string, make: MakeSource, options: SourceLawOptions = {}): Specimen => ({
  kind: 'source',
  name,
  isHonest: true,
  numRuns: 12,
  laws: () => [...tokenSourceLaws(make, options), interleavings({ make, ...options })],
})

const overOwnPairs = () => {
  const pairs = new Map<Key, TokenPair | null>()
  return pairCallbackStore({ retrieve: (key) => pairs.get(key), store: (pair, key) => void pairs.set(key, pair) })
}

const core = ([mode, rotation]: readonly [string, Rotation]): Specimen => ({
  kind: 'step',
  name: `core as it is, server: ${mode}`,
  isHonest: true,
  numRuns: 30,
  laws: () => [judging(coreLoader()(), rotation)],
})

/** The honest specimens. */
export const honest = (): ReadonlyArray<Specimen> => [
  store('memoryStore', memoryStore),
  store("a table of one's own", overTable({})),
  store('recordCallbackStore', overRows()),
  store('pairCallbackStore', overPairs(false)),
  store('pairCallbackStore with a lock', overPairs(true)),
  store('encrypted over recordCallbackStore', sealed()),
  inFiles(),
  ...(hasRedis() ? [inRedis()] : []),
  source('a strategy, and a store', plain),
  source('a strategy, and pairs', plain, { store: overOwnPairs }),
  source('keyed', keyed),
  source('a pipeline over HTTP, with retries', pipeline),
  source('client credentials', service, { selfSufficient: true }),
  ...Object.entries(modes).map(core),
]
