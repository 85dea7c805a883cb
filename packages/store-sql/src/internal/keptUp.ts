import type { IO } from 'fp-ts/lib/IO.js'
import { later } from './later.js'

/** How long a connection stays after it was needed, in ms: a source that was dropped is often made again. */
const LINGER = 1_000
/** After this one that has ended is opened again, in ms. */
const PAUSE = 1_000

/** A connection that is there as long as it is needed. */
export interface KeptUp {
  readonly begin: IO<void>
  readonly end: IO<void>
}

/** Keeps up what `open` opens: opens another where it says that it has ended, or throws. */
export const makeKeptUp = (open: (ended: IO<void>) => IO<void>): KeptUp => {
  let isNeeded = false
  let close: IO<void> | undefined
  let willOpen = false
  let callOff: IO<void> = () => undefined

  const openLater = (): void => {
    if (willOpen) return
    willOpen = true
    later(PAUSE, () => {
      willOpen = false
      if (isNeeded && close === undefined) openNow()
    })
  }
  const openNow = (): void => {
    let hasEnded = false
    try {
      const opened = open(() => {
        hasEnded = true
        if (close === opened) close = undefined
        openLater()
      })
      if (!hasEnded) close = opened
    } catch {
      openLater()
    }
  }
  return {
    begin: () => {
      callOff()
      isNeeded = true
      if (close === undefined && !willOpen) openNow()
    },
    end: () => {
      isNeeded = false
      callOff = later(LINGER, () => {
        close?.()
        close = undefined
      })
    },
  }
}
