import { createPublicKey, verify } from 'node:crypto'
import { ask, authorizeUrl, codeOf, said, token, withBox } from './support.js'

const generic = { dialect: 'generic' } as const

const claimsOf = (jwt: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString())

describe('the generic dialect', () => {
  it(
    'gives client credentials without a subject, which Box refuses',
    withBox(async (box) => {
      const answer = said(await token(box, { grant_type: 'client_credentials' }))
      expect(answer.access_token).toEqual(expect.any(String))
      expect(answer).not.toHaveProperty('id_token')
    }, generic),
  )

  it(
    'says who logged in, by an ID token that its keys verify, and by userinfo',
    withBox(async (box) => {
      const url = authorizeUrl(box, { scope: 'openid profile email', nonce: 'n-1' })
      const answer = said(
        await token(box, { grant_type: 'authorization_code', code: codeOf(await box.grant(url, { user: '7002' })) }),
      )
      const expected = { sub: '7002', name: 'Max Managed', email: 'max@example.com', email_verified: true }
      expect(claimsOf(answer['id_token'])).toEqual({
        ...expected,
        iss: box.url,
        aud: box.client.id,
        nonce: 'n-1',
        iat: 1_800_000_000,
        exp: 1_800_003_600,
      })

      const metadata = JSON.parse((await ask(box.endpoints.metadata)).text)
      const { keys } = JSON.parse((await ask(metadata.jwks_uri)).text)
      const [header = '', payload = '', signature = ''] = String(answer['id_token']).split('.')
      const key = createPublicKey({ key: keys[0], format: 'jwk' })
      const signed = Buffer.from(`${header}.${payload}`)
      const bytes = Buffer.from(signature, 'base64url')
      expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true)
      expect(keys[0]).not.toHaveProperty('d')

      const headers = { authorization: `Bearer ${answer.access_token}` }
      expect(JSON.parse((await ask(metadata.userinfo_endpoint, { headers })).text)).toEqual(expected)
    }, generic),
  )

  it(
    'tells only what the scope asks for',
    withBox(async (box) => {
      const code = codeOf(await box.grant(authorizeUrl(box, { scope: 'openid' })))
      const answer = said(await token(box, { grant_type: 'authorization_code', code }))
      expect(Object.keys(claimsOf(answer['id_token'])).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sub'])
      const plain = codeOf(await box.grant(authorizeUrl(box, { scope: 'profile' })))
      expect(said(await token(box, { grant_type: 'authorization_code', code: plain }))).not.toHaveProperty('id_token')
    }, generic),
  )

  it(
    'is not Box, which has no ID tokens',
    withBox(async (box) => {
      for (const path of ['/jwks', '/userinfo']) {
        const headers = { authorization: `Bearer ${box.issue().accessToken}` }
        expect((await ask(`${box.url}${path}`, { headers })).status).toBe(404)
      }
      const metadata = JSON.parse((await ask(box.endpoints.metadata)).text)
      expect(metadata).not.toHaveProperty('jwks_uri')
      const denied = await box.grant(authorizeUrl(box, { scope: 'openid' }))
      expect(new URL(denied).searchParams.get('error')).toBe('invalid_scope')
    }),
  )
})
