/**
 * Answers that are an object with some members, as those of a token endpoint are: all that a small program decodes. What is nested, or a
 * codec of the application's, is the matter of io-ts, see `json.ts`.
 */
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { isRecord } from './isRecord.js'

/** What a member must be. */
export interface Member<A> {
  /** In words for people. */
  readonly expected: string
  readonly is: (value: unknown) => value is A
}

type Members = Readonly<Record<string, Member<unknown>>>
type Value<M> = M extends Member<infer A> ? A : never

/** An object with members that must be there, and members that may. */
type Decoded<R extends Members, P extends Members> = { readonly [Name in keyof R]: Value<R[Name]> } & {
  readonly [Name in keyof P]?: Value<P[Name]> | '' | null | undefined
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** A member by a predicate. */
export const member = <A>(expected: string, is: (value: unknown) => value is A): Member<A> => ({ expected, is })

export const TEXT: Member<string> = { expected: 'a text', is: isText }

export const TEXTS: Member<ReadonlyArray<string>> = {
  expected: 'a list of texts',
  is: (value): value is ReadonlyArray<string> => Array.isArray(value) && value.every(isText),
}

/** A text without the characters of `others`. To search for one of those is faster than to match all others. */
export const without = (expected: string, others: RegExp): Member<string> =>
  member(expected, (value): value is string => isText(value) && value !== '' && !others.test(value))

const isSeconds = (value: unknown): value is number | string =>
  typeof value === 'number' ? value >= 0 && Number.isFinite(value) : isText(value) && /^\d{1,15}$/.test(value)

/** A length of time in seconds, as a number or as digits: a form-encoded answer has texts only. */
export const SECONDS: Member<number | string> = {
  expected: 'a number of seconds, zero or more',
  is: isSeconds,
}

const isLeftOut = (value: unknown): value is '' | null | undefined =>
  value === '' || value === null || value === undefined

/** What of a member that may be left out is there. */
export const given = <A>(value: A | '' | null | undefined): O.Option<A> => (isLeftOut(value) ? O.none : O.some(value))

const malformed = (what: string, path: string, expected: string) =>
  E.left(AuthError.malformed({ what, path, expected }))

/** What a body is as JSON. The parser's own message is dropped: it would show some of it. */
export const parse = (what: string, body: Secret<'Body'>): E.Either<AuthError, unknown> => {
  try {
    return E.right(JSON.parse(Secret.open(body)))
  } catch {
    return malformed(what, 'body', 'JSON')
  }
}

/**
 * Parses and decodes. Of a member that may be left out, null or an empty text says that it is: servers write one that they do not have as
 * null, or, where the answer is form-encoded, as an empty text, and to refuse that would lose what was issued beside it.
 *
 * The error names the place and what was expected there, never what was found: that may be a secret.
 */
export const decodeMembers = <R extends Members, P extends Members>(
  what: string,
  required: R,
  optional: P,
): ((body: Secret<'Body'>) => E.Either<AuthError, Decoded<R, P>>) => {
  const members = [
    ...Object.entries<Member<unknown>>(required).map(([name, of]) => ({ name, ...of })),
    ...Object.entries<Member<unknown>>(optional).map(([name, { expected, is }]) => ({
      name,
      expected,
      is: (value: unknown) => isLeftOut(value) || is(value),
    })),
  ]
  const wrongOf = (value: Readonly<Record<string, unknown>>) => members.find(({ name, is }) => !is(value[name]))
  const isDecoded = (value: unknown): value is Decoded<R, P> => isRecord(value) && wrongOf(value) === undefined
  return (body) => {
    const parsed = parse(what, body)
    if (E.isLeft(parsed)) return parsed
    const value = parsed.right
    if (isDecoded(value)) return E.right(value)
    const wrong = isRecord(value) ? wrongOf(value) : undefined
    return malformed(what, wrong?.name ?? 'body', wrong?.expected ?? 'an object')
  }
}
