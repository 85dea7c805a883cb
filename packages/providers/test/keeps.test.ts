/** What a session promises, at every provider, by every way that it allows, in every store. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encrypted, memoryStore, recordCallbackStore, type StoredRecord, type TokenStore } from '@tessera/core'
import { aesGcm, generateKey, nodeEnv, systemRandom } from '@tessera/node'
import { revocation } from '@tessera/oauth2'
import { fileStore } from '@tessera/store-file'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { startPage } from './support/pageServer.js'
import { pages } from './support/pages.js'
import {
  clientOf,
  codeLogin,
  deviceLogin,
  left,
  movableClock,
  open,
  outlive,
  right,
  sourceOf,
  strategyOf,
  waysOf,
} from './support/session.js'

const folders: Array<string> = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

const callbackStore = (): TokenStore => {
  const rows = new Map<string, StoredRecord>()
  return recordCallbackStore({
    load: async (key) => rows.get(key),
    compareAndSwap: async (key, expected, next) => {
      if ((rows.get(key)?.version ?? null) !== expected) return false
      rows.set(key, next)
      return true
    },
  })
}

const folderStore = (): TokenStore => {
  const folder = mkdtempSync(join(tmpdir(), 'providers-'))
  folders.push(folder)
  return fileStore({ folder })
}

const cipher = right(aesGcm({ write: generateKey(systemRandom)() }))

const STORES: Readonly<Record<string, () => TokenStore>> = {
  memory: memoryStore,
  callbacks: callbackStore,
  files: folderStore,
  'encrypted files': () => encrypted(cipher)(folderStore()),
}

const cases = fc.constantFrom(...pages).chain((page) =>
  fc.record({
    page: fc.constant(page),
    way: fc.constantFrom(...waysOf(page)),
    store: fc.constantFrom(...Object.keys(STORES)),
    callers: fc.integer({ min: 2, max: 20 }),
    processes: fc.integer({ min: 1, max: 3 }),
  }),
)

test('one redemption for all callers, no refresh token lost, and a dead session asks to log in again', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ page, way, store: kind, callers, processes }) => {
      const server = await startPage(page)
      const { clock, advance } = movableClock()
      const live = nodeEnv()
      const env = { ...server.redirected(live), clock }
      try {
        const client = clientOf(page)
        const store = STORES[kind]?.() ?? memoryStore()
        const strategy = strategyOf(way, client)
        const sources = Array.from({ length: processes }, () =>
          sourceOf(strategy, env, { store, revocation: revocation({ client }) }),
        )
        const [first = sourceOf(strategy, env, { store })] = sources
        const login = way === 'code' ? await codeLogin(client, server, env) : deviceLogin(client)
        let token = right(way === 'client' ? await first.get() : await first.login(login)(env)())

        const redemptions = () => server.count(way === 'client' ? 'client' : 'refresh')
        const getAll = () =>
          Promise.all(Array.from({ length: callers }, (_, caller) => (sources[caller % processes] ?? first).get()))

        for (const round of [1, 2]) {
          const before = redemptions()
          await outlive(first, token, advance)
          const got = (await getAll()).map(right)
          expect({ round, redeemed: redemptions() - before }).toEqual({ round, redeemed: 1 })
          expect(new Set(got.map(open)).size).toBe(1)
          token = got[0] ?? token
          expect(server.isAlive(open(token))).toBe(true)
        }

        if (way !== 'client' && page.dead !== undefined) {
          expect(O.isSome(token.refreshToken)).toBe(true)
          server.end()
          const before = redemptions()
          await outlive(first, token, advance)
          const errors = [...(await getAll()), ...(await getAll())].map(left)
          expect(new Set(errors.map(({ _tag }) => _tag))).toEqual(new Set(['ReauthenticationRequired']))
          expect(redemptions() - before).toBe(1)
        }
        expect(server.complaints).toEqual([])
        for (const source of sources) right(await source.close({ revoke: false })())
      } finally {
        await live.close()
        await server.close()
      }
    }),
    { numRuns: 60 },
  )
})
