/**
 * Equality that looks at every character of `given`, wherever the first difference is, so that its duration tells nothing
 * of `expected`.
 */
export const equals = (expected: string, given: string): boolean => {
  let difference = expected.length ^ given.length
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(expected.length === 0 ? 0 : i % expected.length)
  }
  return difference === 0
}
