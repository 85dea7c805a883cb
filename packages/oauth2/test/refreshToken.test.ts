import { AuthError, Secret, Strategy } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { Client, Provider, refreshToken } from '../src/index.js'
import { attempt, bodyOf, client, endpoints, headerOf, holding, issued, left, right, world } from './support.js'

const previous = O.some(holding('tGzv3JOkF0XG5Qx2TlKWIA', { scope: ['a'], subject: O.some('42') }))
const { refresh_token: _, ...without } = issued

test('RFC 6749 §6: its request, with the client in the body', async () => {
  const w = world({ body: issued })
  right(await refreshToken({ client })(attempt({ previous }))(w.env)())
  expect(bodyOf(w.requests[0])).toBe(
    'grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&client_id=app&client_secret=S3CRET',
  )
  expect(headerOf(w.requests[0], 'authorization')).toBeUndefined()
})

test('S-OAUTH2-04 the parameters of the client go last', async () => {
  const w = world({ body: issued })
  const pinned = Client.make({ ...client, parameters: { box_device_id: '0', box_device_name: 'tv' } })
  right(await refreshToken({ client: pinned })(attempt({ previous }))(w.env)())
  expect(Array.from(w.forms()[0]?.keys() ?? []).slice(-2)).toEqual(['box_device_id', 'box_device_name'])
})

test('RFC 6749 §6: a new refresh token replaces the old one', async () => {
  const token = right(await refreshToken({ client })(attempt({ previous }))(world({ body: issued }).env)())
  expect(O.map(Secret.open)(token.refreshToken)).toEqual(O.some('R1'))
})

test('B-OAUTH2-07 an answer without one keeps the old one, its scope and subject', async () => {
  const token = right(await refreshToken({ client })(attempt({ previous }))(world({ body: without }).env)())
  expect(O.map(Secret.open)(token.refreshToken)).toEqual(O.some('tGzv3JOkF0XG5Qx2TlKWIA'))
  expect(token).toMatchObject({ scope: ['a'], subject: O.some('42') })
})

test.each([O.none, O.some(holding(undefined))])(
  'without a refresh token it is NotApplicable and sends nothing',
  async (nothing) => {
    const w = world({ body: issued })
    expect(left(await refreshToken({ client })(attempt({ previous: nothing }))(w.env)())._tag).toBe('NotApplicable')
    expect(w.requests).toEqual([])
  },
)

test('it says that it needs a refresh token', () => {
  expect(Strategy.needsRefreshToken(refreshToken({ client }))).toBe(true)
})

test('a refresh token is of single use: no unknown outcome is retryable', async () => {
  const unknown = [
    { status: 500 },
    { status: 409 },
    { body: '<html>' },
    { _tag: 'Lost', cause: 'connection', reason: 'ECONNRESET' } as const,
  ]
  for (const answer of unknown) {
    const error = left(await refreshToken({ client })(attempt({ previous }))(world(answer).env)())
    expect(AuthError.isRetryable(error)).toBe(false)
  }
})

test('one run is one request', async () => {
  const w = world({ status: 503 })
  left(await refreshToken({ client })(attempt({ previous }))(w.env)())
  expect(w.requests.length).toBe(1)
})

// Figma's OpenAPI description: `refreshUrl` is another one than `tokenUrl`.
test('a refresh goes where the server has it', async () => {
  const w = world({ body: issued })
  const refreshEndpoint = 'https://as.example/refresh'
  const own = Client.make({ id: 'app', ...endpoints, refreshEndpoint })
  right(await refreshToken({ client: own })(attempt({ previous: O.some(holding('R0')) }))(w.env)())
  expect(w.requests.map(({ url }) => url)).toEqual([refreshEndpoint])
})

// Salesforce's release notes, “Simultaneous Token Requests Are Blocked During the Refresh Token Flow”.
test('invalid_grant of a provider that means something else by it ends no session', async () => {
  const provider: Provider = {
    ...Provider.rfc,
    busyGrants: [{ error: 'invalid_grant', description: /already being processed/i }],
  }
  const own = Client.make({ id: 'app', ...endpoints, provider })
  const saying = async (error_description: string) => {
    const w = world({ status: 400, body: { error: 'invalid_grant', error_description } })
    return left(await refreshToken({ client: own })(attempt({ previous: O.some(holding('R0')) }))(w.env)())
  }
  expect(AuthError.isInvalidGrant(await saying('token request is already being processed'))).toBe(false)
  expect(AuthError.isInvalidGrant(await saying('expired access/refresh token'))).toBe(true)
})
