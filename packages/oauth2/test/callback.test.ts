import { AuthError, Secret } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import {
  AuthorizationServer,
  type AuthorizationServerOptions,
  authorizationCode,
  authorizationRequest,
  Client,
  callback,
  callbackResponse,
  type Transaction,
} from '../src/index.js'
import { equals } from '../src/internal/constantTime.js'
import { attempt, client, endpoints, issued, left, right, there, world } from './support.js'

const { env } = world()
const begin = (about: Partial<AuthorizationServerOptions> = {}): Transaction =>
  right(
    authorizationRequest({
      client: Client.make({ id: 'app', server: AuthorizationServer.make({ ...endpoints, ...about }) }),
      redirectUri: 'https://app.example/cb',
    })(env)(),
  )
const back = (parameters: Record<string, string> | ReadonlyArray<[string, string]>): string =>
  `https://app.example/cb?${new URLSearchParams(Object.entries(parameters).length ? [...(Array.isArray(parameters) ? parameters : Object.entries(parameters))] : [])}`
const stateOf = ({ state }: Transaction) => Secret.open(state)

test('RFC 6749 §4.1.2: the code, with what its exchange needs', () => {
  const transaction = begin()
  const found = right(callback(transaction)(back({ code: 'SplxlOBeZQQYbYS6WxSbIA', state: stateOf(transaction) }))())
  expect(Secret.open(found.code)).toBe('SplxlOBeZQQYbYS6WxSbIA')
  expect(found.verifier).toBe(transaction.verifier)
  expect(found.redirectUri).toBe('https://app.example/cb')
})

test('OpenID Connect Core §3.1.2.1: the nonce of the request comes with the code, and is no parameter of the exchange', async () => {
  const transaction = right(authorizationRequest({ client, scope: ['openid'] })(env)())
  const found = right(callback(transaction)(back({ code: 'c', state: stateOf(transaction) }))())
  expect(found.nonce).toBeDefined()
  expect(found.nonce).toBe(transaction.nonce)
  const w = world({ body: issued })
  right(await authorizationCode({ client, ...found })(attempt())(w.env)())
  expect(Array.from(w.forms()[0]?.keys() ?? [])).toEqual([
    'grant_type',
    'code',
    'client_id',
    'client_secret',
    'code_verifier',
  ])
})

test.each(['/cb?', '?', 'http://127.0.0.1:1/cb?', 'https://[broken/cb?'])(
  'a URL that begins with %s is read',
  (start) => {
    const transaction = begin()
    expect(E.isRight(callback(transaction)(`${start}code=c&state=${stateOf(transaction)}#fragment?code=x`)())).toBe(
      true,
    )
  },
)

test('RFC 6749 §10.12: any other state is refused, whatever else the URL says', () => {
  const transaction = begin()
  fc.assert(
    fc.property(
      fc.string({ unit: codePoints }),
      fc.constantFrom({ code: 'c' }, { error: 'access_denied' }, {}),
      (state, rest) => {
        fc.pre(state !== stateOf(transaction))
        expect(left(callback(transaction)(back({ state, ...rest }))())).toMatchObject({
          _tag: 'Malformed',
          path: 'state',
        })
      },
    ),
  )
})

test('a missing state is refused', () => {
  expect(left(callback(begin())('https://app.example/cb?code=c')())).toMatchObject({ _tag: 'Malformed', path: 'state' })
  expect(left(callback(begin())('https://app.example/cb')())).toMatchObject({ _tag: 'Malformed', path: 'state' })
})

test.each(['?code=c', '?code=c&state='])('a transaction without a state matches no callback (%s)', (url) => {
  const transaction = { ...begin(), state: Secret.make('State', '') }
  expect(left(callback(transaction)(url)())).toMatchObject({ _tag: 'Malformed', path: 'state' })
})

test('the state is looked at before an error', () => {
  expect(left(callback(begin())(back({ error: 'access_denied', state: 'x' }))())).toMatchObject({ path: 'state' })
})

test('RFC 9700 §4.7.1: a state is used once', () => {
  const transaction = begin()
  const check = callback(transaction)(back({ code: 'c', state: stateOf(transaction) }))
  expect(E.isRight(check())).toBe(true)
  expect(left(check())).toMatchObject({
    _tag: 'Malformed',
    path: 'state',
    expected: expect.stringMatching(/^used once.*begin the login again$/),
  })
})

