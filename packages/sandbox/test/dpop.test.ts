import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { Sandbox } from '../src/index.js'
import { ask, type Parameters, post, type Reply, refresh, said, secrets, withBox } from './support.js'

const NOW = 1_800_000_000

const ec = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const KEY = ec()

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const publicOf = (key: KeyObject): object => {
  const { d: _, ...jwk } = key.export({ format: 'jwk' })
  return jwk
}

interface Wrong {
  readonly header?: object
  readonly claims?: object
  readonly key?: KeyObject
}

/** A proof, of which anything may be wrong. */
const proof = (htm: string, htu: string, { header = {}, claims = {}, key = KEY }: Wrong = {}): string => {
  const isEd = key.asymmetricKeyType === 'ed25519'
  const head = encode({ typ: 'dpop+jwt', alg: isEd ? 'EdDSA' : 'ES256', jwk: publicOf(key), ...header })
  const input = `${head}.${encode({ jti: randomUUID(), htm, htu, iat: NOW, ...claims })}`
  const data = Buffer.from(input)
  const signature = isEd ? sign(null, data, key) : sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url')

const CREDENTIALS = { grant_type: 'client_credentials', box_subject_type: 'enterprise', box_subject_id: '4242' }

const tokenBy = (box: Sandbox, dpop: string | undefined, form: Parameters = CREDENTIALS): Promise<Reply> =>
  post(box.endpoints.token, { ...secrets(box), ...form }, dpop === undefined ? {} : { dpop })

const issue = async (box: Sandbox, key = KEY): Promise<string> =>
  said(await tokenBy(box, proof('POST', box.endpoints.token, { key }))).access_token ?? ''

const me = (box: Sandbox, token: string, wrong: Wrong = {}, scheme = 'DPoP'): Promise<Reply> => {
  const url = `${box.endpoints.api}/users/me`
  const dpop = proof('GET', url, { ...wrong, claims: { ath: hash(token), ...wrong.claims } })
  return ask(url, { headers: { authorization: `${scheme} ${token}`, dpop } })
}

test(
  'a proof binds the token to its key, of either kind',
  withBox(
    async (box) => {
      for (const key of [KEY, generateKeyPairSync('ed25519').privateKey]) {
        const answer = await tokenBy(box, proof('POST', box.endpoints.token, { key }))
        expect([answer.status, said(answer)['token_type']]).toEqual([200, 'DPoP'])
        const token = said(answer).access_token ?? ''
        expect((await me(box, token, { key })).status).toBe(200)
        expect((await me(box, token, { key: ec() })).headers['www-authenticate']).toContain('error="invalid_token"')
        expect((await me(box, token, { key }, 'Bearer')).status).toBe(401)
      }
    },
    { dpop: {} },
  ),
)

test(
  'what is wrong with a proof',
  withBox(
    async (box) => {
      const url = box.endpoints.token
      const used = proof('POST', url)
      expect((await tokenBy(box, used)).status).toBe(200)
      const { d, ...jwk } = KEY.export({ format: 'jwk' })
      const wrong = [
        undefined,
        '',
        'a.b.c',
        used,
        proof('GET', url),
        proof('POST', `${url}/`),
        proof('POST', `${url}?a=b`),
        proof('POST', url, { claims: { iat: NOW - 61 } }),
        proof('POST', url, { claims: { iat: NOW + 61 } }),
        proof('POST', url, { claims: { iat: 'now' } }),
        proof('POST', url, { claims: { jti: '' } }),
        proof('POST', url, { claims: { ath: hash('x') } }),
        proof('POST', url, { header: { typ: 'JWT' } }),
        proof('POST', url, { header: { alg: 'none' } }),
        proof('POST', url, { header: { jwk: { ...jwk, d } } }),
        proof('POST', url, { header: { jwk: publicOf(ec()) } }),
        proof('POST', url, { header: { jwk: undefined } }),
        `${proof('POST', url)},${proof('POST', url)}`,
      ]
      for (const dpop of wrong) expect(said(await tokenBy(box, dpop)).error).toBe('invalid_dpop_proof')
      const token = await issue(box)
      for (const claims of [{ ath: hash('x') }, { ath: undefined }, { htm: 'POST' }])
        expect((await me(box, token, { claims })).headers['www-authenticate']).toContain('error="invalid_dpop_proof"')
    },
    { dpop: {} },
  ),
)

test(
  'nonces: another one after so many requests, told with each answer',
  withBox(
    async (box) => {
      const url = box.endpoints.token
      const first = await tokenBy(box, proof('POST', url))
      expect([first.status, said(first).error]).toEqual([400, 'use_dpop_nonce'])
      const nonce = first.headers['dpop-nonce']
      const good = await tokenBy(box, proof('POST', url, { claims: { nonce } }))
      expect(good.status).toBe(200)
      const token = said(good).access_token ?? ''
      const next = good.headers['dpop-nonce']
      const answer = await me(box, token, { claims: { nonce: next } })
      expect(answer.status).toBe(200)
      expect(answer.headers['dpop-nonce']).not.toBe(nonce)
      // Those that are under way may have the one before, and none that is older.
      expect((await me(box, token, { claims: { nonce } })).status).toBe(200)
      expect((await me(box, token, { claims: { nonce: next } })).status).toBe(200)
      const stale = await me(box, token, { claims: { nonce } })
      expect([stale.status, stale.headers['www-authenticate']]).toEqual([
        401,
        expect.stringContaining('use_dpop_nonce'),
      ])
    },
    { dpop: { nonceUses: 2 } },
  ),
)

test(
  "a public client's refresh tokens are bound, another client's are not",
  withBox(
    async (box) => {
      const url = box.endpoints.token
      const redeem = async (client: Parameters, refreshToken: string, key: KeyObject): Promise<Reply> =>
        post(
          url,
          { ...client, grant_type: 'refresh_token', refresh_token: refreshToken },
          { dpop: proof('POST', url, { key }) },
        )
      for (const [client, asked, error] of [
        [box.publicClient, { client_id: box.publicClient.id }, 'invalid_grant'],
        [box.client, secrets(box), undefined],
      ] as const) {
        const bound = said(await redeem(asked, box.issue({ client }).refreshToken, KEY)).refresh_token ?? ''
        expect(said(await redeem(asked, bound, ec())).error).toBe(error)
        expect(said(await redeem(asked, bound, KEY)).error).toBeUndefined()
      }
    },
    { dpop: {} },
  ),
)

test(
  'what issue() gives is a bearer token; metadata names the algorithms',
  withBox(
    async (box) => {
      const headers = { authorization: `Bearer ${box.issue().accessToken}` }
      expect((await ask(`${box.endpoints.api}/users/me`, { headers })).status).toBe(200)
      const metadata = JSON.parse((await ask(box.endpoints.metadata)).text)
      expect(metadata.dpop_signing_alg_values_supported).toEqual(['ES256', 'EdDSA'])
    },
    { dpop: {} },
  ),
)

test(
  'without the option proofs are not looked at',
  withBox(async (box) => {
    expect(said(await tokenBy(box, 'rubbish'))['token_type']).toBe('bearer')
    expect((await refresh(box, box.issue().refreshToken)).status).toBe(200)
    const metadata = JSON.parse((await ask(box.endpoints.metadata)).text)
    expect(metadata).not.toHaveProperty('dpop_signing_alg_values_supported')
  }),
)
