import * as E from 'fp-ts/lib/Either.js'

/** Reads an origin: a scheme, a host and perhaps a port. What is wrong is said without the text, which may hold a password. */
export const parseOrigin = (text: string): E.Either<string, string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return E.left('is not an http or https origin')
  if (url.username !== '' || url.password !== '') return E.left('has a user name or a password in it')
  return url.pathname === '/' && url.search === '' && url.hash === ''
    ? E.right(url.origin)
    : E.left(`has more than an origin: ${url.origin} is one`)
}
