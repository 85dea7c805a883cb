import {
  CellCodec,
  conflict,
  type Instant,
  type Lifecycle,
  type Secret,
  type Stamped,
  type TokenSet,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { right } from './basics.js'

type Next = Parameters<TokenStore['compareAndSet']>[2]

export interface Losing {
  readonly store: TokenStore
  /** The cell that is there. */
  readonly cell: () => Lifecycle.Cell<TokenSet>
  /** Puts the record back to what it was so many writes and deletions ago. */
  readonly lose: (writes: number) => void
  /** Deletes the record, as an operator does by DEL. */
  readonly remove: () => void
}

export interface LosingOptions {
  readonly isLossy: boolean
  /** The store's own clock. */
  readonly now?: () => Instant
  /** Told of each write, with what it replaces. */
  readonly written?: (before: Lifecycle.Cell<TokenSet>, after: Lifecycle.Cell<TokenSet>) => void
}

const recordOf = (there: Next | undefined): O.Option<Secret<'Record'>> =>
  pipe(
    O.fromNullable(there),
    O.map(({ record }) => record),
  )

const cellOf = (there: Next | undefined): Lifecycle.Cell<TokenSet> => right(CellCodec.decode(recordOf(there)))

/** A store with one record, which can be put back to what it was, or be gone. */
export const losing = ({ isLossy, now, written }: LosingOptions): Losing => {
  const history: Array<Next | undefined> = [undefined]
  const there = () => history[history.length - 1]
  const stamped = (): Stamped => ({
    version: there()?.version ?? '',
    record: recordOf(there()),
    now: pipe(
      O.fromNullable(now),
      O.map((read) => read()),
    ),
  })
  return {
    store: {
      guarantee: 'shared',
      mayLoseWrites: isLossy,
      get: () => async () => E.right(stamped()),
      compareAndSet: (_, expected, next) => async () => {
        if ((there()?.version ?? '') !== expected) return E.right(conflict(stamped()))
        written?.(cellOf(there()), cellOf(next))
        history.push(next)
        return E.right({ _tag: 'Committed' })
      },
    },
    cell: () => cellOf(there()),
    lose: (writes) => void history.splice(Math.max(1, history.length - writes)),
    remove: () => void history.push(undefined),
  }
}
