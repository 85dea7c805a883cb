import { getEventListeners } from 'node:events'
import { AuthError, instant, minutes, plus, Secret, type ServerAnswer, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, type JwtAssertionOptions, jwtAssertion, type Signer, type Subject } from '../src/index.js'
import { attempt, client, holding, jwtPart, left, NOW, right, signer, world } from './support.js'

const subject: Subject = { sub: '42', claims: { box_sub_type: 'enterprise' } }
const answer = { body: { access_token: 'A1', token_type: 'bearer', expires_in: 3600 } }
const run = (w: ReturnType<typeof world>, options: Partial<JwtAssertionOptions> = {}, given = attempt()) =>
  jwtAssertion({ client, signer, subject, ...options })(given)(w.env)()
const assertionOf = (w: ReturnType<typeof world>, at = 0) => w.forms()[at]?.get('assertion') ?? ''

test('S-JWT-02 the claims', async () => {
  const w = world(answer)
  right(await run(w))
  expect(jwtPart(assertionOf(w), 1)).toEqual({
    iss: 'app',
    sub: '42',
    box_sub_type: 'enterprise',
    aud: 'https://as.example/token',
    jti: expect.stringMatching(/^[A-Za-z0-9]{16,128}$/),
    exp: NOW / 1_000 + 30,
  })
})

test('S-JWT-02 the header', async () => {
  const w = world(answer)
  right(await run(w))
  expect(jwtPart(assertionOf(w), 0)).toEqual({ alg: 'RS256', kid: 'k1', typ: 'JWT' })
  expect(assertionOf(w)).toMatch(/^[\w-]+\.[\w-]+\.c2lnbmF0dXJl$/)
  const plain = world(answer)
  right(await run(plain, { signer: { ...signer, keyId: O.none, algorithm: 'ES256' } }))
  expect(jwtPart(assertionOf(plain), 0)).toEqual({ alg: 'ES256', typ: 'JWT' })
})

test('RFC 7515 §5.1: what is signed is the encoded header and payload', async () => {
  const signed: Array<string> = []
  const w = world(answer)
  const recording = (input: string) => {
    signed.push(input)
    return TE.right('c2ln')
  }
  right(await run(w, { signer: { ...signer, sign: recording } }))
  expect(signed.map((input) => `${input}.c2ln`)).toEqual([assertionOf(w)])
})

test('S-JWT-03 the form', async () => {
  const w = world(answer)
  right(await run(w, { client: Client.make({ ...client, parameters: { box_device_id: '0' } }) }))
  expect(Array.from(w.forms()[0] ?? [])).toEqual([
    ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    ['assertion', assertionOf(w)],
    ['client_id', 'app'],
    ['client_secret', 'S3CRET'],
    ['box_device_id', '0'],
  ])
})

test('B-JWT-03 RFC 7523 §3: a fresh jti for every attempt, of one strategy and of one run', async () => {
  const w = world(answer)
  const once = jwtAssertion({ client, signer, subject })(attempt())(w.env)
  for (let i = 0; i < 50; i++) right(await once())
  expect(new Set(w.forms().map((form) => jwtPart(form.get('assertion') ?? '', 1)['jti'])).size).toBe(50)
})

test('B-JWT-02 the audience follows the endpoint, or is given', async () => {
  const w = world(answer)
  const own = Client.make({ id: 'app', tokenEndpoint: 'http://127.0.0.1:1234/oauth2/token' })
  right(await run(w, { client: own }))
  right(await run(w, { client: own, audience: 'https://api.box.com/oauth2/token' }))
  expect([0, 1].map((at) => jwtPart(assertionOf(w, at), 1)['aud'])).toEqual([
    'http://127.0.0.1:1234/oauth2/token',
    'https://api.box.com/oauth2/token',
  ])
})

test('the lifetime is rounded down, so that an assertion never lives longer than asked', async () => {
  const w = world(answer)
  w.advance(999)
  right(await run(w, { lifetime: seconds(45) }))
  expect(jwtPart(assertionOf(w), 1)['exp']).toBe(NOW / 1_000 + 45)
})

test("further claims do not change the grant's own", async () => {
  const w = world(answer)
  right(await run(w, { claims: { iss: 'evil', sub: 'evil', aud: 'evil', jti: 'evil', exp: 1, x: 1 } }))
  expect(jwtPart(assertionOf(w), 1)).toMatchObject({ iss: 'app', sub: '42', aud: client.server.tokenEndpoint, x: 1 })
})

