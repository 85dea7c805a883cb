import * as E from 'fp-ts/lib/Either.js'

/** Reads the name of a host: no scheme, port or path. */
export const parseHostName = (text: string): E.Either<string, string> =>
  /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/i.test(text)
    ? E.right(text)
    : E.left('is not the name of a host: box.test is one, without a scheme, a port or a path')
