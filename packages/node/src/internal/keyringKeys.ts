/**
 * Keys in the system's keyring.
 */
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type EncryptionKey, type EncryptionKeys, formatKeys, parseKeys } from '../encryptionKeys.js'
import { keyringEntry } from './keyring.js'

const FIELD = 'keyring'

const entryOf = (kid: string): string => `key ${kid}`

const parsed = (text: string): E.Either<AuthError, EncryptionKeys> =>
  parseKeys(Secret.make('EncryptionKeys', text), FIELD)

const found = (kid: string): TE.TaskEither<AuthError, O.Option<EncryptionKeys>> =>
  pipe(
    keyringEntry(entryOf(kid)).read,
    TE.flatMapEither(
      O.match(
        () => E.right(O.none),
        (text) => pipe(parsed(text), E.map(O.some)),
      ),
    ),
  )

/** Those under that name; `Misconfigured` of `keyring` where it has none. */
export const keysInKeyring = (kid: string): TE.TaskEither<AuthError, EncryptionKeys> =>
  pipe(
    found(kid),
    TE.flatMapEither(
      E.fromOption(() =>
        AuthError.misconfigured(
          FIELD,
          `has no entry "${entryOf(kid)}" of tessera: it was removed, or is in another keyring`,
        ),
      ),
    ),
  )

const isSame = (one: EncryptionKey, other: EncryptionKey): boolean =>
  one.kid === other.kid && Secret.open(one.key) === Secret.open(other.key)

/** What both read, where both write by the same key. */
const union = (keys: EncryptionKeys, there: EncryptionKeys): O.Option<EncryptionKeys> => {
  const { write, read = [] } = keys
  const more = (there.read ?? []).filter((key) => !read.some((other) => isSame(key, other)))
  return isSame(write, there.write) ? O.some({ write, read: [...read, ...more] }) : O.none
}

/**
 * Puts keys there under the name of the one that writes, beside those that are there from before, and reads them back. Another key of that
 * name stays, and is an error.
 */
export const keepInKeyring = (keys: EncryptionKeys): TE.TaskEither<AuthError, void> => {
  const { kid } = keys.write
  const other = AuthError.misconfigured(FIELD, `has another key under "${entryOf(kid)}", which stays`)
  return pipe(
    found(kid),
    TE.flatMapEither(
      O.match(
        () => E.right(keys),
        (there) =>
          pipe(
            union(keys, there),
            E.fromOption(() => other),
          ),
      ),
    ),
    TE.map((all) => Secret.open(formatKeys(all))),
    TE.tap((text) => keyringEntry(entryOf(kid)).write(text)),
    TE.flatMap((text) =>
      pipe(
        keyringEntry(entryOf(kid)).read,
        TE.filterOrElse(
          (there) => O.toUndefined(there) === text,
          () => other,
        ),
      ),
    ),
    TE.asUnit,
  )
}
