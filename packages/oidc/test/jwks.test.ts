/** The keys: cached, rotated, and asked for so often and no more. */
import { millis, minutes, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { idToken, jwks } from '../src/index.js'
import {
  anotherRsa,
  by,
  client,
  good,
  header,
  holding,
  jwk,
  jws,
  left,
  published,
  right,
  rsa,
  world,
} from './support.js'

const SECOND = 1_000
const token = jws({ ...good, exp: good.exp + 3_600 })
const ofAnother = jws({ ...good, exp: good.exp + 3_600 }, { ...header, kid: 'k2' }, by.another)
const rotated = [jwk(anotherRsa.publicKey, { kid: 'k2' })]

const set = () => {
  const at = world()
  const keys = jwks({ client })
  const validate = (of = token) => idToken({ client, keys, nonce: 'n' })(holding(of))(at.env)()
  return { ...at, validate, asked: () => at.requests.length }
}

test('a thousand at once ask for it once, and those after them not at all', async () => {
  const { validate, asked, requests } = set()
  const all = await Promise.all(Array.from({ length: 1_000 }, () => validate()))
  expect(all.filter(E.isLeft)).toEqual([])
  right(await validate())
  expect(asked()).toBe(1)
  expect(requests[0]).toMatchObject({ method: 'GET', url: 'https://as.example/jwks', maxBytes: 65_536 })
})

test('a key that is new is found; one that is made up costs one request in 30 s', async () => {
  const { validate, asked, publish, advance } = set()
  right(await validate())
  publish([...published, ...rotated])
  expect(left(await validate(ofAnother))).toMatchObject({ path: 'kid' })
  expect(asked()).toBe(1)
  advance(30 * SECOND)
  right(await validate(ofAnother))
  expect(asked()).toBe(2)
  advance(30 * SECOND)
  const madeUp = Array.from({ length: 100 }, (_, i) => jws(good, { ...header, kid: `made up ${i}` }))
  for (const result of await Promise.all(madeUp.map(validate))) expect(left(result)).toMatchObject({ path: 'kid' })
  advance(29 * SECOND)
  expect(left(await validate(madeUp[0]))).toMatchObject({ path: 'kid' })
  expect(asked()).toBe(3)
})

test('a rotated key that no token names is found, too', async () => {
  const { validate, asked, publish, advance } = set()
  const nameless = { alg: 'RS256' }
  publish([jwk(rsa.publicKey, {})])
  right(await validate(jws(good, nameless)))
  publish([jwk(anotherRsa.publicKey, {})])
  advance(30 * SECOND)
  right(await validate(jws(good, nameless, by.another)))
  expect(left(await validate(jws(good, nameless)))).toMatchObject({ path: 'signature' })
  expect(asked()).toBe(2)
  // Where a token names the key that there is, a signature that does not hold asks for nothing.
  publish([jwk(rsa.publicKey, { kid: 'k1' })])
  advance(30 * SECOND)
  right(await validate())
  advance(30 * SECOND)
  expect(left(await validate(jws(good, header, by.another)))).toMatchObject({ path: 'signature' })
  expect(asked()).toBe(3)
})

test('a key that was taken out is trusted for 10 minutes and no longer', async () => {
  const { validate, asked, publish, advance } = set()
  right(await validate())
  publish(rotated)
  advance(10 * 60 * SECOND - 1)
  right(await validate())
  expect(asked()).toBe(1)
  advance(1)
  expect(left(await validate())).toMatchObject({ _tag: 'Malformed', path: 'kid' })
  right(await validate(ofAnother))
  expect(asked()).toBe(2)
})

test('a set that is too old is not trusted, whatever the network says', async () => {
  const { validate, asked, fail, advance } = set()
  right(await validate())
  fail({ _tag: 'NotSent', cause: 'connection', reason: 'ECONNREFUSED' })
  advance(10 * 60 * SECOND)
  // Nothing is known of the token: it is not refused.
  expect(left(await validate())).toMatchObject({ _tag: 'Unreachable', url: 'https://as.example/jwks' })
  // Nor is the server asked all the time.
  expect(left(await validate())).toMatchObject({ _tag: 'Unreachable' })
  expect(asked()).toBe(2)
  fail(undefined)
  advance(SECOND)
  right(await validate())
  expect(asked()).toBe(3)
})

test('nor does it grow young when the date is set back, or stay so while the machine sleeps', async () => {
  const { validate, asked, advance, setDate } = set()
  right(await validate())
  setDate(-3_600_000)
  advance(10 * 60 * SECOND)
  await validate()
  expect(asked()).toBe(2)
  // Of a machine that slept, the date alone goes on.
  setDate(3_600_000)
  await validate()
  expect(asked()).toBe(3)
})

test('its bounds are options', async () => {
  const { env, requests, advance } = world()
  const keys = jwks({ client, maxAge: seconds(60), coolDown: millis(500), timeout: minutes(1) })
  const validate = (of: string) => idToken({ client, keys, nonce: 'n' })(holding(of))(env)()
  right(await validate(token))
  advance(500)
  left(await validate(ofAnother))
  expect(requests).toHaveLength(2)
  advance(60 * SECOND)
  right(await validate(token))
  expect(requests).toHaveLength(3)
  expect(Number(requests[2]?.deadline) - env.clock.now()).toBe(60_000)
})

test.each<[what: string, body: unknown]>([
  ['no JSON', '<html>'],
  ['a list', []],
  ['no keys', {}],
  ['keys that are none', { keys: [1] }],
  ['a key without a kind', { keys: [{ kid: 'k1' }] }],
  ['rubbish', { keys: { length: 1 } }],
])('%s in its place is Malformed, and may be asked for again', async (_, body) => {
  const { validate, answer, advance } = set()
  answer(body)
  expect(left(await validate())).toMatchObject({ _tag: 'Malformed', what: 'JWK set' })
  answer({ keys: [jwk(rsa.publicKey, { kid: 'k1' })] })
  advance(SECOND)
  right(await validate())
})
