/** The end of a session: at the provider, and by its word. */
import { AuthError, type Instant, Secret } from '@tessera/core'
import { AuthorizationServer, Client } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type EndedLogouts,
  jwks,
  type LogoutTokenOptions,
  type LogoutUrlOptions,
  logoutToken,
  logoutUrl,
} from '../src/index.js'
import { by, client, header, issuer, jws, left, right, seconds, world } from './support.js'

// -----------------------------------------------------------------------------
// RP-initiated logout
// -----------------------------------------------------------------------------

test('RP-Initiated Logout §2: the URL', () => {
  const url = new URL(
    right(
      logoutUrl({
        client,
        idToken: Secret.make('IdToken', 'e30.e30.c2ln'),
        postLogoutRedirectUri: 'https://app.example/bye?a=b&c',
        state: Secret.make('State', 'a state'),
        logoutHint: 'ann@example.org',
        uiLocales: ['de-CH', 'en'],
      }),
    ),
  )
  expect(`${url.origin}${url.pathname}`).toBe('https://as.example/logout')
  expect([...url.searchParams]).toEqual([
    ['id_token_hint', 'e30.e30.c2ln'],
    ['client_id', 'app'],
    ['post_logout_redirect_uri', 'https://app.example/bye?a=b&c'],
    ['state', 'a state'],
    ['logout_hint', 'ann@example.org'],
    ['ui_locales', 'de-CH en'],
  ])
})

const at = (endSessionEndpoint: string | undefined): Client =>
  Client.make({ id: 'app', server: AuthorizationServer.make({ tokenEndpoint: `${issuer}/token`, endSessionEndpoint }) })

test("the endpoint's own query is kept", () => {
  expect(logoutUrl({ client: at(`${issuer}/logout?tenant=7`) })).toEqual(
    E.right('https://as.example/logout?tenant=7&client_id=app'),
  )
})

test.each<[field: string, options: LogoutUrlOptions]>([
  ['endSessionEndpoint', { client: at(undefined) }],
  ['endSessionEndpoint', { client: at('http://as.example/logout') }],
  ['id_token_hint', { client, idToken: '' }],
  ['state', { client, state: '' }],
  ['post_logout_redirect_uri', { client, postLogoutRedirectUri: JSON.parse('null') }],
])('%s is Misconfigured, case %#', (field, options) => {
  expect(left(logoutUrl(options))).toMatchObject({ _tag: 'Misconfigured', field })
})

// -----------------------------------------------------------------------------
// back-channel logout
// -----------------------------------------------------------------------------

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const good = {
  iss: issuer,
  aud: 'app',
  iat: seconds,
  exp: seconds + 120,
  jti: 'bWJq',
  sub: 'user 7',
  sid: '08a5019c',
  events: { [EVENT]: {} },
}
const typed = { ...header, typ: 'logout+jwt' }

const validate = (token: string, options: Partial<LogoutTokenOptions> = {}) =>
  logoutToken({ client, keys: jwks({ client }), ...options })(token)(world().env)()

test.each<[name: string, payload: object, about?: object]>([
  ['with a session and a person', good, typed],
  ['of a session', { ...good, sub: undefined }, typed],
  ['of a person', { ...good, sid: undefined }, typed],
  ['whose type is JWT', good, header],
  ['without a type', good, { alg: 'RS256', kid: 'k1' }],
  ['with other events', { ...good, events: { [EVENT]: {}, 'https://example.org/other': 1 } }, typed],
])('Back-Channel Logout §2.6: it holds %s', async (_, payload, about) => {
  expect(right(await validate(jws(payload, about)))).toEqual(JSON.parse(JSON.stringify(payload)))
})

