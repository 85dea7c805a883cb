import * as O from 'fp-ts/lib/Option.js'
import type { CacheControl } from './cache.js'
import type { Changes } from './changes.js'

/** Decides when a session is subscribed to the changes of its record. */
export interface Listening {
  /** Subscribes, unless the session is closed. */
  readonly attend: () => void
  /** For a session that its collection has evicted: ends the subscription after the logins in progress, until it is used again. */
  readonly drop: () => void
  /** To be called when a login has begun or ended. */
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
