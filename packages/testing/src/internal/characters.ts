import * as fc from 'fast-check'

/** One of the given characters. `fc.stringMatching` does the same, but takes long to make, in every process that imports it. */
export const characterOf = (characters: string): fc.Arbitrary<string> =>
  fc.nat(characters.length - 1).map(
    (at) => characters.charAt(at),
    (text: unknown) => (typeof text === 'string' && text.length === 1 ? characters.indexOf(text) : -1),
  )

/** An arbitrary that is made at its first draw: one of graphemes reads tables of all characters, which takes long. */
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
