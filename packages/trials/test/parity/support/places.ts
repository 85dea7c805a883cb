/** Every place to keep a token. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  encrypted,
  type Key,
  memoryStore,
  pairCallbackStore,
  seconds,
  type TokenPair,
  type TokenStore,
} from '@tessera/core'
import { aesGcm, generateKey, systemRandom } from '@tessera/node'
import { fileStore } from '@tessera/store-file'
import { redisStore } from '@tessera/store-redis'
import { type Servers, servers } from '../../../src/servers/index.js'
import { closed, type Opens, standalone } from '../../../src/servers/redisClients.js'
import { right } from '../../support/either.js'
import { sharedTable } from '../../support/sharedTable.js'

/** A place of its own for the sessions of one suite. */
export interface Place {
  /** Another process's store over it; the same one where the place is a process's own. */
  readonly store: () => TokenStore
  readonly close: () => Promise<void>
}

const nothing = async (): Promise<void> => undefined

const inProcess = (store: TokenStore): Place => ({ store: () => store, close: nothing })

const pairTable = () => {
  const rows = new Map<Key, TokenPair | null>()
  return {
    retrieve: (key: Key) => rows.get(key),
    store: (pair: TokenPair | null, key: Key) => void rows.set(key, pair),
  }
}

/** One caller at a time, for each key. */
const locks = () => {
  const last = new Map<Key, Promise<unknown>>()
  return <A>(key: Key, use: () => Promise<A>): Promise<A> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(use)
    last.set(
      key,
      turn.catch(() => undefined),
    )
    return turn
  }
}

const sealing = () => encrypted(right(aesGcm({ write: generateKey(systemRandom)() })), { namespace: 'parity' })

const inFiles = async (seal: (store: TokenStore) => TokenStore): Promise<Place> => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-parity-'))
  return { store: () => seal(fileStore({ folder })), close: () => rm(folder, { recursive: true }) }
}

const inRedis = async (client: keyof Opens, seal: (store: TokenStore) => TokenStore): Promise<Place> => {
  const all: Servers = servers()
  const opens = standalone((await all.start()).port)
  const connections = [await opens[client](), await opens[client]()]
  let next = 0
  return {
    store: () => {
      const connection = connections[next++ % connections.length]
      if (connection === undefined) throw new Error('not open')
      return seal(redisStore(connection.port, { commandTimeout: seconds(20) }))
    },
    close: async () => {
      for (const connection of connections) await closed(connection)
      await all.stop()
    },
  }
}

const plain = (store: TokenStore): TokenStore => store

export const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  memory: async () => inProcess(memoryStore()),
  'memory, encrypted': async () => inProcess(sealing()(memoryStore())),
  'pair callback': async () => inProcess(pairCallbackStore(pairTable())),
  'pair callback, locked': async () => {
    const table = pairTable()
    const exclusive = locks()
    return { store: () => pairCallbackStore({ ...table, exclusive }), close: nothing }
  },
  'record callback': async () => ({ store: sharedTable().store, close: nothing }),
  'record callback, encrypted': async () => {
    const { store } = sharedTable()
    const seal = sealing()
    return { store: () => seal(store()), close: nothing }
  },
  file: () => inFiles(plain),
  'file, encrypted': () => inFiles(sealing()),
}

export const REDIS_PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'Redis (ioredis)': () => inRedis('ioredis', plain),
  'Redis (@redis/client)': () => inRedis('@redis/client', plain),
  'Redis, encrypted': () => inRedis('ioredis', sealing()),
}
