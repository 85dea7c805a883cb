import type { KeyObject } from 'node:crypto'
import { type AuthError, Secret } from '@tessera/core'
import type { DpopKey } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { dpopKeyOf } from './dpopKeyOf.js'
import { parseKey } from './privateKey.js'

/** A key as PEM (PKCS #8). */
export const writeDpopKey = (key: KeyObject): Secret<'Key'> =>
  Secret.make('Key', key.export({ format: 'pem', type: 'pkcs8' }).toString())

/** The key of a text. Errors name where it is kept. */
export const readDpopKey = (text: string, field: string): E.Either<AuthError, DpopKey> =>
  pipe(
    parseKey(text, undefined, undefined),
    E.mapLeft((error) => (error._tag === 'Misconfigured' ? { ...error, field } : error)),
    E.flatMap((key) => dpopKeyOf(key, field)),
  )
