import { type AuthError, type Cipher, Secret } from '@tessera/core'
import { decodeValue } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import type { Application } from './keys.js'

const Name = t.type({ v: t.literal(1), sub: t.string, id: t.string })
const decode = decodeValue('session cookie', Name)

/** Which session a browser has: what is in its cookie. */
export interface SessionName {
  readonly sub: string
  readonly id: string
}

/** What the cookies hold. It opens for this application only, by its origin, name and issuer: others may have the same cipher. */
export interface Sealing {
  readonly sealSession: (name: SessionName) => IO<string>
  readonly openSession: (cookie: string | undefined) => O.Option<SessionName>
  /** Where a login leads to. It belongs to that login, by its id. */
  readonly sealReturn: (id: string, address: string) => IO<string>
  readonly openReturn: (id: string, sealed: string) => E.Either<AuthError, string>
}

const parsed = (text: string): O.Option<unknown> => O.tryCatch((): unknown => JSON.parse(text))

export const sealingOf = (cipher: Cipher, origin: string, { name, issuer }: Application): Sealing => {
  const purpose = (what: string, ...more: ReadonlyArray<string>): string =>
    `tessera web ${what} v1 ${JSON.stringify([origin, name, issuer, ...more])}`
  const session = purpose('session')
  const address = (id: string): string => purpose('return', id)
  const seal = (text: string, to: string): IO<string> => cipher.seal(Secret.make('Record', text), to)
  return {
    sealSession: ({ sub, id }) => seal(JSON.stringify({ v: 1, sub, id }), session),
    openSession: (cookie) =>
      pipe(
        O.fromNullable(cookie),
        O.flatMap((text) => O.fromEither(cipher.open(text, session))),
        O.flatMap((record) => parsed(Secret.open(record))),
        O.flatMap((value) => O.fromEither(decode(value))),
      ),
    sealReturn: (id, to) => seal(to, address(id)),
    openReturn: (id, sealed) => pipe(cipher.open(sealed, address(id)), E.map(Secret.open)),
  }
}
