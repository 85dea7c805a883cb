import { AuthError, type Secret, type ServerAnswer } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { parse } from './members.js'

/** A codec from a predicate; `expected` says for people what it asks. */
export const checked = <A>(expected: string, is: t.Is<A>): t.Type<A> =>
  new t.Type(expected, is, (value, context) => (is(value) ? t.success(value) : t.failure(value, context)), t.identity)

/** With one error for all that are none: a codec of io-ts makes one of each. */
export const texts: t.Type<ReadonlyArray<string>> = /* @__PURE__ */ checked(
  'a list of texts',
  (value): value is ReadonlyArray<string> => Array.isArray(value) && value.every((text) => typeof text === 'string'),
)

/** A text that matches. */
export const matching = (expected: string, pattern: RegExp): t.Type<string> =>
  checked(expected, (value): value is string => typeof value === 'string' && pattern.test(value))

/** The place of the first error, and what was expected there; never what was found. */
const malformedBy = (what: string, errors: t.Errors): AuthError => {
  const context = errors[0]?.context ?? []
  const path = context.map(({ key }) => key).filter((key) => key !== '' && !/^\d+$/.test(key))
  return AuthError.malformed({
    what,
    path: path.length === 0 ? 'body' : path.join('.'),
    expected: path.length === 0 ? 'an object' : (context.at(-1)?.type.name ?? 'as expected'),
  })
}

/**
 * Decodes a value of a server's by a codec of io-ts, which may be the application's. The error is `Malformed`: it names the place and
 * what was expected there, by the name of the codec, and never what was found.
 *
 * @example
 * import { decodeValue } from '@tessera/oauth2'
 * import * as t from 'io-ts'
 *
 * const read = decodeValue('claims', t.type({ email: t.string }))
 * assert.strictEqual(read({ email: 'ann@example.org' })._tag, 'Right')
 * assert.strictEqual(read({ email: 7 })._tag, 'Left')
 */
export const decodeValue =
  <A>(what: string, codec: t.Decoder<unknown, A>) =>
  (value: unknown): E.Either<AuthError, A> =>
    pipe(
      codec.decode(value),
      E.mapLeft((errors) => malformedBy(what, errors)),
    )

/**
 * Parses and decodes. The error names the place and what was expected there, never what was found: that may be a secret.
 */
export const decodeJson =
  <A>(what: string, codec: Pick<t.Type<A>, 'is' | 'decode'>) =>
  (body: Secret<'Body'>): E.Either<AuthError, A> => {
    const parsed = parse(what, body)
    if (E.isLeft(parsed)) return parsed
    const value = parsed.right
    // Decoding is for the error only: it is slower than asking.
    if (codec.is(value)) return E.right(value)
    const decoded = codec.decode(value)
    return E.left(malformedBy(what, E.isLeft(decoded) ? decoded.left : []))
  }

/** Adds the answer that could not be read, and whether it may be asked for again. */
export const malformedAt =
  (answer: ServerAnswer, repeatable: boolean) =>
  (error: AuthError): AuthError =>
    error._tag === 'Malformed' ? { ...error, answer: O.some(answer), repeatable } : error
