import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, absent, encrypted, memoryStore, Secret, type TokenStore } from '@tessera/core'
import {
  aesGcm,
  dpopKey,
  dpopKeyFile,
  dpopKeyInStore,
  generateDpopKey,
  generateKey,
  systemDigest,
  systemRandom,
} from '@tessera/node'
import { type DpopKey, thumbprint } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

const folder = mkdtempSync(join(tmpdir(), 'tessera-dpop-'))
afterAll(() => rmSync(folder, { recursive: true }))
const fresh = (): string => join(mkdtempSync(join(folder, 'one-')), 'dpop.pem')

const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}
const whyNot = (result: E.Either<AuthError, unknown>): string =>
  E.isLeft(result) ? AuthError.show.show(result.left) : 'no error'

const nameOf = ({ publicJwk }: DpopKey): string => thumbprint(systemDigest)(publicJwk)

const holds = async (key: DpopKey): Promise<boolean> => {
  const signature = Buffer.from(right(await key.sign('a.b')()), 'base64url')
  const publicKey = createPublicKey({ format: 'jwk', key: { ...key.publicJwk } })
  return key.algorithm === 'EdDSA'
    ? verify(null, Buffer.from('a.b'), publicKey, signature)
    : verify('sha256', Buffer.from('a.b'), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}

const pemOf = (key: { export: (options: { format: 'pem'; type: 'pkcs8' }) => string | Buffer }): string =>
  key.export({ format: 'pem', type: 'pkcs8' }).toString()

// -----------------------------------------------------------------------------
// keys
// -----------------------------------------------------------------------------

test.each(['ES256', 'EdDSA'] as const)('a fresh %s key signs, and no two are alike', async (algorithm) => {
  const keys = [generateDpopKey({ algorithm })(), generateDpopKey({ algorithm })()]
  expect(new Set(keys.map(nameOf)).size).toBe(2)
  for (const key of keys) {
    expect(key.algorithm).toBe(algorithm)
    expect(await holds(key)).toBe(true)
    expect(Object.keys(key.publicJwk).sort()).toEqual(
      algorithm === 'ES256' ? ['crv', 'kty', 'x', 'y'] : ['crv', 'kty', 'x'],
    )
  }
})

test('ES256 unless told otherwise', () => {
  expect(generateDpopKey()().algorithm).toBe('ES256')
})

test('a key that is given: its algorithm is that of its kind', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const ed = generateKeyPairSync('ed25519').privateKey
  const encryptedPem = ec.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' }).toString()
  const path = fresh()
  writeFileSync(path, pemOf(ed), { mode: 0o600 })
  const keys = [
    right(await dpopKey({ key: ec })()),
    right(await dpopKey({ key: pemOf(ec) })()),
    right(await dpopKey({ key: encryptedPem, passphrase: 'p' })()),
    right(await dpopKey({ key: { file: path } })()),
  ]
  expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'ES256', 'ES256', 'EdDSA'])
  expect(new Set(keys.map(nameOf)).size).toBe(2)
  for (const key of keys) expect(await holds(key)).toBe(true)
})

test.each([
  ['an RSA key', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['a key on another curve', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ['a public key', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  ['a text that is none', () => 'not a key'],
])('%s is Misconfigured, and nothing of it is shown', async (_, key) => {
  const result = await dpopKey({ key: key() })()
  expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: 'privateKey' } })
  expect(whyNot(result)).not.toContain('not a key')
})

// -----------------------------------------------------------------------------
// in a file
// -----------------------------------------------------------------------------

describe('a file', () => {
  test('that is not there is made when asked, once, with mode 0600', async () => {
    const path = fresh()
    expect(whyNot(await dpopKeyFile({ path })())).toMatch('is not there')
    const all = await Promise.all(Array.from({ length: 20 }, dpopKeyFile({ path, create: true })))
    expect(new Set(all.map((key) => nameOf(right(key)))).size).toBe(1)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(path, '..'))).toEqual(['dpop.pem'])
    expect(nameOf(right(await dpopKeyFile({ path })()))).toBe(nameOf(right(all[0] ?? E.left(AuthError.closed))))
    expect(await holds(right(await dpopKeyFile({ path })()))).toBe(true)
  })

  test('of the user, with an Ed25519 key', async () => {
    const path = fresh()
    writeFileSync(path, pemOf(generateKeyPairSync('ed25519').privateKey), { mode: 0o600 })
    expect(right(await dpopKeyFile({ path, create: true })()).algorithm).toBe('EdDSA')
  })

  test('that others may read, or that holds something else, is refused by its path and stays as it is', async () => {
    const path = fresh()
    right(await dpopKeyFile({ path, create: true })())
    chmodSync(path, 0o644)
    expect(whyNot(await dpopKeyFile({ path, create: true })())).toMatch('has mode 0644')
    const other = fresh()
    writeFileSync(other, 'abc:def', { mode: 0o600 })
    const result = await dpopKeyFile({ path: other, create: true })()
    expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: other } })
    expect(whyNot(result)).not.toContain('abc')
    expect(readFileSync(other, 'utf8')).toBe('abc:def')
  })
})

