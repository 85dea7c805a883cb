/**
 * Options that no compiler checked: those of callers in JavaScript.
 *
 * @packageDocumentation
 */
import * as AuthError from './AuthError.js'
import { isRecord } from './internal/shapes.js'

/** What an option must be. */
export interface Argument {
  /** `options` are all that were given: an option may stand in the place of another one. */
  readonly is: (value: unknown, options: Readonly<Record<string, unknown>>) => boolean
  /** For people: `what Client.make makes`. */
  readonly expected: string
}

const wrongOf = (
  takes: string,
  expected: Readonly<Record<string, Argument>>,
  given: unknown,
): AuthError.AuthError | undefined => {
  const options = isRecord(given) ? given : {}
  const isOther = given !== undefined && !isRecord(given)
  for (const [name, argument] of Object.entries(expected)) {
    if (isOther || !argument.is(options[name], options)) {
      return AuthError.misconfigured(name, `${takes}, where ${name} is ${argument.expected}`)
    }
  }
  return undefined
}

/** Throws a typed error: for a function whose result is a plain value, which has no place for one. */
export const raised = (error: AuthError.AuthError): never => {
  throw AuthError.toError(error)
}

/**
 * A function of options that says what it takes where it is called in another way. The error, `Misconfigured` by the name of the
 * option, goes where the function's errors go; `otherwise` puts it there. Values are not its matter: a text that is wrong, or a setting
 * that is missing, is the error of who uses it.
 *
 * @example
 * import { checking, Strategy, type TokenSet } from '@tessera/core'
 * import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
 *
 * const fixed = checking(
 *   'fixed takes { token }',
 *   { token: { is: (value) => typeof value === 'object', expected: 'a token set' } },
 *   Strategy.left,
 *   ({ token }: { token: TokenSet }): Strategy<unknown> => () => RTE.right(token),
 * )
 * assert.strictEqual(typeof fixed, 'function')
 */
export const checking =
  <Options, A>(
    takes: string,
    expected: Readonly<Record<string, Argument>>,
    otherwise: (error: AuthError.AuthError) => NoInfer<A>,
    make: (options: Options) => A,
  ): ((options: Options) => A) =>
  (options) => {
    const wrong = wrongOf(takes, expected, options)
    return wrong === undefined ? make(options) : otherwise(wrong)
  }
