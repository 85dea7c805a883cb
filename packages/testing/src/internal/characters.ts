import * as fc from 'fast-check'

/** One of some characters. `fc.stringMatching` makes the same of a class, but looks long for what it cannot make, in every process. */
export const characterOf = (characters: string): fc.Arbitrary<string> =>
  fc.nat(characters.length - 1).map(
    (at) => characters.charAt(at),
    (text: unknown) => (typeof text === 'string' && text.length === 1 ? characters.indexOf(text) : -1),
  )

/** What is made when it is first drawn from: a text of graphemes goes through tables of all characters, in every process. */
export const later = <A>(make: () => fc.Arbitrary<A>): fc.Arbitrary<A> => {
  let made: fc.Arbitrary<A> | undefined
  return fc.constant(undefined).chain(() => {
    made ??= make()
    return made
  })
}

/** Single scopes, as servers name them. */
export const scopes: fc.Arbitrary<string> = fc.string({
  unit: characterOf('abcdefghijklmnopqrstuvwxyz_'),
  minLength: 1,
  maxLength: 12,
})
