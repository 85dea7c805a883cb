import crypto, { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { AuthError, Secret } from '@tessera/core'
import type { Algorithm, Signer } from '@tessera/oauth2'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { externalSigner, type KeySource, macSigner, signer, verifyJwt } from '../src/index.js'

const PASSPHRASE = 'c4n4ry pässphrase'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = { P256: generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
const encrypted = rsa.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  .toString()
const plain = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const file = join(mkdtempSync(join(tmpdir(), 'tessera-node-')), 'key.pem')
writeFileSync(file, encrypted)

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = async (by: Signer, header: string, claims: string): Promise<Secret<'Assertion'>> => {
  const input = `${header}.${claims}`
  const signature = await by.sign(input)()
  if (E.isLeft(signature)) throw new Error(JSON.stringify(signature.left))
  return Secret.make('Assertion', `${input}.${signature.right}`)
}
const assertion = (by: Signer, claims: object, header: object = {}): Promise<Secret<'Assertion'>> =>
  signed(by, part({ alg: by.algorithm, ...header }), part(claims))
const soon = () => Math.floor(Date.now() / 1000) + 60
const claims = () => ({ iss: 'me', aud: 'you', exp: soon() })
const verify = (key: string | KeyObject, algorithm: Algorithm) =>
  verifyJwt({ key, algorithms: [algorithm], audience: 'you', issuer: 'me' })

afterEach(() => jest.restoreAllMocks())

describe('every algorithm is verified by jsonwebtoken', () => {
  const keys: ReadonlyArray<readonly [Algorithm, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }]> = [
    ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map((algorithm) => [algorithm, rsa] as const),
    ['ES256', ec.P256],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ]
  const places = [false, true].flatMap((onEventLoop) => keys.map((key) => [...key, onEventLoop] as const))
  test.each(places)('%s', async (algorithm, { privateKey, publicKey }, onEventLoop) => {
    const by = signer({ key: privateKey, algorithm, keyId: 'k1', onEventLoop })
    expect(by.keyId).toEqual(O.some('k1'))
    const given = { ...claims(), jti: 'ü' }
    const jwt = await assertion(by, given)
    expect(await verify(publicKey, algorithm)(jwt)()).toEqual(E.right(given))
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(await verify(pem, algorithm)(jwt)()).toEqual(E.right(given))
  })
})

// Appendix A.
const ed25519 = crypto.createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  },
})

test.each([false, true])('RFC 8037 A.4: EdDSA; on the event loop: %s', async (onEventLoop) => {
  const pem = ed25519.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const key of [ed25519, pem]) {
    const by = signer({ key, algorithm: 'EdDSA', onEventLoop })
    expect(await by.sign('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc')()).toEqual(
      E.right('hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg'),
    )
  }
})

describe('a signer by a secret', () => {
  const secret = 'c4n4ry'.repeat(11)

  test.each([
    ['HS256', 'SHA-256'],
    ['HS384', 'SHA-384'],
    ['HS512', 'SHA-512'],
  ] as const)('RFC 7518 §3.2: %s is verified by WebCrypto', async (algorithm, hash) => {
    const bytes = new TextEncoder().encode(secret)
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['verify'])
    for (const by of [macSigner({ secret, algorithm }), macSigner({ secret: Secret.make('S', secret), algorithm })]) {
      const signature = await by.sign('a.b')()
      const signed = Buffer.from(E.isRight(signature) ? signature.right : '', 'base64url')
      expect(await crypto.subtle.verify('HMAC', key, signed, Buffer.from('a.b'))).toBe(true)
      expect(await crypto.subtle.verify('HMAC', key, signed, Buffer.from('a.c'))).toBe(false)
    }
  })

  test('the one of a client is HS256, unless it says otherwise', () => {
    expect(macSigner({ secret, keyId: 'k' })).toMatchObject({ algorithm: 'HS256', keyId: O.some('k') })
  })

  test.each(['c4n4ry', 'x'.repeat(31), ''])(
    'RFC 7518 §3.2: one that is too short is Misconfigured (%#)',
    async (short) => {
      const by = macSigner({ secret: short })
      expect(await by.sign('a')()).toMatchObject({ left: { _tag: 'Misconfigured', field: 'secret' } })
      expect(inspect([by, await by.sign('a')()], { depth: 9, showHidden: true })).not.toContain('c4n4ry')
      // @ts-expect-error a setting that is missing
      expect(await macSigner({ secret: undefined }).sign('a')()).toMatchObject({ left: { field: 'secret' } })
    },
  )
})

