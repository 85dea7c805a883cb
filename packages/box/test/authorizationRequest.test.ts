import { createHash, randomBytes } from 'node:crypto'
import * as Box from '@tessera/box'
import { AuthError, instant, Secret } from '@tessera/core'
import type { Transaction } from '@tessera/oauth2'
import { urls } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

const env = {
  random: { bytes: (size: number) => () => randomBytes(size) },
  digest: { sha256: (ascii: string) => createHash('sha256').update(ascii).digest() },
  clock: { now: () => instant(0), sleep: () => () => Promise.resolve() },
}
const client = Box.client({ id: 'app', secret: 's3cret' })

const begin = (options: Partial<Box.AuthorizationRequestOptions> = {}): Transaction => {
  const begun = Box.authorizationRequest({ client, ...options })(env)()
  if (E.isLeft(begun)) throw AuthError.toError(begun.left)
  return begun.right
}

test('S-OAUTH2-01 the parameters in their order, percent-encoded as UTF-8', () => {
  fc.assert(
    fc.property(
      fc.option(urls, { nil: undefined }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      (redirectUri, id) => {
        const url = new URL(begin({ redirectUri, client: { ...client, id }, scope: [Box.scope.rootReadOnly] }).url)
        expect(`${url.origin}${url.pathname}`).toBe('https://account.box.com/api/oauth2/authorize')
        expect([...url.searchParams.entries()].slice(0, redirectUri === undefined ? 4 : 5)).toEqual([
          ['state', expect.any(String)],
          ['response_type', 'code'],
          ['client_id', id],
          ...(redirectUri === undefined ? [] : [['redirect_uri', redirectUri]]),
          ['scope', 'root_readonly'],
        ])
      },
    ),
  )
})

test('S-OAUTH2-02 the state has the prefix of Box and at least 128 bits, and is never the same', () => {
  const states = Array.from({ length: 100 }, () => Secret.open(begin().state))
  for (const state of states) expect(state).toMatch(/^box_csrf_token_[A-Za-z0-9]{22,}$/)
  expect(new Set(states).size).toBe(states.length)
})

test("an application's own state is kept as it is", () => {
  expect(Secret.open(begin({ state: Secret.make('State', 'mine') }).state)).toBe('mine')
})

test('S-OAUTH2-13 a server without the endpoint is Misconfigured', () => {
  const nowhere = { ...client, server: Box.server({ authorizationEndpoint: O.none }) }
  expect(Box.authorizationRequest({ client: nowhere })(env)()).toMatchObject(E.left({ _tag: 'Misconfigured' }))
})
