import * as Box from '@tessera/box'
import { AuthorizationServer } from '@tessera/oauth2'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import type { Principal } from '../src/principal.js'
import { keyOf, type Provider } from '../src/provider.js'

// Few enough that two profiles are often alike.
const id = fc.constantFrom('1', '2', '1 service:2', '","')

const owner = fc.constantFrom('alice', 'bob')

const box = fc.record({
  owner,
  client: id,
  enterprise: fc.option(id, { nil: undefined }),
  baseUrl: fc.constantFrom('http://127.0.0.1:1', 'http://127.0.0.1:2'),
  principal: fc.constantFrom<Principal>({ _tag: 'Service' }, { _tag: 'Login' }, { _tag: 'User', id: '1' }),
})

const oauth = fc.record({
  owner,
  client: id,
  // Of the same token endpoint as Box's are, too.
  server: fc.constantFrom(
    { tokenEndpoint: 'http://127.0.0.1:1/oauth2/token' },
    { tokenEndpoint: 'http://127.0.0.1:1/oauth2/token', issuer: 'http://127.0.0.1:1' },
    { tokenEndpoint: 'http://127.0.0.1:2/oauth2/token', issuer: 'http://127.0.0.1:2' },
  ),
  scope: fc.constantFrom([], ['a'], ['a', 'b'], ['["b=c"]'], ['1']),
  parameters: fc.constantFrom<Record<string, string>>({}, { b: 'c' }, { 'b=c': 'd' }, { b: 'c=d' }),
  principal: fc.constantFrom<Principal>({ _tag: 'Service' }, { _tag: 'Login' }),
})

type Of<A> = A extends fc.Arbitrary<infer B> ? B : never

const ofBox = ({ owner, client, enterprise, baseUrl, principal }: Of<typeof box>): string => {
  const parsed = Box.settings({
    boxAppSettings: { clientID: client, clientSecret: 'secret' },
    ...(enterprise !== undefined && { enterpriseID: enterprise }),
  })
  if (parsed._tag === 'Left') throw new Error('the settings are good')
  const provider: Provider = {
    _tag: 'Box',
    settings: parsed.right,
    baseUrl: O.some(baseUrl),
    origins: [],
    allowHttp: [],
  }
  return keyOf(provider, principal, owner)
}

const ofOAuth = ({ owner, client, server, scope, parameters, principal }: Of<typeof oauth>): string => {
  const provider: Provider = {
    _tag: 'OAuth',
    server: AuthorizationServer.make(server),
    chosen: O.none,
    discovered: false,
    clientId: client,
    clientSecret: O.none,
    authentication: O.none,
    scope,
    parameters,
    origins: [],
    allowHttp: [],
  }
  return keyOf(provider, principal, owner)
}

describe('the key of a session', () => {
  it('is shared by those alone who are alike in server, client, enterprise and principal', () => {
    fc.assert(
      fc.property(box, box, (one, other) => {
        const [{ owner: _, ...first }, { owner: __, ...second }] = [one, other]
        expect(ofBox(one) === ofBox(other)).toBe(JSON.stringify(first) === JSON.stringify(second))
      }),
    )
  })

  it('is shared by those alone who are alike in issuer, client, principal, scope and parameters; a login by one profile', () => {
    // The application itself is the same in each of its profiles.
    const ownerless = ({ owner, ...rest }: Of<typeof oauth>) =>
      rest.principal._tag === 'Login' ? { owner, ...rest } : rest
    fc.assert(
      fc.property(oauth, oauth, (one, other) => {
        expect(ofOAuth(one) === ofOAuth(other)).toBe(
          JSON.stringify(ownerless(one)) === JSON.stringify(ownerless(other)),
        )
      }),
    )
  })

  it('is never shared by Box and another provider', () => {
    fc.assert(
      fc.property(box, oauth, (one, other) => {
        expect(ofBox(one)).not.toBe(ofOAuth(other))
      }),
    )
  })
})