describe('S-JWT-01 every shape of a key', () => {
  const sources: ReadonlyArray<readonly [string, () => KeySource]> = [
    ['text', () => encrypted],
    ['secret', () => Secret.make('PrivateKey', encrypted)],
    ['bytes', () => new TextEncoder().encode(encrypted)],
    ['stream of bytes', () => Readable.from([Buffer.from(encrypted.slice(0, 99)), Buffer.from(encrypted.slice(99))])],
    ['stream of text', () => Readable.from([encrypted])],
    ['file', () => ({ file })],
    ['loaded key', () => rsa.privateKey],
  ]
  const passphrases = [PASSPHRASE, Secret.make('Passphrase', PASSPHRASE), new TextEncoder().encode(PASSPHRASE)]
  test.each(sources)('%s', async (_, source) => {
    for (const passphrase of passphrases) {
      const jwt = await assertion(signer({ key: source(), passphrase }), claims())
      expect((await verify(rsa.publicKey, 'RS256')(jwt)())._tag).toBe('Right')
    }
  })

  test('a passphrase for a key that is not encrypted does no harm', async () => {
    expect((await signer({ key: plain, passphrase: 'x' }).sign('a')())._tag).toBe('Right')
  })
})

describe('B-JWT-06 the key is decrypted once', () => {
  test('at the first signature, shared by all that wait for it, and never again', async () => {
    const parse = jest.spyOn(crypto, 'createPrivateKey')
    const by = signer({ key: { file }, passphrase: PASSPHRASE })
    expect(parse).toHaveBeenCalledTimes(0)
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => by.sign(`${n}`)()))
    expect(results.every(E.isRight)).toBe(true)
    for (let n = 0; n < 10; n++) await by.sign(`${n}`)()
    expect(parse).toHaveBeenCalledTimes(1)
  })

  test('a failure may be tried again, even where the key came from a stream', async () => {
    jest.spyOn(crypto, 'createPrivateKey').mockImplementationOnce(() => {
      throw Object.assign(new Error('c4n4ry'), { code: 'ERR_OSSL_BUSY' })
    })
    const by = signer({ key: Readable.from([encrypted]), passphrase: PASSPHRASE })
    expect(await by.sign('a')()).toMatchObject({ left: { _tag: 'Misconfigured', field: 'passphrase' } })
    expect((await by.sign('a')())._tag).toBe('Right')
  })

  test.each([true, false])(
    'on the event loop: %s, and what fails there is told without its text',
    async (onEventLoop) => {
      const by = signer({ key: rsa.privateKey, onEventLoop })
      const sign = jest.spyOn(crypto, 'sign')
      expect((await by.sign('a')())._tag).toBe('Right')
      expect(sign.mock.calls.map((args) => typeof args.at(3))).toEqual([onEventLoop ? 'undefined' : 'function'])
      const broken = Object.assign(new Error('c4n4ry'), { code: 'ERR_OSSL_BUSY' })
      sign.mockImplementationOnce((...[, , , done]) => {
        if (done === undefined) throw broken
        done(broken, Buffer.alloc(0))
        return Buffer.alloc(0)
      })
      expect(await by.sign('a')()).toEqual(
        E.left(AuthError.misconfigured('privateKey', 'does not sign (ERR_OSSL_BUSY)')),
      )
    },
  )

  test('signing leaves the event loop free', async () => {
    const by = signer({ key: rsa.privateKey })
    const order: string[] = []
    const signing = Promise.all(Array.from({ length: 20 }, () => by.sign('a')())).then(() => order.push('signed'))
    setImmediate(() => order.push('turn'))
    await signing
    expect(order).toEqual(['turn', 'signed'])
  })
})

