/** What a user of the seed's `JWTAuth` relies on. */
import { createPublicKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as Box from '@tessera/box'
import { minutes, Secret, seconds, type TokenSource } from '@tessera/core'
import {
  accessToken,
  authenticatedFetch,
  type KeySource,
  type Passphrase,
  readJson,
  signer,
  verifyJwt,
} from '@tessera/node'
import type { Algorithm } from '@tessera/oauth2'
import type { FaultKind } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { left, refreshOf, right } from '../support/either.js'
import { sharedTable } from '../support/sharedTable.js'
import { eachInWorld, enterpriseJwt, KEY, KEY_PAIR, parameter, sourceOf, type World } from './support/world.js'

const world = eachInWorld()

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const PASSPHRASE = 'a passphrase: ü'
const ENCRYPTED = KEY_PAIR.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  .toString()

/** The decoded parts of each assertion that was sent. */
const assertions = ({ sent }: Pick<World, 'sent'> = world()) =>
  sent(GRANT).map((request) => {
    const [header = '', claims = ''] = (parameter(request, 'assertion') ?? '').split('.')
    const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    return { header: parse(header), claims: parse(claims) }
  })

/** As whom a source acts. */
const whom = async (source: TokenSource): Promise<unknown> => {
  const { box } = world()
  const answer = await authenticatedFetch({ tokens: source, origins: [box.url] })(`${box.endpoints.api}/users/me`)
  return (await answer.json()).id
}

// -----------------------------------------------------------------------------
// the key
// -----------------------------------------------------------------------------

describe('S-JWT-01', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-parity-'))
    await writeFile(join(folder, 'key.pem'), ENCRYPTED)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const attempt = async (key: KeySource, passphrase?: Passphrase) => {
    const { keyId } = right(Box.keyOf(right(Box.settings(await world().box.settings()))))
    const by = signer({ key, keyId, ...(passphrase !== undefined && { passphrase }) })
    return sourceOf(world(), await enterpriseJwt(world(), { signer: by })).get()
  }
  const keys: ReadonlyArray<readonly [string, () => KeySource]> = [
    ['text', () => ENCRYPTED],
    ['a secret', () => Secret.make('PrivateKey', ENCRYPTED)],
    ['bytes', () => Buffer.from(ENCRYPTED)],
    ['a stream of bytes', () => Readable.from([Buffer.from(ENCRYPTED)])],
    ['a stream of text', () => Readable.from([ENCRYPTED.slice(0, 100), ENCRYPTED.slice(100)])],
    ['a file', () => ({ file: join(folder, 'key.pem') })],
    ['a loaded key', () => KEY_PAIR.privateKey],
  ]
  test.each(keys)('a key as %s, with its passphrase as text or bytes', async (_, key) => {
    for (const passphrase of [PASSPHRASE, Buffer.from(PASSPHRASE)]) {
      expect(E.isRight(await attempt(key(), passphrase))).toBe(true)
    }
  })

  test('a key that is not encrypted needs no passphrase', async () => {
    expect(E.isRight(await attempt(KEY))).toBe(true)
  })

  // What a caller without types may give.
  const untyped = (value: string): KeySource => JSON.parse(value)
  const wrong: ReadonlyArray<
    readonly [string, string, { readonly key: () => KeySource; readonly passphrase?: Passphrase }]
  > = [
    ['none', 'privateKey', { key: () => untyped('{}') }],
    ['null', 'privateKey', { key: () => untyped('null') }],
    [
      'a file and data',
      'privateKey',
      { key: () => Object.assign(Readable.from([KEY]), { file: join(folder, 'key.pem') }) },
    ],
    ['no such file', 'privateKey', { key: () => ({ file: join(folder, 'none.pem') }) }],
    ['no key', 'privateKey', { key: () => 'no key' }],
    ['a public key', 'privateKey', { key: () => KEY_PAIR.publicKey }],
    ['an encrypted one without its passphrase', 'passphrase', { key: () => ENCRYPTED }],
    ['an encrypted one with another passphrase', 'passphrase', { key: () => ENCRYPTED, passphrase: 'c4n4ry' }],
  ]
  test.each(wrong)('%s is an error that names the %s, and nothing is sent', async (_, field, { key, passphrase }) => {
    const error = left(await attempt(key(), passphrase))
    expect(error).toMatchObject({ _tag: 'Misconfigured', field })
    expect(JSON.stringify(error)).not.toContain('c4n4ry')
    expect(world().sent()).toEqual([])
  })
})

