/** Connections whose store is a URL. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, instant, Secret, TokenSet } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { connect, connectUsers } from '../src/index.js'

const strategyOf = (...texts: ReadonlyArray<string>) =>
  scriptedStrategy(
    texts.map((text) =>
      E.right(TokenSet.make(Secret.make('AccessToken', text), { expiresAt: O.some(instant(Date.now() + 3_600_000)) })),
    ),
  ).strategy

describe('a store by its URL', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connect-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is shared by all connections that name it, and closed with each', async () => {
    const [store, key] = [`sqlite:${join(folder, 'a.db')}`, 'service']
    const first = connect(strategyOf('first'), { store, key })
    const second = connect(strategyOf('second'), { store: Secret.make('Url', store), key })
    expect([await first.token(), await second.token()]).toEqual(['first', 'first'])
    await first.close()
    expect(await second.token()).toBe('first')
    await second.close()
    // It does not end with a process: nothing was revoked.
    const third = connect(strategyOf('third'), { store, key })
    expect(await third.token()).toBe('first')
    await third.close()
  })

  test('is that of many people', async () => {
    const store = `sqlite:${join(folder, 'b.db')}`
    const users = connectUsers((user) => strategyOf(`of ${user}`), { store })
    expect(await users.for('ann').token()).toBe('of ann')
    await users.close()
    const again = connectUsers((user) => strategyOf(`another of ${user}`), { store })
    expect(await again.for('ann').token()).toBe('of ann')
    await again.close()
  })

  test.each(['redis://u:c4n4ry@h', 'https://u:c4n4ry@h/app', 'c4n4ry', ''])('is no other: %j', (store) => {
    for (const open of [
      () => connect(strategyOf('t'), { store }),
      () => connectUsers(() => strategyOf('t'), { store }),
    ]) {
      expect(open).toThrow('store: takes a store, or the URL of a database')
      expect(open).not.toThrow('c4n4ry')
    }
  })

  test('says by the first call what is wrong with it, without its password', async () => {
    const api = connect(strategyOf('t'), { store: 'postgres://u:c4n4ry/w@h/app' })
    const error = await api.token().catch((thrown: unknown) => thrown)
    expect(AuthError.isException(error) && error.error).toMatchObject({ _tag: 'Misconfigured', field: 'store' })
    expect(String(error)).not.toContain('c4n4ry')
    await api.close()
  })

  test('says what is to be installed', async () => {
    jest.doMock('@tessera/store-sql', () => {
      throw Object.assign(new Error('Cannot find package'), { code: 'MODULE_NOT_FOUND' })
    })
    const api = connect(strategyOf('t'), { store: 'postgres://h/app' })
    await expect(api.token()).rejects.toThrow('npm install @tessera/store-sql')
    await api.close()
    jest.dontMock('@tessera/store-sql')
  })
})