describe('what is wrong is Misconfigured, names its field and shows no key', () => {
  const wrong: ReadonlyArray<readonly [string, string, Parameters<typeof signer>[0]]> = [
    ['no passphrase', 'passphrase', { key: encrypted }],
    ['another passphrase', 'passphrase', { key: encrypted, passphrase: 'c4n4ry' }],
    ['no PEM', 'privateKey', { key: 'c4n4ry' }],
    ['a public key', 'privateKey', { key: rsa.publicKey }],
    ['a public key as PEM', 'privateKey', { key: rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString() }],
    ['no file', 'privateKey', { key: { file: '/does/not/exist' } }],
    ['a stream that fails', 'privateKey', { key: Readable.from(failing()) }],
    // What a caller without types may give.
    ['nothing', 'privateKey', JSON.parse('{"key":null}')],
    ['no source', 'privateKey', JSON.parse('{"key":{}}')],
    ['two sources', 'privateKey', { key: Object.assign(Readable.from([plain]), { file }) }],
    ['an EC key for RS256', 'algorithm', { key: ec.P256.privateKey }],
    ['an RSA key for ES256', 'algorithm', { key: rsa.privateKey, algorithm: 'ES256' }],
    ['an EC key for EdDSA', 'algorithm', { key: ec.P256.privateKey, algorithm: 'EdDSA' }],
    ['an Ed25519 key for ES256', 'algorithm', { key: ed25519, algorithm: 'ES256' }],
    ['another curve', 'algorithm', { key: ec.P256.privateKey, algorithm: 'ES384' }],
    ['a short key', 'algorithm', { key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey }],
  ]
  function* failing() {
    yield 'c4n4ry'
    throw new Error('c4n4ry')
  }
  test.each(wrong)('%s', async (_, field, config) => {
    const result = await signer(config).sign('a')()
    expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field } })
    expect(inspect(result, { depth: 9 })).not.toContain('c4n4ry')
  })

  test('the field is named by its path in the settings, where that is given', async () => {
    const path = 'boxAppSettings.appAuth'
    for (const [name, key] of [
      ['passphrase', encrypted],
      ['privateKey', 'c4n4ry'],
      ['privateKey', rsa.publicKey],
    ] as const) {
      const result = await signer({ key, passphrase: 'c4n4ry', path }).sign('a')()
      expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: `${path}.${name}` } })
    }
  })

  test('property: no passphrase is shown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (rest) => {
        const by = signer({ key: encrypted, passphrase: `c4n4ry${rest}` })
        const result = await by.sign('a')()
        return E.isLeft(result) && !inspect([result, by], { depth: 9, showHidden: true }).includes('c4n4ry')
      }),
      { numRuns: 30 },
    )
  })
})

describe('an external signer', () => {
  const sign = (input: Uint8Array) => crypto.sign('sha256', input, rsa.privateKey)
  test('signs by one function', async () => {
    const jwt = await assertion(externalSigner({ algorithm: 'RS256', keyId: 'kms', sign }), claims())
    expect((await verify(rsa.publicKey, 'RS256')(jwt)())._tag).toBe('Right')
  })

  test('throws or rejects: Unreachable, without what was thrown', async () => {
    const throws = externalSigner({
      algorithm: 'RS256',
      sign: () => {
        throw new Error('c4n4ry')
      },
    })
    const rejects = externalSigner({ algorithm: 'RS256', sign: () => Promise.reject(new Error('c4n4ry')) })
    for (const by of [throws, rejects]) {
      const result = await by.sign('a')()
      expect(result).toMatchObject({ left: { _tag: 'Unreachable' } })
      expect(inspect(result)).not.toContain('c4n4ry')
    }
  })

  test('answers no signature, or DER where R and S are due: Malformed', async () => {
    const der = (input: Uint8Array) => crypto.sign('sha256', input, ec.P256.privateKey)
    const cases = [
      externalSigner({ algorithm: 'RS256', sign: () => new Uint8Array() }),
      externalSigner({ algorithm: 'RS256', sign: () => JSON.parse('null') }),
      externalSigner({ algorithm: 'ES256', sign: der }),
    ]
    for (const by of cases) expect(await by.sign('a')()).toMatchObject({ left: { _tag: 'Malformed' } })
  })
})

