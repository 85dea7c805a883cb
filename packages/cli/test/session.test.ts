import * as Box from '@tessera/box'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import type { Principal } from '../src/principal.js'
import { clientOf, keyOf } from '../src/session.js'

// Few enough that two profiles are often alike.
const id = fc.constantFrom('1', '2', '1 service:2', '","')
const profile = fc.record({
  client: id,
  enterprise: fc.option(id, { nil: undefined }),
  baseUrl: fc.constantFrom('http://127.0.0.1:1', 'http://127.0.0.1:2'),
  principal: fc.constantFrom<Principal>({ _tag: 'Service' }, { _tag: 'Login' }, { _tag: 'User', id: '1' }),
})

const keyFor = ({
  client,
  enterprise,
  baseUrl,
  principal,
}: typeof profile extends fc.Arbitrary<infer A> ? A : never) => {
  const parsed = Box.settings({
    boxAppSettings: { clientID: client, clientSecret: 'secret' },
    ...(enterprise !== undefined && { enterpriseID: enterprise }),
  })
  if (parsed._tag === 'Left') throw new Error('the settings are good')
  const made = { settings: parsed.right, baseUrl: O.some(baseUrl), principal }
  return keyOf(clientOf(made), made)
}

describe('the key of a session', () => {
  it('is shared by those alone who are alike in server, client, enterprise and principal', () => {
    fc.assert(
      fc.property(profile, profile, (one, other) => {
        expect(keyFor(one) === keyFor(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
    )
  })
})
