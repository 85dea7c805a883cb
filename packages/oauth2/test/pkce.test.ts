import { Secret } from '@tessera/core'
import fc from 'fast-check'
import { base64url, base64urlText } from '../src/base64url.js'
import { codeChallenge, codeVerifier } from '../src/index.js'
import { world } from './support.js'

const { env } = world()

test('RFC 7636 appendix B: the challenge of the example verifier', () => {
  expect(codeChallenge(env.digest)(Secret.make('CodeVerifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'))).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

test('RFC 7636 appendix A: base64url without padding', () => {
  expect(base64url(new Uint8Array([3, 236, 255, 224, 193]))).toBe('A-z_4ME')
})

test('base64url is that of Node for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }),
  )
})

test('RFC 7515 appendix A.1 and A.2: the encoded headers', () => {
  expect(base64urlText('{"typ":"JWT",\r\n "alg":"HS256"}')).toBe('eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9')
  expect(base64urlText('{"alg":"RS256"}')).toBe('eyJhbGciOiJSUzI1NiJ9')
})

test('RFC 7515 appendix A.1: the encoded payload', () => {
  expect(base64urlText('{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}')).toBe(
    'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ',
  )
})

test('RFC 7636 §4.1: a verifier has 43 to 128 unreserved characters and is fresh each time', () => {
  const seen = new Set(Array.from({ length: 100 }, () => Secret.open(codeVerifier(env)())))
  expect(seen.size).toBe(100)
  for (const verifier of seen) expect(verifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/)
})
