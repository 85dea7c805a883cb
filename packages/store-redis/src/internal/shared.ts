import type { IO } from 'fp-ts/lib/IO.js'
import { makeKept } from './kept.js'
import { later } from './later.js'

/** How long what nobody uses is kept, in ms: a renewal writes twice within a second or two. */
const LINGER = 5_000

/** Something that is opened at its first use, used by many at a time, and ended when nobody has used it for a while. */
export interface Shared<A> {
  readonly use: <B>(body: (value: A) => Promise<B>) => Promise<B>
}

export const makeShared = <A extends { readonly end: IO<void> }>(open: (ended: IO<void>) => A): Shared<A> => {
  const kept = makeKept(open)
  let users = 0
  let callOff: IO<void> = () => undefined
  return {
    use: async (body) => {
      callOff()
      const value = kept.get()
      users++
      try {
        return await body(value)
      } finally {
        users--
        if (users === 0) callOff = later(LINGER, kept.end)
      }
    },
  }
}
