import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import * as Secret from '../Secret.js'
import { type Instant, instant } from '../Time.js'
import { DEEPEST, isRecord, isShallow, isText } from './shapes.js'
import type { TokenSet } from './tokenSet.js'

/** Where a value is not what it should be. */
export interface Wrong {
  readonly path: string
  readonly expected: string
}

/** A token set as a record can hold it. */
export interface Decoded {
  readonly token: TokenSet
  /** The first member that is not what its type says, and was left out. */
  readonly wrong: Wrong | undefined
}

/** Takes a value for what it should be. Undefined where it is something else. */
type Take<A> = (value: unknown) => A | undefined

const text: Take<string> = (value) => (isText(value) ? value : undefined)
const milliseconds: Take<Instant> = (value) => (typeof value === 'number' ? instant(value) : undefined)

const secret =
  <Kind extends string>(kind: Kind): Take<Secret.Secret<Kind>> =>
  (value) => {
    const opened = Secret.is(value) ? text(Secret.open(value)) : undefined
    return opened === undefined ? undefined : Secret.make(kind, opened)
  }

const option =
  <A>(take: Take<A>): Take<O.Option<A>> =>
  (value) => {
    if (!isRecord(value)) return undefined
    if (value['_tag'] === 'None') return O.none
    const taken = value['_tag'] === 'Some' ? take(value['value']) : undefined
    return taken === undefined ? undefined : O.some(taken)
  }

const accessTokens = secret('AccessToken')
const refreshTokens = option(secret('RefreshToken'))
const memberTexts = secret('Member')
const optionalText = option(text)
const optionalTime = option(milliseconds)

/** A time that is no number says nothing: such a token is used until it is refused. */
const time: Take<O.Option<Instant>> = (value) => {
  const taken = optionalTime(value)
  return taken !== undefined && O.isSome(taken) && !Number.isFinite(taken.value) ? O.none : taken
}

const list: Take<ReadonlyArray<unknown>> = (value) => (Array.isArray(value) ? [...value] : undefined)

const texts: Take<ReadonlyArray<string>> = (value) => {
  const all = list(value)
  return all?.every(isText) === true ? all : undefined
}

const parsed = (json: string): O.Option<unknown> =>
  pipe(
    O.tryCatch((): unknown => JSON.parse(json)),
    O.filter((value) => isShallow(value, DEEPEST)),
  )

/** What cannot be written is left out: after a rotation that is no reason to lose a token. */
const restrictions: Take<ReadonlyArray<unknown>> = (value) => {
  const all = list(value)
  if (all === undefined || all.length === 0) return all
  return pipe(
    O.tryCatch(() => JSON.stringify(all)),
    O.flatMap(parsed),
    O.flatMap(O.fromNullableK(list)),
    O.getOrElse((): ReadonlyArray<unknown> => []),
  )
}

const NO_MEMBERS: TokenSet['members'] = new Map()

const members: Take<TokenSet['members']> = (value) => {
  if (!(value instanceof Map)) return undefined
  if (value.size === 0) return NO_MEMBERS
  const all = new Map<string, Secret.Secret<'Member'>>()
  for (const [name, member] of value) {
    const taken = memberTexts(member)
    if (!isText(name) || taken === undefined) return undefined
    if (O.isSome(parsed(Secret.open(taken)))) all.set(name, taken)
  }
  return all
}

/**
 * The token set that a value is, as a copy: what code of the application's answers may be anything, and another thing at each look.
 * A member that is `undefined` is absent. What a record cannot hold is left out. Left, where it has no access token, or a refresh token
 * that is none: there is nothing to keep then.
 */
export const tokenSetOf = (value: unknown): E.Either<Wrong, Decoded> => {
  if (!isRecord(value)) return E.left({ path: 'it', expected: 'a token set' })
  let wrong: Wrong | undefined
  const member = <A>(path: keyof TokenSet, expected: string, take: Take<A>, absent: A): A => {
    const given = value[path]
    if (given === undefined) return absent
    const taken = take(given)
    if (taken === undefined) wrong ??= { path, expected }
    return taken ?? absent
  }
  const accessToken = accessTokens(value['accessToken'])
  if (accessToken === undefined) return E.left({ path: 'accessToken', expected: 'a Secret' })
  const refreshToken = member('refreshToken', 'an Option of a Secret', refreshTokens, O.none)
  if (wrong !== undefined) return E.left(wrong)
  const token: TokenSet = {
    accessToken,
    refreshToken,
    issuedAt: member('issuedAt', 'an Option of milliseconds since the epoch', time, O.none),
    expiresAt: member('expiresAt', 'an Option of milliseconds since the epoch', time, O.none),
    scope: member('scope', 'a list of texts', texts, []),
    tokenType: member('tokenType', 'a text', text, 'bearer'),
    restrictedTo: member('restrictedTo', 'a list', restrictions, []),
    issuedTokenType: member('issuedTokenType', 'an Option of a text', optionalText, O.none),
    subject: member('subject', 'an Option of a text', optionalText, O.none),
    jkt: member('jkt', 'an Option of a text', optionalText, O.none),
    members: member('members', 'a Map of Secrets', members, NO_MEMBERS),
  }
  return E.right({ token, wrong })
}

/** As {@link tokenSetOf}, where what is wrong may be left out. */
export const usableTokenSet = (value: unknown): E.Either<Wrong, TokenSet> =>
  E.map(({ token }: Decoded) => token)(tokenSetOf(value))

/** As {@link tokenSetOf}, where nothing may be wrong. */
export const wholeTokenSet = (value: unknown): E.Either<Wrong, TokenSet> => {
  const decoded = tokenSetOf(value)
  if (E.isLeft(decoded)) return decoded
  const { token, wrong } = decoded.right
  return wrong === undefined ? E.right(token) : E.left(wrong)
}

/** A token set that the program itself gives. */
export const given =
  (field: string) =>
  (value: unknown): E.Either<AuthError.AuthError, TokenSet> => {
    const read = E.tryCatch(
      () => wholeTokenSet(value),
      (error) => AuthError.fromThrown(error, (threw) => AuthError.misconfigured(field, `it ${threw}`)),
    )
    return E.isLeft(read)
      ? read
      : pipe(
          read.right,
          E.mapLeft(({ path, expected }) =>
            AuthError.misconfigured(
              path === 'it' ? field : `${field}.${path}`,
              `it is not ${expected}, as strategies bring them`,
            ),
          ),
        )
  }