// -----------------------------------------------------------------------------
// the assertion and the request
// -----------------------------------------------------------------------------

describe('S-JWT-02', () => {
  const subjects = [
    ['enterprise', Box.enterprise('4242'), '7000'],
    ['user', Box.user('7002'), '7002'],
  ] as const
  test.each(subjects)('the claims and the header of an assertion for the %s', async (type, subject, id) => {
    const source = sourceOf(world(), await enterpriseJwt(world(), { subject }))
    const before = Math.floor(world().env.clock.now() / 1_000)
    expect(await whom(source)).toBe(id)
    const [first] = assertions()
    const { exp } = first?.claims ?? {}
    expect(first).toEqual({
      header: { alg: 'RS256', typ: 'JWT', kid: expect.any(String) },
      claims: {
        iss: world().box.client.id,
        sub: subject.sub,
        box_sub_type: type,
        aud: world().box.endpoints.token,
        jti: expect.stringMatching(/^[A-Za-z0-9]{16,128}$/),
        exp: expect.any(Number),
      },
    })
    expect(exp - before).toBeGreaterThanOrEqual(29)
    expect(exp - before).toBeLessThanOrEqual(31)
  })

  const algorithms: ReadonlyArray<Algorithm> = ['RS256', 'RS384', 'RS512']
  test.each(algorithms)('%s', async (algorithm) => {
    const { keyId } = right(Box.keyOf(right(Box.settings(await world().box.settings()))))
    const by = signer({ key: KEY, keyId, algorithm })
    right(await sourceOf(world(), await enterpriseJwt(world(), { signer: by })).get())
    expect(assertions()[0]?.header).toEqual({ alg: algorithm, typ: 'JWT', kid: keyId })
    const verify = verifyJwt({
      key: createPublicKey(KEY_PAIR.privateKey),
      algorithms: [algorithm],
      audience: world().box.endpoints.token,
      issuer: world().box.client.id,
    })
    const jwt = Secret.make('Assertion', parameter(world().sent(GRANT)[0] ?? { form: [] }, 'assertion') ?? '')
    expect(E.isRight(await verify(jwt)())).toBe(true)
  })
})

test('S-JWT-03 the form; no refresh token is expected; a renewal signs anew', async () => {
  const { box, sent } = world()
  const client = Box.client({ ...box.client, device: { id: 'd-1', name: 'n' }, server: Box.serverAt(box.url) })
  const source = sourceOf(world(), await enterpriseJwt(world(), { client }))
  expect(refreshOf(right(await source.get()))).toBeNull()
  world().pass(minutes(61))
  right(await source.get())
  const forms = sent(GRANT).map(({ form }) => form)
  expect(forms[0]).toEqual([
    ['grant_type', GRANT],
    ['assertion', expect.any(String)],
    ['client_id', box.client.id],
    ['client_secret', box.client.secret],
    ['box_device_id', 'd-1'],
    ['box_device_name', 'n'],
  ])
  const [first, second] = assertions()
  expect(second?.claims.jti).not.toBe(first?.claims.jti)
  expect(second?.claims.exp).toBeGreaterThan(first?.claims.exp)
})

// -----------------------------------------------------------------------------
// for whom
// -----------------------------------------------------------------------------

