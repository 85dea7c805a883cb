/**
 * Whom an application's token stands for: its enterprise (the service account) or a user.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import type { Subject as OAuth2Subject } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What kind of id a subject's `sub` is. */
export type SubjectType = 'enterprise' | 'user'

/** A subject for Box's assertions and client credentials alike. Its token set remembers it. */
export interface Subject extends OAuth2Subject {
  readonly claims: { readonly box_sub_type: SubjectType }
  readonly remember: `${SubjectType}:${string}`
}

/** A subject, or the one to choose given what the previous token set remembers. */
export type SubjectChoice = Subject | ((remembered: O.Option<string>) => E.Either<AuthError, Subject>)

/** The subjects that an application is configured with. An empty text counts as none. */
export interface Subjects {
  readonly enterprise?: string | undefined
  readonly user?: string | undefined
}

/** The parameters of {@link remembering}. */
export interface RememberingOptions extends Subjects {
  /** For this login. */
  readonly chosen?: Subject | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const make =
  (type: SubjectType) =>
  (id: string): Subject => ({ sub: id, claims: { box_sub_type: type }, remember: `${type}:${id}` })

/**
 * The enterprise with this id: the application's service account.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.deepStrictEqual(Box.enterprise('42'), {
 *   sub: '42', claims: { box_sub_type: 'enterprise' }, remember: 'enterprise:42',
 * })
 */
export const enterprise: (id: string) => Subject = make('enterprise')

/**
 * The user with this id: an app user or a managed user.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.user('7').claims.box_sub_type, 'user')
 */
export const user: (id: string) => Subject = make('user')

// -----------------------------------------------------------------------------
// memory
// -----------------------------------------------------------------------------

const recall = (remembered: string): O.Option<Subject> => {
  const [, type, id] = /^(enterprise|user):(.+)$/s.exec(remembered) ?? []
  return id === undefined ? O.none : O.some(type === 'user' ? user(id) : enterprise(id))
}

const given = (id: string | undefined): O.Option<string> =>
  pipe(
    O.fromNullable(id),
    O.filter((text) => text !== ''),
  )

const isForeign = (subject: Subject, configured: O.Option<string>): boolean =>
  subject.claims.box_sub_type === 'enterprise' && O.isSome(configured) && configured.value !== subject.sub

/**
 * Chooses the subject of each token: the one `chosen` for this login, else the one that the token before stood for, else the
 * configured user, else the configured enterprise. So a login as a user is remembered by every renewal, in every process
 * that shares the store, and a login as the enterprise forgets the user.
 *
 * Errors are `Misconfigured`: `enterprise` where another enterprise is configured, `enterprise or user` where there is none
 * of all.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const configured = { enterprise: '42', user: '7' }
 * const renewal = Box.remembering(configured)
 * assert.deepStrictEqual(renewal(O.none), E.right(Box.user('7')))
 * assert.deepStrictEqual(renewal(O.some('user:9')), E.right(Box.user('9')))
 *
 * const login = Box.remembering({ ...configured, chosen: Box.enterprise('42') })
 * assert.deepStrictEqual(login(O.some('user:9')), E.right(Box.enterprise('42')))
 * assert.ok(E.isLeft(Box.remembering({ ...configured, chosen: Box.enterprise('43') })(O.none)))
 */
export const remembering = ({
  chosen,
  ...configured
}: RememberingOptions): ((remembered: O.Option<string>) => E.Either<AuthError, Subject>) => {
  const own = given(configured.enterprise)
  return (remembered) =>
    pipe(
      O.fromNullable(chosen),
      O.alt(() => pipe(remembered, O.flatMap(recall))),
      O.alt(() => pipe(given(configured.user), O.map(user))),
      O.alt(() => pipe(own, O.map(enterprise))),
      E.fromOption(() =>
        AuthError.misconfigured('enterprise or user', 'neither is given: name whom the token is to stand for'),
      ),
      E.filterOrElse(
        (subject) => !isForeign(subject, own),
        () =>
          AuthError.misconfigured(
            'enterprise',
            'it is not the configured one, which this application authenticates for',
          ),
      ),
    )
}
