import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Parameter } from '../Grant.js'
import { parseUrl } from './secureUrl.js'

/** One, several or none, as a list. */
export const listed = (value: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

const isAbsolute = (uri: string): boolean => !/[#\s]/.test(uri) && O.isSome(parseUrl(uri))

/** Resources (RFC 8707 §2). `Misconfigured` where one is not absolute or has a fragment. */
export const checkedResources = (resources: ReadonlyArray<string>): E.Either<AuthError, ReadonlyArray<string>> =>
  resources.every(isAbsolute)
    ? E.right(resources)
    : E.left(
        AuthError.misconfigured(
          'resource',
          'it is not an absolute URI without a fragment (RFC 8707 §2), such as https://api.example/files',
        ),
      )

/** `resource`, once for each. */
export const resourceParameters = (resources: ReadonlyArray<string>): ReadonlyArray<Parameter> =>
  resources.map((resource) => ['resource', resource])
