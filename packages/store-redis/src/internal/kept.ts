import type { IO } from 'fp-ts/lib/IO.js'

/** A connection of the store's own that is opened when it is asked for. */
export interface Kept<A> {
  /** The one that is there, or a new one; throws what `open` throws. */
  readonly get: IO<A>
  /** The one that is there. */
  readonly there: IO<A | undefined>
  /** Ends it; the next use opens another. */
  readonly end: IO<void>
}

/**
 * Keeps what was opened until it says that it has ended, which it must not do before `open` returns; the next use opens another.
 * An ended connection is never kept: it fails each command, or queues it for ever, and no client revives it by itself.
 */
export const makeKept = <A extends { readonly end: IO<void> }>(open: (ended: IO<void>) => A): Kept<A> => {
  let value: A | undefined
  return {
    get: () => {
      if (value !== undefined) return value
      const opened = open(() => {
        if (value === opened) value = undefined
      })
      value = opened
      return opened
    },
    there: () => value,
    end: () => {
      value?.end()
      value = undefined
    },
  }
}
