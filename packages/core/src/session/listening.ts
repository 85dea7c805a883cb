import * as O from 'fp-ts/lib/Option.js'
import type { CacheControl } from './cache.js'
import type { Changes } from './changes.js'

/** When a session listens to the changes of its record. */
export interface Listening {
  /** From now on, unless it is closed. */
  readonly attend: () => void
  /** Its collection dropped it: no longer than somebody logs in by it. Until it is used again. */
  readonly drop: () => void
  /** Somebody has logged in. */
  readonly onIdle: () => void
}

export const makeListening = (
  { attend, end }: Pick<Changes, 'attend' | 'end'>,
  { hear }: Pick<CacheControl, 'hear'>,
  { isClosed, isIdle }: { readonly isClosed: () => boolean; readonly isIdle: () => boolean },
): Listening => {
  let isDropped = false
  const onIdle = (): void => {
    if (!isDropped || !isIdle()) return
    end()
    hear(O.none)
  }
  return {
    attend: () => {
      isDropped = false
      if (!isClosed()) attend()
    },
    drop: () => {
      isDropped = true
      onIdle()
    },
    onIdle,
  }
}
