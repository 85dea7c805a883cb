/**
 * Tokens that the platform keeps in a file or in a variable.
 *
 * @packageDocumentation
 */
import { open } from 'node:fs/promises'
import { AuthError, type Secret } from '@tessera/core'
import { SubjectToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { codeOf } from './internal/code.js'

/** The parameters of {@link fileToken}: the path of a file, or the environment variable that has it. */
export type FileTokenOptions =
  | { readonly file: string; readonly variable?: undefined }
  | { readonly file?: undefined; readonly variable: string }

/** More than any token, in bytes. */
const LONGEST = 65_536

const read = async (file: string): Promise<E.Either<AuthError, Secret>> => {
  try {
    const handle = await open(file, 'r')
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(LONGEST + 1), 0, LONGEST + 1, 0)
      return bytesRead > LONGEST
        ? E.left(AuthError.misconfigured(file, `is longer than any token: ${LONGEST} bytes`))
        : SubjectToken.parse(buffer.toString('utf8', 0, bytesRead), file)
    } finally {
      await handle.close()
    }
  } catch (error) {
    return E.left(AuthError.misconfigured(file, `cannot be read (${codeOf(error)})`))
  }
}

const given = (variable: string): E.Either<AuthError, string> => {
  const value = process.env[variable]
  return value === undefined || value === ''
    ? E.left(AuthError.misconfigured(variable, 'it is not set: does this process run where the platform sets it?'))
    : E.right(value)
}

/**
 * A token in a file that somebody rotates, read at each use: a Kubernetes service account's
 * (`/var/run/secrets/kubernetes.io/serviceaccount/token`, or a projected one with an audience), or the one whose path the platform puts into
 * a variable, `AWS_WEB_IDENTITY_TOKEN_FILE` and `AZURE_FEDERATED_TOKEN_FILE` say.
 *
 * Errors: `Misconfigured` where there is no such file or variable; `Malformed` where what is in it is no token, and that may pass, since a
 * file that is not replaced atomically is empty for a moment.
 *
 * @example
 * import { fileToken } from '@tessera/node'
 *
 * const subject = fileToken({ variable: 'AWS_WEB_IDENTITY_TOKEN_FILE' })
 * assert.strictEqual(typeof subject, 'function')
 */
export const fileToken =
  ({ file, variable }: FileTokenOptions): SubjectToken =>
  () =>
  (): TaskEither<AuthError, Secret> =>
  async () => {
    const path = file === undefined ? given(variable) : E.right(file)
    return E.isLeft(path) ? path : read(path.right)
  }

/** The parameters of {@link variableToken}. */
export interface VariableTokenOptions {
  readonly variable: string
}

/**
 * A token in an environment variable, read at each use. `Misconfigured` where there is none.
 *
 * @example
 * import { variableToken } from '@tessera/node'
 *
 * const subject = variableToken({ variable: 'CI_JOB_JWT' })
 * assert.strictEqual(typeof subject, 'function')
 */
export const variableToken =
  ({ variable }: VariableTokenOptions): SubjectToken =>
  () =>
  () =>
  async () =>
    pipe(
      given(variable),
      E.flatMap((text) => SubjectToken.parse(text, variable)),
    )