test('a refusal of the person uses the state, too', () => {
  const transaction = begin()
  left(callback(transaction)(back({ error: 'access_denied', state: stateOf(transaction) }))())
  expect(left(callback(transaction)(back({ code: 'c', state: stateOf(transaction) }))())).toMatchObject({
    path: 'state',
  })
})

test('a forged callback does not use the state', () => {
  const transaction = begin()
  left(callback(transaction)(back({ code: 'c', state: 'forged' }))())
  expect(E.isRight(callback(transaction)(back({ code: 'c', state: stateOf(transaction) }))())).toBe(true)
})

test('the pure half does not use the state', () => {
  const transaction = begin()
  const url = back({ code: 'c', state: stateOf(transaction) })
  expect(E.isRight(callbackResponse(transaction)(url))).toBe(true)
  expect(E.isRight(callbackResponse(transaction)(url))).toBe(true)
})

test('the comparison is equality, and looks at each character of what is given', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => equals(a, b) === (a === b)))
  fc.assert(fc.property(fc.string(), (a) => equals(a, a)))
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(), (a, at) => {
      const i = at % a.length
      expect(equals(a, a.slice(0, i) + String.fromCharCode(a.charCodeAt(i) ^ 1) + a.slice(i + 1))).toBe(false)
      expect(equals(a, a.slice(0, i))).toBe(false)
      expect(equals(a, a + a)).toBe(false)
    }),
  )
})

test('RFC 9207 §2.4: another issuer aborts, before an error or a code', () => {
  for (const rest of [{ code: 'c' }, { error: 'access_denied' }]) {
    const transaction = begin({ issuer: 'https://as.example' })
    const url = back({ ...rest, state: stateOf(transaction), iss: 'https://evil.example' })
    expect(left(callback(transaction)(url)())).toMatchObject({ _tag: 'Malformed', path: 'iss' })
  }
})

test('RFC 9207 §2.4: the error says which issuer came, without secrets and bounded; to try again is of no use', () => {
  const transaction = begin({ issuer: 'https://as.example' })
  const state = stateOf(transaction)
  const said = (iss: string) => {
    const error = left(callbackResponse(transaction)(back({ code: 'C4NARY-code', state, iss })))
    expect(AuthError.isRetryable(error)).toBe(false)
    return AuthError.show.show(error)
  }
  expect(said('https://evil.example')).toBe(
    'malformed callback: iss is not the issuer https://as.example, which this login began with, but https://evil.example',
  )
  const verifier = Secret.open(there(transaction.verifier))
  const hostile = said(`https://evil.example/C4N\u0000ARY-code/${state}/${verifier}/${'x'.repeat(9_999)}`)
  expect(hostile.length).toBeLessThan(700)
  for (const secret of ['C4NARY', state, verifier, '\u0000']) expect(hostile).not.toContain(secret)
})

test('RFC 9207 §2.4: the issuer is compared to the letter', () => {
  const transaction = begin({ issuer: 'https://as.example' })
  const url = back({ code: 'c', state: stateOf(transaction), iss: 'https://as.example/' })
  expect(left(callback(transaction)(url)())).toMatchObject({ path: 'iss' })
})

test('RFC 9207 §2.4: a missing issuer aborts where the server advertises it', () => {
  const transaction = begin({ issuer: 'https://as.example', issParameterSupported: true })
  expect(left(callback(transaction)(back({ code: 'c', state: stateOf(transaction) }))())).toMatchObject({ path: 'iss' })
})

test('RFC 9207: where the server does not advertise it, it may be missing', () => {
  const transaction = begin({ issuer: 'https://as.example' })
  expect(E.isRight(callback(transaction)(back({ code: 'c', state: stateOf(transaction) }))())).toBe(true)
})

test('RFC 9207: an issuer that cannot be compared aborts only where the server advertises it', () => {
  const url = (of: Transaction) => back({ code: 'c', state: stateOf(of), iss: 'https://as.example' })
  const unknown = begin()
  expect(E.isRight(callback(unknown)(url(unknown))())).toBe(true)
  const advertised = begin({ issParameterSupported: true })
  expect(left(callback(advertised)(url(advertised))())).toMatchObject({ path: 'iss' })
})