// -----------------------------------------------------------------------------
// in a store
// -----------------------------------------------------------------------------

const cipherOf = () => right(aesGcm({ write: generateKey(systemRandom)() }))

describe('a store', () => {
  test('of processes that make a key at once, one wins and all have its key', async () => {
    const [store, cipher] = [memoryStore(), cipherOf()]
    const all = await Promise.all(Array.from({ length: 20 }, dpopKeyInStore({ store, cipher })))
    expect(new Set(all.map((key) => nameOf(right(key)))).size).toBe(1)
    const later = right(await dpopKeyInStore({ store, cipher, algorithm: 'EdDSA' })())
    expect(later.algorithm).toBe('ES256')
    expect(await holds(later)).toBe(true)
  })

  test('it is sealed there, under a name of its own', async () => {
    const [store, cipher] = [memoryStore(), cipherOf()]
    right(await dpopKeyInStore({ store, cipher, key: 'app dpop' })())
    const { record } = right(await store.get('app dpop')())
    const text = O.isSome(record) ? Secret.open(record.value) : ''
    expect(text).toMatch(/^v1\./)
    expect(text).not.toContain('PRIVATE')
    // No session's record opens as a key, nor a key as a session.
    expect(whyNot(await encrypted(cipher)(store).get('app dpop')())).toMatch('does not open')
  })

  test('what another cipher sealed is refused, and stays as it is', async () => {
    const store = memoryStore()
    right(await dpopKeyInStore({ store, cipher: cipherOf() })())
    const before = right(await store.get('dpop key')())
    expect(await dpopKeyInStore({ store, cipher: cipherOf() })()).toMatchObject({
      left: { _tag: 'StoreFailed', operation: 'decode' },
    })
    expect(right(await store.get('dpop key')())).toEqual(before)
  })

  test('a store that fails', async () => {
    const down = AuthError.storeFailed('get', 'ECONNREFUSED')
    const store: TokenStore = { ...memoryStore(), get: () => async () => E.left(down) }
    expect(await dpopKeyInStore({ store, cipher: cipherOf() })()).toEqual(E.left(down))
  })

  test('one whose key is deleted between two steps says so', async () => {
    const store: TokenStore = {
      ...memoryStore(),
      compareAndSet: () => async () =>
        E.right({ _tag: 'Conflict', found: { version: absent, record: O.none, now: O.none } }),
    }
    expect(whyNot(await dpopKeyInStore({ store, cipher: cipherOf() })())).toMatch('was deleted meanwhile')
  })
})

test.each([
  ['dpopKey', 'key', () => dpopKey({} as never)],
  ['dpopKeyFile', 'path', () => dpopKeyFile({} as never)],
  ['dpopKeyInStore', 'store', () => dpopKeyInStore({ cipher: cipherOf() } as never)],
  ['dpopKeyInStore', 'cipher', () => dpopKeyInStore({ store: memoryStore() } as never)],
])('%s, called as only JavaScript can, names %s', async (_, field, call) => {
  expect(await call()()).toMatchObject({ left: { _tag: 'Misconfigured', field } })
})

test('a signature is raw, of 64 bytes, and another each time', async () => {
  const key = generateDpopKey()()
  const signatures = await Promise.all([1, 2].map(async () => right(await key.sign('a.b')())))
  expect(new Set(signatures).size).toBe(2)
  expect(signatures.map((signature) => Buffer.from(signature, 'base64url').length)).toEqual([64, 64])
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  expect(sign('sha256', Buffer.from('a.b'), other).length).toBeGreaterThan(64)
})
