import { AuthError, Secret, Strategy } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { extensionGrant } from '../src/index.js'
import { attempt, bodyOf, client, holding, issued, left, right, world } from './support.js'

const grantType = 'urn:ietf:params:oauth:grant-type:saml2-bearer'
const parameters = { assertion: Secret.make('Assertion', 'PEFz') }

test('RFC 6749 §4.5: its example', async () => {
  const w = world({ body: issued })
  right(await extensionGrant({ client, grantType, parameters })(attempt())(w.env)())
  expect(bodyOf(w.requests[0])).toBe(
    'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Asaml2-bearer&assertion=PEFz&client_id=app&client_secret=S3CRET',
  )
})

test('S-OAUTH2-15 parameters can be made for each attempt', async () => {
  const w = world({ body: issued })
  const strategy = extensionGrant({
    client,
    grantType,
    parameters: ({ previous }) =>
      O.isSome(previous) ? E.right({ old: previous.value.accessToken }) : E.left(AuthError.notApplicable('no token')),
  })
  right(await strategy(attempt({ previous: O.some(holding(undefined)) }))(w.env)())
  expect(w.forms()[0]?.get('old')).toBe('A0')
  expect(left(await strategy(attempt())(w.env)())._tag).toBe('NotApplicable')
  expect(w.requests.length).toBe(1)
})

test('of single use unless it is said not to be', async () => {
  for (const singleUse of [true, false]) {
    const error = left(await extensionGrant({ client, grantType, singleUse })(attempt())(world({ status: 500 }).env)())
    expect(AuthError.isRetryable(error)).toBe(!singleUse)
  }
})

test('S-OAUTH2-06 a refresh token may be required', async () => {
  const answer = { body: { ...issued, refresh_token: undefined } }
  const strict = extensionGrant({ client, grantType, refreshTokenRequired: true })
  expect(left(await strict(attempt())(world(answer).env)())).toMatchObject({ path: 'refresh_token' })
  right(await extensionGrant({ client, grantType })(attempt())(world(answer).env)())
})

test('its trait', () => {
  expect(Strategy.needsRefreshToken(extensionGrant({ client, grantType, needsRefreshToken: true }))).toBe(true)
  expect(Strategy.needsRefreshToken(extensionGrant({ client, grantType }))).toBe(false)
})

test('of single use where nothing is said', async () => {
  const error = left(await extensionGrant({ client, grantType })(attempt())(world({ status: 500 }).env)())
  expect(error).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: false })
})

test('its trait, with parameters that are made for each attempt', () => {
  const made = { client, grantType, parameters: () => E.right(parameters) }
  expect(Strategy.needsRefreshToken(extensionGrant({ ...made, needsRefreshToken: true }))).toBe(true)
  expect(Strategy.needsRefreshToken(extensionGrant(made))).toBe(false)
})
