import { AuthError } from '@tessera/core'

/** From JavaScript comes what no type allows. */
export const expectStrategy = (of: string, strategy: unknown): void => {
  if (typeof strategy === 'function') return
  const message = `it is no strategy: ${of}(clientCredentials({ client }), { origins })`
  throw AuthError.toError(AuthError.misconfigured(`${of}.strategy`, message))
}