test('RFC 9207: the right issuer goes on', () => {
  const transaction = begin({ issuer: 'https://as.example', issParameterSupported: true })
  const url = back({ code: 'c', state: stateOf(transaction), iss: 'https://as.example' })
  expect(E.isRight(callback(transaction)(url)())).toBe(true)
})

test('RFC 6749 §4.1.2.1: an error is the server saying no, in its own words', () => {
  const transaction = begin()
  const url = back({ error: 'access_denied', error_description: 'no\u0000 way', state: stateOf(transaction) })
  const error = left(callback(transaction)(url)())
  expect(error).toMatchObject({
    _tag: 'Rejected',
    answer: {
      url: 'https://as.example/authorize',
      error: { value: 'access_denied' },
      description: { value: 'no way' },
    },
  })
  expect(AuthError.isTerminal(error)).toBe(true)
})

test('an error that echoes the state does not show it', () => {
  const transaction = begin()
  const state = stateOf(transaction)
  const error = left(
    callback(transaction)(back({ error: 'invalid_request', error_description: `bad ${state}`, state }))(),
  )
  expect(JSON.stringify(error)).not.toContain(state)
})

test.each(['state', 'code', 'iss', 'error'])('RFC 6749 §3.1: a repeated %s is refused', (name) => {
  const transaction = begin({ issuer: 'https://as.example' })
  const once: Array<[string, string]> = [
    ['state', stateOf(transaction)],
    ['iss', 'https://as.example'],
  ]
  const url = back([
    ...once,
    [name, name === 'state' ? stateOf(transaction) : 'x'],
    ...(name === 'state' ? [] : [[name, 'y'] as [string, string]]),
  ])
  expect(left(callback(transaction)(url)())).toMatchObject({ _tag: 'Malformed', path: name })
})

test.each(['', 'a\r\nb', 'ä'])('a code that is no printable ASCII text is refused (%j)', (code) => {
  const transaction = begin()
  expect(left(callback(transaction)(back({ code, state: stateOf(transaction) }))())).toMatchObject({ path: 'code' })
})

test('RFC 9700 §4.4: issuer and endpoints stay together in the transaction', () => {
  const server = AuthorizationServer.make({ ...endpoints, issuer: 'https://as.example' })
  const own = Client.make({ id: 'app', server })
  expect(right(authorizationRequest({ client: own })(env)()).server).toBe(server)
})

test('an authorization endpoint that vanished is no crash', () => {
  const transaction = {
    ...right(authorizationRequest({ client })(env)()),
    server: AuthorizationServer.make({ tokenEndpoint: 'x' }),
  }
  const url = back({ error: 'server_error', state: stateOf(transaction) })
  expect(left(callback(transaction)(url)())).toMatchObject({ _tag: 'Rejected' })
})

test('what is wrong with a callback is said', () => {
  const malformed = (path: string, expected: RegExp) => ({
    ...AuthError.malformed({ what: 'callback', path, expected: '' }),
    expected: expect.stringMatching(expected),
  })
  const transaction = begin({ issParameterSupported: true })
  const state = stateOf(transaction)
  const said = (url: string) => left(callbackResponse(transaction)(url))
  expect(said(back({ code: 'c', state: 'another' }))).toEqual(
    malformed('state', /^the one of this login.*begin the login again$/),
  )
  expect(said(back({ code: 'c', state }))).toEqual(malformed('iss', /^there, although the server promises it/))
  expect(said(back({ code: 'c', state, iss: 'https://as.example' }))).toEqual(
    malformed('iss', /^comparable: give the server its issuer/),
  )
})

test('parameters that are not in the query are none', () => {
  const transaction = begin()
  expect(left(callbackResponse(transaction)(`code=c&state=${stateOf(transaction)}`))).toMatchObject({ path: 'state' })
})

test('a refusal came by a redirect, from the authorization endpoint if that is known', () => {
  const transaction = begin()
  const url = back({ error: 'access_denied', state: stateOf(transaction) })
  const told = { method: 'GET', status: 302, url: 'https://as.example/authorize' }
  expect(left(callbackResponse(transaction)(url))).toMatchObject({ answer: told })
  const vanished = { ...transaction, server: AuthorizationServer.make({ tokenEndpoint: 'x' }) }
  expect(left(callbackResponse(vanished)(url))).toMatchObject({ answer: { ...told, url: 'authorization endpoint' } })
})
