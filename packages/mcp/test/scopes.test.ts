import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { scopeOf, type Wanted } from '../src/internal/scopes.js'

const OFFLINE = 'offline_access'
const list = fc.subarray(['a', 'b', 'c', 'd'])
const wanted: fc.Arbitrary<Wanted> = fc.record({
  challenged: list,
  own: list,
  granted: list,
  supported: fc.option(list, { nil: undefined }).map(O.fromNullable),
})
const serverOf = (isOffline: boolean) => ({ scopesSupported: isOffline ? O.some([OFFLINE]) : O.none })

test('what the session has is kept, what the server asks for is asked for, and nothing is there twice', () => {
  fc.assert(
    fc.property(wanted, fc.boolean(), (of, isOffline) => {
      const scope = scopeOf(of, serverOf(isOffline))
      expect(scope).toEqual(expect.arrayContaining([...of.challenged, ...of.own, ...of.granted]))
      expect(new Set(scope).size).toBe(scope.length)
    }),
  )
})

test('what the metadata lists is asked for only where nobody said more', () => {
  fc.assert(
    fc.property(wanted, (of) => {
      const isSaid = of.challenged.length + of.own.length > 0
      const listed = isSaid ? [] : O.getOrElse((): ReadonlyArray<string> => [])(of.supported)
      const expected = new Set([...of.granted, ...of.challenged, ...of.own, ...listed])
      expect(new Set(scopeOf(of, serverOf(false)))).toEqual(expected)
    }),
  )
})

test('a refresh token is asked for where there is a scope for that, and nowhere else; never that alone', () => {
  fc.assert(
    fc.property(wanted, fc.boolean(), (of, isOffline) => {
      const without = scopeOf(of, serverOf(false))
      expect(scopeOf(of, serverOf(isOffline)).includes(OFFLINE)).toBe(isOffline && without.length > 0)
    }),
  )
})
