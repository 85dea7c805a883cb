import * as E from 'fp-ts/lib/Either.js'

/**
 * Reads the base URL of a server, without a slash at its end. What is wrong is said without the text, which may hold a password.
 */
export const parseBaseUrl = (text: string): E.Either<string, string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return E.left('is not an http or https URL')
  if (url.username !== '' || url.password !== '') return E.left('has a user name or a password in it')
  if (/[?#]/.test(text)) return E.left('has a query or a fragment')
  return E.right(`${url.origin}${url.pathname}`.replace(/\/+$/, ''))
}