describe('verifyJwt names what does not hold', () => {
  const by = signer({ key: rsa.privateKey })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  test.each([
    ['exp', { exp: 1 }, rsa.publicKey, 'RS256'],
    ['exp', { exp: undefined }, rsa.publicKey, 'RS256'],
    ['exp', { exp: `${soon()}` }, rsa.publicKey, 'RS256'],
    ['exp', { exp: null }, rsa.publicKey, 'RS256'],
    ['nbf', { nbf: soon() }, rsa.publicKey, 'RS256'],
    ['nbf', { nbf: 'c4n4ry' }, rsa.publicKey, 'RS256'],
    ['aud', { aud: 'c4n4ry' }, rsa.publicKey, 'RS256'],
    ['iss', { iss: 'c4n4ry' }, rsa.publicKey, 'RS256'],
    ['alg', {}, rsa.publicKey, 'RS512'],
    ['signature', {}, other.publicKey, 'RS256'],
  ] as const)('%s', async (path, changed, key, algorithm) => {
    const jwt = await assertion(by, { ...claims(), ...changed })
    const result = await verify(key, algorithm)(jwt)()
    expect(result).toMatchObject({ left: { _tag: 'Malformed', what: 'JWT', path } })
    expect(inspect(result)).not.toContain('c4n4ry')
  })

  test('a header with crit is refused, whatever it names; so is an exp that never comes', async () => {
    for (const crit of [['c4n4ry'], [], null]) {
      const jwt = await assertion(by, claims(), { crit, c4n4ry: true })
      const result = await verify(rsa.publicKey, 'RS256')(jwt)()
      expect(result).toMatchObject({ left: { _tag: 'Malformed', what: 'JWT', path: 'crit' } })
      expect(inspect(result)).not.toContain('c4n4ry')
    }
    const never = Buffer.from('{"iss":"me","aud":"you","exp":1e999}').toString('base64url')
    const jwt = await signed(by, part({ alg: 'RS256' }), never)
    expect(await verify(rsa.publicKey, 'RS256')(jwt)()).toMatchObject({ left: { _tag: 'Malformed', path: 'exp' } })
  })

  test('no JWT; an unsigned one; a symmetric one keyed with the public key', async () => {
    const unsigned = `${part({ alg: 'none' })}.${part(claims())}.`
    const input = `${part({ alg: 'HS256' })}.${part(claims())}`
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
    const symmetric = `${input}.${crypto.createHmac('sha256', pem).update(input).digest('base64url')}`
    for (const text of ['c4n4ry', 'c4n4ry.a.b', unsigned, symmetric]) {
      const result = await verify(rsa.publicKey, 'RS256')(Secret.make('IdToken', text))()
      expect(result).toMatchObject({ left: { _tag: 'Malformed' } })
      expect(inspect(result)).not.toContain('c4n4ry')
    }
  })

  const nothing: ReadonlyArray<unknown> = ['', ' ', '\t\n', undefined, null, [], ['you'], /./]
  const unasked = (['audience', 'issuer', 'algorithms'] as const).flatMap((field) =>
    nothing.filter((value) => field !== 'algorithms' || value !== nothing[6]).map((value) => [field, value] as const),
  )
  test.each(unasked)('[A16] an option that asks nothing is Misconfigured: %s of %p', async (field, value) => {
    const options = { key: rsa.publicKey, algorithms: ['RS256'], audience: 'you', issuer: 'me', [field]: value }
    // @ts-expect-error from JavaScript
    const result = await verifyJwt(options)(await assertion(by, claims()))()
    expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field } })
  })

  test('EdDSA, which jsonwebtoken does not know, is Misconfigured', async () => {
    const result = await verify(crypto.createPublicKey(ed25519), 'EdDSA')(Secret.make('IdToken', 'a.b.c'))()
    expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: 'algorithms' } })
  })

  test('a key that is none is Misconfigured', async () => {
    const result = await verify('c4n4ry', 'RS256')(Secret.make('IdToken', 'a.b.c'))()
    expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: 'key' } })
  })
})
