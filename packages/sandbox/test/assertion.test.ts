import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Sandbox } from '../src/index.js'
import { makeKey } from './key.js'
import { api, post, said, secrets, signer, signJwt, token, withBox } from './support.js'

const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const now = 1_800_000_000

const claimsFor = (box: Sandbox, changes: Readonly<Record<string, unknown>> = {}) => ({
  iss: box.client.id,
  sub: box.enterprise,
  box_sub_type: 'enterprise',
  aud: box.endpoints.token,
  jti: 'abcdefghijklmnop',
  exp: now + 30,
  ...changes,
})

describe('the JWT bearer grant', () => {
  const key = makeKey()
  const stranger = createPrivateKey(makeKey())

  it.each(['RS256', 'RS384', 'RS512'])('takes an assertion signed by %s', async (alg) => {
    await withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const answer = await token(box, { grant_type, assertion: signJwt(privateKey, { alg, kid }, claimsFor(box)) })
        expect(answer.status).toBe(200)
        expect(said(answer)).not.toHaveProperty('refresh_token')
        const me = await api(box, '/users/me', said(answer).access_token ?? '')
        expect(JSON.parse(me.text)).toMatchObject({ id: '7000' })
      },
      { key },
    )()
  })

  it(
    'acts for a user',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const claims = claimsFor(box, { sub: '7001', box_sub_type: 'user' })
        const answer = said(
          await token(box, { grant_type, assertion: signJwt(privateKey, { alg: 'RS256', kid }, claims) }),
        )
        expect(JSON.parse((await api(box, '/users/me', answer.access_token ?? '')).text)).toMatchObject({ id: '7001' })
      },
      { key },
    ),
  )

  it(
    'refuses every claim that is wrong, in words that name it',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const wrong: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>]> = [
          ['iss', { iss: 'somebody' }],
          ['iss', { iss: undefined }],
          ['sub', { sub: '4243' }],
          ['sub', { sub: 4242 }],
          ['sub', { sub: '4242', box_sub_type: 'user' }],
          ['sub', { sub: '7001' }],
          ['box_sub_type', { box_sub_type: 'group' }],
          ['aud', { aud: 'https://api.box.com/oauth2/token/' }],
          ['aud', { aud: [] }],
          ['exp', { exp: undefined }],
          ['exp', { exp: '1800000030' }],
          ['exp', { exp: now + 30.5 }],
          ['exp', { exp: now }],
          ['exp', { exp: now + 61 }],
          ['nbf', { nbf: now + 5 }],
          ['jti', { jti: undefined }],
          ['jti', { jti: 'a'.repeat(15) }],
          ['jti', { jti: 'a'.repeat(129) }],
        ]
        for (const [name, changes] of wrong) {
          const assertion = signJwt(privateKey, { alg: 'RS256', kid }, claimsFor(box, changes))
          const answer = await token(box, { grant_type, assertion })
          expect([changes, answer.status, said(answer).error]).toEqual([changes, 400, 'invalid_grant'])
          expect(said(answer).error_description).toContain(`'${name}'`)
        }
        const assertion = signJwt(
          privateKey,
          { alg: 'RS256', kid },
          claimsFor(box, { exp: now + 60, aud: ['x', box.endpoints.token] }),
        )
        expect((await token(box, { grant_type, assertion })).status).toBe(200)
      },
      { key },
    ),
  )

  it(
    'refuses a replay until the assertion has expired, and only a replay',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const send = (changes: Readonly<Record<string, unknown>>) =>
          token(box, { grant_type, assertion: signJwt(privateKey, { alg: 'RS256', kid }, claimsFor(box, changes)) })
        expect((await send({})).status).toBe(200)
        expect(said(await send({})).error_description).toContain("'jti'")
        expect((await send({ jti: 'ponmlkjihgfedcba' })).status).toBe(200)
      },
      { key },
    ),
  )

  it(
    'refuses a wrong signature, an unknown kid, another algorithm, and what is no JWT at all',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const claims = claimsFor(box)
        const good = signJwt(privateKey, { alg: 'RS256', kid }, claims)
        const [head = '', payload = '', signature = ''] = good.split('.')
        const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')
        const mac = Buffer.from(JSON.stringify({ alg: 'HS256', kid })).toString('base64url')
        const assertions = [
          signJwt(stranger, { alg: 'RS256', kid }, claims),
          signJwt(privateKey, { alg: 'RS256', kid: 'unknown' }, claims),
          signJwt(stranger, { alg: 'RS256' }, claims),
          signJwt(privateKey, { alg: 'RS256', kid, crit: 'b64' }, claims),
          `${none}.${payload}.`,
          `${mac}.${payload}.${signature}`,
          `${head}.${payload}.`,
          `${head}.${payload}`,
          `${good}.${signature}`,
          `${head}.${Buffer.from('[]').toString('base64url')}.${signature}`,
          `${head}.${Buffer.from('null').toString('base64url')}.${signature}`,
          'a.b.c',
          '...',
        ]
        for (const assertion of assertions) {
          const answer = await token(box, { grant_type, assertion })
          expect([assertion, answer.status, said(answer).error]).toEqual([assertion, 400, 'invalid_grant'])
        }
        expect((await token(box, { grant_type, assertion: good })).status).toBe(200)
      },
      { key },
    ),
  )

  it(
    '[P10] takes an assertion for Box itself, as some clients write it whatever the server',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const aud = 'https://api.box.com/oauth2/token'
        const assertion = signJwt(privateKey, { alg: 'RS256', kid }, claimsFor(box, { aud }))
        expect((await token(box, { grant_type, assertion })).status).toBe(200)
        expect(said(await token(box, { grant_type, assertion })).error_description).toContain("'jti'")
      },
      { key },
    ),
  )

  it(
    '[P10] is Box only where it speaks like Box',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const aud = 'https://api.box.com/oauth2/token'
        const assertion = signJwt(privateKey, { alg: 'RS256', kid }, claimsFor(box, { aud }))
        expect(said(await token(box, { grant_type, assertion })).error_description).toContain("'aud'")
      },
      { key, dialect: 'generic' },
    ),
  )

  it(
    '[P10] takes an assertion without kid where the application has one key, and asks for it where it has more',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        const send = async (header: Readonly<Record<string, string>>, jti: string) => {
          const assertion = signJwt(privateKey, { alg: 'RS256', ...header }, claimsFor(box, { jti }))
          const answer = await token(box, { grant_type, assertion })
          return [answer.status, said(answer).error, said(answer).error_description]
        }
        expect(await send({}, 'a'.repeat(16))).toEqual([200, undefined, undefined])
        const publicPem = (pem: string) => createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString()
        const keys = { [kid]: publicPem(key), other: publicPem(makeKey()) }
        const { id, secret } = box.registerClient({ id: box.client.id, secret: box.client.secret, keys })
        expect([id, secret]).toEqual([box.client.id, box.client.secret])
        expect(await send({}, 'b'.repeat(16))).toEqual([
          400,
          'invalid_grant',
          "Please check the 'kid' claim. A value is required: the application has more than one key.",
        ])
        expect(await send({ kid: 'other' }, 'c'.repeat(16))).toEqual([
          400,
          'invalid_grant',
          'OAuth JWT signature verification failed',
        ])
        expect((await send({ kid }, 'd'.repeat(16)))[0]).toBe(200)
        box.registerClient({ id: box.client.id, secret: box.client.secret })
        expect((await send({}, 'e'.repeat(16)))[2]).toBe(
          "Please check the 'kid' claim. The 'kid' specified is invalid.",
        )
      },
      { key },
    ),
  )

  it(
    'follows the clock of the server, and tells it in the Date header',
    withBox(
      async (box) => {
        const { kid, key: privateKey } = await signer(box)
        box.clock.offset(3_600_000)
        const late = await token(box, {
          grant_type,
          assertion: signJwt(privateKey, { alg: 'RS256', kid }, claimsFor(box)),
        })
        expect(said(late).error_description).toContain("'exp'")
        const serverNow = Date.parse(String(late.headers['date'])) / 1000
        expect(serverNow).toBe(now + 3600)
        const claims = claimsFor(box, { exp: serverNow + 30 })
        expect(
          (await token(box, { grant_type, assertion: signJwt(privateKey, { alg: 'RS256', kid }, claims) })).status,
        ).toBe(200)
      },
      { key },
    ),
  )

  it(
    'is not for a public client',
    withBox(async (box) => {
      const answer = await post(box.endpoints.token, { grant_type, assertion: 'a.b.c', client_id: box.publicClient.id })
      expect(said(answer).error).toBe('unauthorized_client')
    }),
  )
})

