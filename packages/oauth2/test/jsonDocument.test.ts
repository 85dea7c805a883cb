import { AuthError, Secret, TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { jsonDocument } from '../src/index.js'
import { headerOf, left, NOW, right, world } from './support.js'

const about = { what: 'JWK set', field: 'jwksUri', url: O.some('https://as.example/jwks') }

test('one request, without a token', async () => {
  const w = world({ body: { keys: [] } })
  expect(right(await jsonDocument(about)(w.env)())).toEqual({ keys: [] })
  expect(w.requests).toMatchObject([
    { method: 'GET', url: 'https://as.example/jwks', body: O.none, deadline: NOW + 30_000, maxBytes: 65_536 },
  ])
  expect(headerOf(w.requests[0], 'authorization')).toBeUndefined()
})

test('or with one, which no error shows', async () => {
  const token = TokenSet.make(Secret.make('AccessToken', 'C4NARY'))
  const w = world({ body: {} }, { status: 401, body: { error: 'invalid_token', error_description: 'C4NARY is old' } })
  right(await jsonDocument({ ...about, token })(w.env)())
  expect(headerOf(w.requests[0], 'authorization')).toBe('Bearer C4NARY')
  const error = left(await jsonDocument({ ...about, token })(w.env)())
  expect(error).toMatchObject({ _tag: 'Rejected', answer: { status: 401 } })
  expect(JSON.stringify(error)).not.toContain('C4NARY')
})

test.each<[body: unknown]>([['<html>'], [[]], ['7'], ['null']])(
  '%j is Malformed, and may be asked for again',
  async (body) => {
    const error = left(await jsonDocument(about)(world({ body }).env)())
    expect(error).toMatchObject({ _tag: 'Malformed', what: 'JWK set', path: 'body' })
    expect(AuthError.isRetryable(error)).toBe(true)
  },
)

test.each([O.none, O.some('http://as.example/jwks'), O.some('as.example')])(
  '%j is Misconfigured by its field',
  async (url) => {
    const w = world({ body: {} })
    expect(left(await jsonDocument({ ...about, url })(w.env)())).toMatchObject({
      _tag: 'Misconfigured',
      field: 'jwksUri',
    })
    expect(w.requests).toEqual([])
  },
)

test('http where that is listed', async () => {
  const allowHttp = ['http://as.example']
  right(await jsonDocument({ ...about, url: O.some('http://as.example/jwks'), allowHttp })(world({ body: {} }).env)())
})
