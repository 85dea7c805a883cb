import {
  AuthError,
  between,
  type Clock,
  type Duration,
  type Instant,
  instant,
  type Key,
  nonce,
  type Random,
  Secret,
  type Stamped,
  type TokenStore,
} from '@tessera/core'
import { decodeValue } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'

/** A session of a browser. */
export interface Kept {
  readonly id: string
  readonly beganAt: Instant
  /** The provider's own name of its session. */
  readonly sid?: string
}

/** The sessions of each person, in the store: what is not there has ended, whatever a cookie says. */
export interface Records {
  readonly find: (user: Key, id: string) => TE.TaskEither<AuthError, O.Option<Kept>>
  readonly begin: (user: Key, kept: Kept) => TE.TaskEither<AuthError, unknown>
  readonly end: (user: Key, which: (kept: Kept) => boolean) => TE.TaskEither<AuthError, unknown>
  readonly count: (user: Key) => TE.TaskEither<AuthError, number>
}

/** No key of a person's tokens begins so: see `keyOf`. */
const PREFIX = 'web sessions of '
/** Browsers of one person. The one after that ends the session that is oldest. */
const MOST = 50
/** Each conflict is somebody else's success. */
const MOST_TRIES = 100

const Record = t.type({
  v: t.literal(1),
  kind: t.literal('web sessions'),
  sessions: t.readonlyArray(
    t.intersection([t.type({ id: t.string, beganAt: t.number }), t.partial({ sid: t.string })]),
  ),
})
const decode = decodeValue('web sessions', Record)

// It stays as it is: it may be of a process that is newer than this one.
const foreign = AuthError.storeFailed('decode', 'the record has no web sessions of this version')

const read = ({ record }: Stamped): E.Either<AuthError, ReadonlyArray<Kept>> =>
  O.isNone(record)
    ? E.right([])
    : pipe(
        E.tryCatch(
          (): unknown => JSON.parse(Secret.open(record.value)),
          () => foreign,
        ),
        E.flatMap(decode),
        E.bimap(
          () => foreign,
          ({ sessions }) => sessions.map((kept) => ({ ...kept, beganAt: instant(kept.beganAt) })),
        ),
      )

const encode = (sessions: ReadonlyArray<Kept>): Secret<'Record'> =>
  Secret.make('Record', JSON.stringify({ v: 1, kind: 'web sessions', sessions } satisfies t.TypeOf<typeof Record>))

/** The parameters of {@link recordsIn}. */
export interface RecordsOptions {
  readonly store: TokenStore
  readonly maxAge: Duration
  readonly clock: Clock
  readonly random: Random
}

export const recordsIn = ({ store, maxAge, clock, random }: RecordsOptions): Records => {
  const isAlive = ({ beganAt }: Kept): boolean => between(beganAt, clock.now()) <= maxAge
  const alive = (there: Stamped): E.Either<AuthError, ReadonlyArray<Kept>> =>
    pipe(
      read(there),
      E.map((sessions) => sessions.filter(isAlive)),
    )

  const write = (
    key: Key,
    there: Stamped,
    change: (sessions: ReadonlyArray<Kept>) => ReadonlyArray<Kept>,
    tries: number,
  ): TE.TaskEither<AuthError, ReadonlyArray<Kept>> =>
    pipe(
      TE.fromEither(alive(there)),
      TE.flatMap((sessions) => {
        const changed = change(sessions)
        if (changed.length === sessions.length && changed.every((kept, at) => kept === sessions[at]))
          return TE.right(changed)
        if (tries === 0) return TE.left(AuthError.storeFailed('compareAndSet', 'the record never stays the same'))
        return pipe(
          TE.fromIO(nonce(random)),
          TE.flatMap((version) => store.compareAndSet(key, there.version, { version, record: encode(changed) })),
          TE.flatMap((answer) =>
            answer._tag === 'Committed' ? TE.right(changed) : write(key, answer.found, change, tries - 1),
          ),
        )
      }),
    )
  const update = (user: Key, change: (sessions: ReadonlyArray<Kept>) => ReadonlyArray<Kept>) =>
    pipe(
      store.get(PREFIX + user),
      TE.flatMap((there) => write(PREFIX + user, there, change, MOST_TRIES)),
    )

  const sessionsOf = (user: Key) => pipe(store.get(PREFIX + user), TE.flatMapEither(alive))

  return {
    find: (user, id) =>
      pipe(
        sessionsOf(user),
        TE.map((sessions) => O.fromNullable(sessions.find((kept) => kept.id === id))),
      ),
    begin: (user, kept) => update(user, (sessions) => [...sessions, kept].slice(-MOST)),
    end: (user, which) => update(user, (sessions) => sessions.filter((kept) => !which(kept))),
    count: (user) =>
      pipe(
        sessionsOf(user),
        TE.map(({ length }) => length),
      ),
  }
}
