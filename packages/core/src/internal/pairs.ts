import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { AuthError } from '../AuthError.js'
import * as CellCodec from '../CellCodec.js'
import type { Cell } from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { make, type TokenSet } from '../TokenSet.js'
import type { Key, Next, Version } from '../TokenStore.js'
import { checksum } from './checksum.js'
import { MOST_REMEMBERED, makeLatest } from './latest.js'

/** A pair of tokens in the application's hands: opened, on purpose. */
export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string | null
}

/** What this process knows of a pair: the pair, and the record around it. */
export interface Local extends Next {
  readonly pair: TokenPair | null
  /** The pair before it: a read that lags behind the write, or a transaction that was rolled back, brings it again. */
  readonly replaced: TokenPair | null
}

/** The same without the pair, which the application has. */
interface Sketch {
  readonly version: Version
  readonly rest: Secret.Secret<'Record'>
  readonly sum: string
}

/** So many pairs are kept whole that no source uses: whoever uses the store by itself may read what lags behind. */
const RECENT = 100

export const samePair = (a: TokenPair | null, b: TokenPair | null): boolean =>
  a?.accessToken === b?.accessToken && (a?.refreshToken ?? null) === (b?.refreshToken ?? null)

const sumOf = (pair: TokenPair | null): string =>
  checksum(JSON.stringify(pair && [pair.accessToken, pair.refreshToken ?? null]))

/** A token with another pair inside. */
const withPair =
  ({ accessToken, refreshToken }: TokenPair) =>
  (token: TokenSet): TokenSet =>
    make(Secret.make('AccessToken', accessToken), {
      ...token,
      refreshToken: pipe(
        O.fromNullable(refreshToken),
        O.map((value) => Secret.make('RefreshToken', value)),
      ),
    })

/** A record with another pair inside. What a tombstone still has to revoke is no pair of the application's, and stays. */
const recordWith = (record: Secret.Secret<'Record'>, pair: TokenPair | null): E.Either<AuthError, Next['record']> =>
  pair === null
    ? E.right(record)
    : pipe(
        CellCodec.decode(O.some(record)),
        E.map((cell: Cell<TokenSet>) => CellCodec.encode({ ...cell, token: pipe(cell.token, O.map(withPair(pair))) })),
      )

const NO_PAIR: TokenPair = { accessToken: '', refreshToken: null }

/** What is known of each key. */
export interface Pairs {
  /** What is known of a pair that was read; without the pair, what was known last. */
  readonly find: (key: Key, pair: TokenPair | null) => Local | undefined
  readonly keep: (key: Key, local: Local) => void
  /** Nobody uses the key any more. */
  readonly release: (key: Key) => void
}

/**
 * Keeps what is known of each key that is used; of the latest others, all but their tokens; and of the rest nothing, as after a
 * restart.
 */
export const makePairs = (isUsed: (key: Key) => boolean): Pairs => {
  const used = new Map<Key, Local>()
  const sketches = makeLatest<Sketch>(MOST_REMEMBERED)
  const recent = makeLatest<Local>(RECENT, (key, { version, record, pair }) => {
    const rest = recordWith(record, pair && NO_PAIR)
    if (E.isRight(rest)) sketches.set(key, { version, rest: rest.right, sum: sumOf(pair) })
  })

  const restore = ({ version, rest }: Sketch, pair: TokenPair | null): Local | undefined => {
    const record = recordWith(rest, pair)
    return E.isRight(record) ? { version, record: record.right, pair, replaced: null } : undefined
  }

  const keep = (key: Key, local: Local): void => {
    sketches.delete(key)
    if (isUsed(key)) {
      recent.delete(key)
      used.set(key, local)
    } else {
      used.delete(key)
      recent.set(key, local)
    }
  }

  return {
    find: (key, pair) => {
      const sketch = sketches.get(key)
      return (
        used.get(key) ?? recent.get(key) ?? (sketch && restore(sketch, sketch.sum === sumOf(pair) ? pair : NO_PAIR))
      )
    },
    keep,
    release: (key) => {
      const local = used.get(key)
      if (local !== undefined) keep(key, local)
    },
  }
}