describe('S-JWT-04', () => {
  const subjectOf = (subject: Box.SubjectChoice) => enterpriseJwt(world(), { subject })
  const BOTH = { enterprise: '4242', user: '7002' }

  test('the user wins over the enterprise when both are configured', async () => {
    expect(await whom(sourceOf(world(), await subjectOf(Box.remembering(BOTH))))).toBe('7002')
  })

  test('a user who authenticates is remembered by all who share the session, and forgotten when the instance does', async () => {
    const table = sharedTable()
    const configured = { enterprise: '4242' }
    const strategy = await subjectOf(Box.remembering(configured))
    const open = () => sourceOf(world(), strategy, { store: table.store(), key: 'app', maxStale: seconds(1) })
    const [here, there] = [open(), open()]
    const authenticate = async (subject: Box.Subject) =>
      right(await here.login(await subjectOf(Box.remembering({ ...configured, chosen: subject })))(world().env)())

    expect(await whom(here)).toBe('7000')
    await authenticate(Box.user('7002'))
    world().pass(minutes(61))
    expect([await whom(there), await whom(here)]).toEqual(['7002', '7002'])
    await authenticate(Box.enterprise('4242'))
    world().pass(minutes(61))
    expect([await whom(there), await whom(here)]).toEqual(['7000', '7000'])
  })

  test('the instance forgets a user who is configured, too', async () => {
    const source = sourceOf(world(), await subjectOf(Box.remembering(BOTH)))
    expect(await whom(source)).toBe('7002')
    const instance = await subjectOf(Box.remembering({ ...BOTH, chosen: Box.enterprise('4242') }))
    right(await source.login(instance)(world().env)())
    world().pass(minutes(61))
    expect(await whom(source)).toBe('7000')
  })

  test('another enterprise than the configured one is refused, and so is nobody at all; nothing is sent', async () => {
    const refused: ReadonlyArray<readonly [Box.SubjectChoice, string]> = [
      [Box.remembering({ enterprise: '4242', chosen: Box.enterprise('1') }), 'enterprise'],
      [Box.remembering({}), 'enterprise or user'],
    ]
    for (const [subject, field] of refused) {
      const error = left(await sourceOf(world(), await subjectOf(subject)).get())
      expect(error).toMatchObject({ _tag: 'Misconfigured', field })
    }
    expect(world().sent()).toEqual([])
  })

  test('an enterprise that is named where none is configured is taken', async () => {
    const subject = Box.remembering({ chosen: Box.enterprise('4242') })
    expect(await whom(sourceOf(world(), await subjectOf(subject)))).toBe('7000')
  })
})

// -----------------------------------------------------------------------------
// the clock
// -----------------------------------------------------------------------------

describe('S-JWT-05', () => {
  test.each([600_000, -600_000])(
    "a clock that is %d ms off: one more try, by the server's time and with a new jti",
    async (off) => {
      world().box.clock.offset(off)
      right(await sourceOf(world(), await enterpriseJwt(world())).get())
      const [first, second, ...more] = assertions()
      expect(more).toEqual([])
      expect(second?.claims.jti).not.toBe(first?.claims.jti)
      const ahead = second?.claims.exp - Math.floor(world().box.clock.now() / 1_000)
      expect(ahead).toBeGreaterThan(25)
      expect(ahead).toBeLessThanOrEqual(30)
    },
  )

  const about = (body: object, headers = {}): FaultKind => ({
    kind: 'status',
    status: 400,
    body: JSON.stringify(body),
    headers,
  })
  const exp = { error: 'invalid_grant', error_description: "Please check the 'exp' claim." }
  const others: ReadonlyArray<readonly [string, FaultKind]> = [
    ['another status', { ...about(exp), kind: 'status', status: 401 }],
    ['another error', about({ ...exp, error: 'invalid_request' })],
    ['another claim', about({ ...exp, error_description: "Please check the 'sub' claim." })],
    ['no readable date', about(exp, { date: 'yesterday' })],
  ]
  test.each(others)('%s: no other try', async (_, fault) => {
    world().box.faults.next({ ...fault, endpoint: 'token' })
    expect(left(await sourceOf(world(), await enterpriseJwt(world())).get())).toMatchObject({ _tag: 'Rejected' })
    expect(assertions()).toHaveLength(1)
  })

  test('exactly one', async () => {
    world().box.faults.next({ ...about(exp), endpoint: 'token', times: 3 })
    expect(left(await sourceOf(world(), await enterpriseJwt(world())).get())).toMatchObject({ _tag: 'Rejected' })
    expect(assertions()).toHaveLength(2)
  })
})

// -----------------------------------------------------------------------------
// settings
// -----------------------------------------------------------------------------

test('S-JWT-06 the settings file of the console is all that is needed', async () => {
  const { box, env } = world()
  const folder = await mkdtemp(join(tmpdir(), 'tessera-parity-'))
  const file = join(folder, '4242_config.json')
  await box.writeSettings(file)
  const settings = right(Box.settings(right(await readJson(file)())))
  const by = signer(right(Box.keyOf(settings)))
  const app = Box.app({ settings, server: Box.serverAt(box.url) })
  const source = sourceOf({ env }, Box.jwt({ ...app, signer: by }))
  expect(await whom(source)).toBe('7000')
  expect(box.isActive(await accessToken(source))).toBe(true)
  const user = Box.app({ settings, server: Box.serverAt(box.url), user: '7002' })
  expect(await whom(sourceOf({ env }, Box.jwt({ ...user, signer: by })))).toBe('7002')
  expect(pipe(settings.enterpriseId, O.toNullable)).toBe(box.enterprise)
  await rm(folder, { recursive: true })
})