test('an unknown outcome may be asked for again', async () => {
  for (const bad of [{ status: 500 }, { body: '' }, { _tag: 'Lost', cause: 'connection', reason: 'x' } as const]) {
    expect(AuthError.isRetryable(left(await run(world(bad))))).toBe(true)
  }
})

// -----------------------------------------------------------------------------
// subject
// -----------------------------------------------------------------------------

const chosen = (remembered: O.Option<string>): E.Either<AuthError, Subject> =>
  O.isSome(remembered)
    ? E.right({ sub: remembered.value, claims: { box_sub_type: 'user' }, remember: remembered.value })
    : E.right(subject)

test('S-JWT-04 the remembered subject is chosen for renewals, and remembered again', async () => {
  const w = world(answer)
  const previous = O.some(holding(undefined, { subject: O.some('7') }))
  const token = right(await run(w, { subject: chosen }, attempt({ previous })))
  expect(jwtPart(assertionOf(w), 1)).toMatchObject({ sub: '7', box_sub_type: 'user' })
  expect(token.subject).toEqual(O.some('7'))
})

test('S-JWT-04 without one the configured subject is, and nothing is remembered', async () => {
  const w = world(answer)
  const previous = O.some(holding(undefined, { subject: O.some('7') }))
  expect(right(await run(w, { subject: chosen })).subject).toEqual(O.none)
  expect(right(await run(w, {}, attempt({ previous }))).subject).toEqual(O.none)
  expect(w.forms().map((form) => jwtPart(form.get('assertion') ?? '', 1)['sub'])).toEqual(['42', '42'])
})

test('S-JWT-04 a subject that is refused sends nothing', async () => {
  const w = world(answer)
  const error = AuthError.misconfigured('subject', 'another enterprise')
  expect(left(await run(w, { subject: () => E.left(error) }))).toBe(error)
  expect(w.requests).toEqual([])
})

// -----------------------------------------------------------------------------
// clock skew
// -----------------------------------------------------------------------------

const server = plus(NOW, minutes(60))
const skewed = {
  status: 400,
  headers: { date: new Date(server).toUTCString() },
  body: { error: 'invalid_grant', error_description: 'exp' },
}
const clockSkew = (given: ServerAnswer) => (given.status === 400 ? given.date : O.none)

test("S-JWT-05 one retry with the server's time and a new jti", async () => {
  const w = world(skewed, answer)
  right(await run(w, { clockSkew }))
  const [first, second] = [0, 1].map((at) => jwtPart(assertionOf(w, at), 1))
  expect(first?.['exp']).toBe(NOW / 1_000 + 30)
  expect(second?.['exp']).toBe(server / 1_000 + 30)
  expect(second?.['jti']).not.toBe(first?.['jti'])
})

test('S-JWT-05 the rule is told our time when the answer came', async () => {
  const w = world(() => {
    w.advance(700)
    return skewed
  })
  const told: Array<number> = []
  const listening = (_: ServerAnswer, now: number) => {
    told.push(now)
    return O.none
  }
  left(await run(w, { clockSkew: listening }))
  expect(told).toEqual([NOW + 700])
})

test('S-JWT-05 exactly one', async () => {
  const w = world(skewed)
  expect(left(await run(w, { clockSkew }))._tag).toBe('Rejected')
  expect(w.requests.length).toBe(2)
})

test('S-JWT-05 nothing is learned beyond the attempt', async () => {
  const w = world(skewed, answer, answer)
  const strategy = jwtAssertion({ client, signer, subject, clockSkew })
  right(await strategy(attempt())(w.env)())
  right(await strategy(attempt())(w.env)())
  expect(jwtPart(assertionOf(w, 2), 1)['exp']).toBe(NOW / 1_000 + 30)
})

test.each([
  { status: 401, headers: skewed.headers, body: skewed.body },
  { status: 400, body: skewed.body },
  { status: 500, headers: skewed.headers, body: skewed.body },
])('S-JWT-05 no retry where nothing proves a skew (%#)', async (other) => {
  const w = world(other)
  left(await run(w, { clockSkew }))
  expect(w.requests.length).toBe(1)
})

test('S-JWT-05 no retry without a rule', async () => {
  const w = world(skewed)
  left(await run(w))
  expect(w.requests.length).toBe(1)
})

test('the retry obeys the deadline', async () => {
  const w = world((_) => {
    w.advance(60_000)
    return skewed
  })
  expect(left(await run(w, { clockSkew }))._tag).toBe('TimedOut')
  expect(w.requests.length).toBe(1)
})

