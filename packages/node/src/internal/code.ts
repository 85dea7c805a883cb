/**
 * The code of an error that a library threw, `ECONNREFUSED` say. Its message is never shown: it may quote what was sent.
 */
export const codeOf = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? code : 'unknown'
}
