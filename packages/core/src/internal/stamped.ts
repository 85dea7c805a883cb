import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as AuthError from '../AuthError.js'
import * as Secret from '../Secret.js'
import type { Committed, Conflict, Stamped } from '../TokenStore.js'
import { type Is, isOption, isRecord, isText } from './shapes.js'

// A database's driver may give a time as a text or a bigint, which no arithmetic takes.
const MEMBERS: { readonly [Name in keyof Stamped]: Is } = {
  version: isText,
  record: isOption(Secret.is),
  now: isOption(Number.isFinite),
}

type Operation = 'get' | 'compareAndSet'

const wrong = (operation: Operation, what: string): E.Either<AuthError.AuthError, never> =>
  E.left(AuthError.storeFailed(operation, `it answered ${what}`))

/** What a store read: stores may be code of the application's. */
export const stampedOf =
  (operation: Operation) =>
  (value: Stamped): E.Either<AuthError.AuthError, Stamped> => {
    const given: unknown = value
    if (!isRecord(given)) return wrong(operation, 'no version')
    for (const [name, is] of Object.entries(MEMBERS)) if (!is(given[name])) return wrong(operation, `a wrong ${name}`)
    return E.right(value)
  }

/** How a write ended. */
export const writtenOf = (value: Committed | Conflict): E.Either<AuthError.AuthError, Committed | Conflict> => {
  const given: unknown = value
  if (!isRecord(given) || (given['_tag'] !== 'Committed' && given['_tag'] !== 'Conflict')) {
    return wrong('compareAndSet', 'neither committed nor conflict')
  }
  return value._tag === 'Committed'
    ? E.right(value)
    : pipe(
        stampedOf('compareAndSet')(value.found),
        E.map(() => value),
      )
}
