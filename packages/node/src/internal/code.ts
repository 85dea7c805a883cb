/**
 * The code of an error that a library threw, `ECONNREFUSED` say; where it has none, its name: `TypeError`. Its message is never
 * shown: it may quote what was sent.
 */
export const codeOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code)) return code
  const name = 'name' in error ? error.name : undefined
  return typeof name === 'string' && /^[A-Za-z]{1,40}$/.test(name) ? name : 'unknown'
}