describe('client authentication', () => {
  const pem = makeKey()
  const form = { grant_type: 'refresh_token' }

  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
  })

  it(
    'accepts client_secret_post and client_secret_basic, with characters that need encoding',
    withBox(async (box) => {
      const odd = box.registerClient({ id: 'a:b', secret: 'p+ä %' })
      const { refreshToken } = box.issue({ client: odd })
      const refreshing = { ...form, refresh_token: refreshToken }
      expect((await post(box.endpoints.token, refreshing, basic('a:b', 'p+ä %'))).status).toBe(200)
      expect(
        (await post(box.endpoints.token, { ...refreshing, client_id: 'a:b', client_secret: 'p+ä %' })).status,
      ).toBe(200)
    }),
  )

  it(
    'refuses wrong, absent and doubled credentials',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      const refreshing = { ...form, refresh_token: refreshToken }
      const send = async (extra: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
        const answer = await post(box.endpoints.token, { ...refreshing, ...extra }, headers)
        return [answer.status, said(answer).error]
      }
      const { client_id, client_secret } = secrets(box)
      expect(await send({ client_id, client_secret: 'wrong' })).toEqual([400, 'invalid_client'])
      expect(await send({ client_id: 'nobody', client_secret })).toEqual([400, 'invalid_client'])
      expect(await send({ client_id })).toEqual([400, 'invalid_client'])
      expect(await send({})).toEqual([400, 'invalid_request'])
      expect(await send({}, basic(client_id, 'wrong'))).toEqual([401, 'invalid_client'])
      expect(await send({}, { authorization: 'Basic !' })).toEqual([401, 'invalid_client'])
      expect(await send({}, { authorization: 'Bearer x' })).toEqual([401, 'invalid_client'])
      expect(await send({ client_id, client_secret }, basic(client_id, client_secret))).toEqual([
        400,
        'invalid_request',
      ])
      expect(await send({ client_id: 'other' }, basic(client_id, client_secret))).toEqual([400, 'invalid_request'])
      expect(await send({ client_id: box.publicClient.id, client_secret: 'x' })).toEqual([400, 'invalid_client'])
      expect(box.redemptionsOf(refreshToken)).toMatchObject({ attempts: 0 })
    }),
  )

  it(
    'accepts private_key_jwt, once per jti (RFC 7523 §2.2)',
    withBox(async (box) => {
      const privateKey = createPrivateKey(pem)
      const publicPem = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString()
      const { id } = box.registerClient({ secret: null, grants: ['client_credentials'], keys: { k1: publicPem } })
      const asserting = (key: KeyObject, changes: Readonly<Record<string, unknown>> = {}) => ({
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: signJwt(
          key,
          { alg: 'RS256', kid: 'k1' },
          { iss: id, sub: id, aud: box.url, exp: now + 60, jti: '1', ...changes },
        ),
      })
      const send = async (extra: Readonly<Record<string, string>>) => {
        const subject = { box_subject_type: 'enterprise', box_subject_id: '4242' }
        const answer = await post(box.endpoints.token, { grant_type: 'client_credentials', ...subject, ...extra })
        return said(answer).error ?? answer.status
      }
      expect(await send(asserting(privateKey, { iss: 'other' }))).toBe('invalid_client')
      expect(await send(asserting(privateKey, { sub: 'other' }))).toBe('invalid_client')
      expect(await send(asserting(privateKey, { aud: 'https://evil.example' }))).toBe('invalid_client')
      expect(await send(asserting(createPrivateKey(makeKey())))).toBe('invalid_client')
      expect(await send({ ...asserting(privateKey), client_id: 'other' })).toBe('invalid_client')
      expect(await send({ ...asserting(privateKey), client_assertion_type: 'saml' })).toBe('invalid_request')
      expect(await send({ ...asserting(privateKey), client_secret: 'x' })).toBe('invalid_request')
      expect(await send(asserting(privateKey))).toBe(200)
      expect(await send(asserting(privateKey))).toBe('invalid_client')
      expect(await send(asserting(privateKey, { jti: '2' }))).toBe(200)
    }),
  )
})
