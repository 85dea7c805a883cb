/** What RFC 7515, RFC 7520, RFC 8037 and OpenID Connect Core print. */
import { instant, Secret, TokenSet } from '@tessera/core'
import { systemDigest } from '@tessera/node'
import { Client } from '@tessera/oauth2'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { idToken, jwks, type Keys } from '../src/index.js'
import { halfHash } from '../src/internal/halfHash.js'
import { verified } from '../src/internal/jws.js'
import { verifyBy } from '../src/internal/verify.js'
import { left, right, world } from './support.js'
import { coreKey, signatures, type Vector, withAccessToken, withCode } from './vectors.js'

const server = { tokenEndpoint: 'https://as.example/token', jwksUri: 'https://as.example/jwks' }

const keysOf = ({ key, algorithm }: Vector): Keys =>
  algorithm === 'HS256'
    ? {
        algorithms: ['HS256'],
        verify: (signature) => RTE.fromTaskEither(verifyBy(signature)(Buffer.from(String(key['k']), 'base64url'))),
      }
    : jwks({ client: Client.make({ id: 'app', ...server }) })

const verify = (vector: Vector, token = vector.token) =>
  verified({ what: 'JWS', keys: keysOf(vector), algorithms: [vector.algorithm], types: ['jwt'] })(
    Secret.make('Token', token),
  )(world([vector.key]).env)()

test.each(signatures)('$name: $algorithm', async (vector) => {
  const { payload } = right(await verify(vector))
  const [head, body, signature = ''] = vector.token.split('.')
  expect(Secret.open(payload)).toBe(Buffer.from(String(body), 'base64url').toString())
  // And not with a bit that is another one.
  const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  expect(left(await verify(vector, `${head}.${body}.${other}`))).toMatchObject({ path: 'signature' })
})

test('OpenID Connect Core §3.1.3.6: the left half of the hash, of each length', () => {
  expect(right(halfHash(systemDigest, 'RS256', withAccessToken.accessToken))).toBe('77QmUPtjPfzWtF2AnpK9RQ')
  expect(right(halfHash(systemDigest, 'ES256', withCode.code))).toBe('LDktKdoQak3Pk0cnXxCltA')
  // FIPS 180-4's "abc".
  expect(Buffer.from(right(halfHash(systemDigest, 'ES384', 'abc')), 'base64url').toString('hex')).toBe(
    'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163',
  )
  for (const algorithm of ['PS512', 'EdDSA', 'Ed25519'] as const) {
    expect(Buffer.from(right(halfHash(systemDigest, algorithm, 'abc')), 'base64url').toString('hex')).toBe(
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a',
    )
  }
})

describe('OpenID Connect Core, appendix A', () => {
  const client = Client.make({ id: 's6BhdRkqt3', issuer: 'http://server.example.com', ...server })
  const { env } = world([coreKey])
  const then = { ...env, clock: { ...env.clock, now: () => instant(1_311_280_970_000) } }
  const keys = jwks({ client })
  const holding = (accessToken: string, token: string): TokenSet =>
    TokenSet.make(Secret.make('AccessToken', accessToken), {
      members: new Map([['id_token', Secret.make('Member', JSON.stringify(token))]]),
    })
  const nonce = 'n-0S6_WzA2Mj'

  test('the ID token that came with an access token', async () => {
    const validate = idToken({ client, keys, nonce })
    const { accessToken, idToken: token } = withAccessToken
    expect(right(await validate(holding(accessToken, token))(then)())).toMatchObject({ sub: '248289761001' })
    expect(left(await validate(holding('another', token))(then)())).toMatchObject({ path: 'at_hash' })
  })

  test('the ID token that came with a code', async () => {
    const token = holding('of no matter', withCode.idToken)
    const by = (code: string) => idToken({ client, keys, nonce, code: Secret.make('AuthorizationCode', code) })
    expect(right(await by(withCode.code)(token)(then)())).toMatchObject({ sub: '248289761001' })
    expect(left(await by('another')(token)(then)())).toMatchObject({ path: 'c_hash' })
  })
})