test.each<[rule: string, token: string]>([
  ['typ', jws(good, { ...header, typ: 'at+jwt' })],
  ['alg', jws(good, { ...typed, alg: 'none' })],
  ['signature', jws(good, typed, by.another)],
  ['iss', jws({ ...good, iss: 'https://evil.example' }, typed)],
  ['aud', jws({ ...good, aud: 'another' }, typed)],
  ['exp', jws({ ...good, exp: seconds - 30 }, typed)],
  ['exp', jws({ ...good, exp: undefined }, typed)],
  ['iat', jws({ ...good, iat: seconds + 31 }, typed)],
  ['nonce', jws({ ...good, nonce: 'n' }, typed)],
  ['events', jws({ ...good, events: undefined }, typed)],
  [`events.${EVENT}`, jws({ ...good, events: {} }, typed)],
  [`events.${EVENT}`, jws({ ...good, events: { [EVENT]: true } }, typed)],
  ['jti', jws({ ...good, jti: undefined }, typed)],
  ['jti', jws({ ...good, jti: '' }, typed)],
  ['sid', jws({ ...good, sid: undefined, sub: undefined }, typed)],
  ['sid', jws({ ...good, sid: 7 }, typed)],
  ['sid', jws({ ...good, sid: '' }, typed)],
  ['sub', jws({ ...good, sub: 'x'.repeat(256) }, typed)],
  // An ID token is none.
  ['jti', jws({ iss: issuer, sub: 'user 7', aud: 'app', exp: seconds + 300, iat: seconds })],
  ['logout_token', JSON.parse('["a"]')],
])('Back-Channel Logout §2.6: %s does not hold', async (path, token) => {
  expect(left(await validate(token))).toMatchObject({ _tag: 'Malformed', what: 'logout token', path })
})

describe('one that ends sessions, and is remembered', () => {
  const remembering = () => {
    const names = new Map<string, Instant>()
    const ended: EndedLogouts = {
      has: (name) => TE.fromIO(() => names.has(name)),
      add: (name, until) => TE.fromIO(() => names.set(name, until)),
    }
    return { names, ended }
  }
  const token = jws(good, typed)
  const nothing: Required<LogoutTokenOptions>['end'] = () => TE.right(undefined)

  test('ends them once', async () => {
    const { names, ended } = remembering()
    const about: unknown[] = []
    const end: typeof nothing = (of) => TE.fromIO(() => about.push([of.sid, names.size]))
    right(await validate(token, { end, ended }))
    expect([...names]).toEqual([[`${issuer} bWJq`, (good.exp + 30) * 1_000]])
    expect(left(await validate(token, { end, ended }))).toMatchObject({ path: 'jti' })
    // It was not remembered before they had ended.
    expect(about).toEqual([[good.sid, 0]])
    // What does not hold ends nothing.
    left(await validate(jws({ ...good, jti: 'other', aud: 'another' }, typed), { end, ended }))
    expect([about.length, names.size]).toEqual([1, 1])
  })

  test('ends them, where it could not the first time', async () => {
    const { names, ended } = remembering()
    const failed = AuthError.storeFailed('compareAndSet', 'away')
    expect(left(await validate(token, { end: () => TE.left(failed), ended }))).toEqual(failed)
    expect(names.size).toBe(0)
    right(await validate(token, { end: nothing, ended }))
    expect(names.size).toBe(1)
  })

  test('of another issuer it is another one', async () => {
    const { names, ended } = remembering()
    const iss = 'https://other.example'
    const other = Client.make({ ...client, server: { ...client.server, issuer: O.some(iss) } })
    right(await validate(token, { end: nothing, ended }))
    right(await validate(jws({ ...good, iss }, typed), { client: other, keys: jwks({ client }), end: nothing, ended }))
    expect(names.size).toBe(2)
  })

  const mine = new TypeError('no such table')
  const fails = () => () => Promise.reject(mine)
  test.each<readonly [string, Partial<LogoutTokenOptions>]>([
    ['ended.has', { end: nothing, ended: { ...remembering().ended, has: fails } }],
    ['end', { end: fails }],
    ['ended.add', { end: nothing, ended: { ...remembering().ended, add: fails } }],
  ])('what %s throws is the error', async (name, options) => {
    const error = left(await validate(token, options))
    expect(AuthError.show.show(error)).toBe(`the store failed at get: ${name} threw TypeError`)
    expect(AuthError.toError(error).cause).toBe(mine)
  })
})