// -----------------------------------------------------------------------------
// signers
// -----------------------------------------------------------------------------

test('a signer that fails', async () => {
  const error = AuthError.unreachable('kms', 'down')
  expect(left(await run(world(answer), { signer: { ...signer, sign: () => TE.left(error) } }))).toBe(error)
})

test('a signer that throws: an error that does not show what was thrown', async () => {
  for (const sign of [
    () => () => Promise.reject(new Error('C4NARY')),
    () => () => {
      throw new Error('C4NARY')
    },
  ]) {
    const w = world(answer)
    const error = left(await run(w, { signer: { ...signer, sign } }))
    expect(error._tag).toBe('Unreachable')
    expect(JSON.stringify(error)).not.toContain('C4NARY')
    expect(w.requests).toEqual([])
  }
})

test('a signer that hangs ends with the deadline, and nothing was sent', async () => {
  const w = world(answer)
  const hanging = { ...signer, sign: () => () => new Promise<never>(() => undefined) }
  const given = attempt({ deadline: plus(instant(NOW), seconds(5)) })
  expect(left(await run(w, { signer: hanging }, given))).toEqual(AuthError.timedOut('a signature'))
  expect(w.requests).toEqual([])
})

test('a signer that hangs ends with the abort, and nothing was sent', async () => {
  const w = world(answer)
  const abort = new AbortController()
  const hanging = { ...signer, sign: () => () => new Promise<never>(() => abort.abort()) }
  expect(left(await run(w, { signer: hanging }, attempt({ signal: abort.signal })))).toEqual(AuthError.aborted)
  expect(w.requests).toEqual([])
})

/** As long as a signer in another thread takes, but without a clock. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await null
}

describe.each<[string, Signer]>([
  ['made at once', signer],
  ['that takes time', { ...signer, sign: (input) => () => turns().then(signer.sign(input)) }],
])('a signature %s', (_, signing) => {
  test('leaves no timer behind', async () => {
    const w = world(answer)
    right(await run(w, { signer: signing }))
    await new Promise((resolve) => setImmediate(resolve))
    expect(w.sleeps).toEqual([])
  })

  test('leaves nothing at the signal', async () => {
    const { signal } = new AbortController()
    right(await run(world(answer), { signer: signing }, attempt({ signal })))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('nothing is signed after the deadline or an abort', async () => {
  const refusing = { ...signer, sign: () => TE.left(AuthError.unreachable('signer', 'called')) }
  expect(left(await run(world(answer), { signer: refusing }, attempt({ deadline: NOW })))._tag).toBe('TimedOut')
  expect(left(await run(world(answer), { signer: refusing }, attempt({ signal: AbortSignal.abort() })))._tag).toBe(
    'Aborted',
  )
})

test('B-JWT-05 the assertion is in no error', async () => {
  const w = world((request) => ({
    status: 400,
    body: { error: 'x', error_description: O.toUndefined(O.map(Secret.open)(request.body)) },
  }))
  const error = left(await run(w))
  expect(JSON.stringify(error)).not.toContain(assertionOf(w))
})

test('an abort ends the wait for a signature at once', async () => {
  const w = world(answer)
  const abort = new AbortController()
  const hanging = { ...signer, sign: () => () => turns().then(() => new Promise<never>(() => abort.abort())) }
  expect(left(await run(w, { signer: hanging }, attempt({ signal: abort.signal })))).toEqual(AuthError.aborted)
  expect(w.sleeps).toEqual([])
})

test('a signer that throws is a signer that was not reached', async () => {
  const throwing = { ...signer, sign: () => () => Promise.reject(new Error('mine')) }
  expect(left(await run(world(answer), { signer: throwing }))).toEqual(AuthError.unreachable('signer', 'it threw'))
})

test('S-JWT-05 the rule is asked about answers of the server, and of nothing else', async () => {
  const clockSkew = jest.fn(() => O.none)
  for (const failure of [
    { _tag: 'NotSent', cause: 'connection', reason: 'refused' },
    { _tag: 'Lost', cause: 'connection', reason: 'reset' },
  ] as const) {
    left(await run(world(failure), { clockSkew }))
  }
  expect(clockSkew).not.toHaveBeenCalled()
  left(await run(world({ status: 400 }), { clockSkew }))
  expect(clockSkew).toHaveBeenCalledTimes(1)
})
