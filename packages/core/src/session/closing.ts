/** Whether a session still takes new work. */
export interface Closing {
  /** The session is closed: it takes no new work. */
  readonly isClosed: () => boolean
  /** The whole collection is closed. A source on its own is a collection of one. */
  readonly isOver: () => boolean
  /** Closes the session. Returns whether it was open. */
  readonly begin: () => boolean
}

/** @param isOver Whether the collection is closed. Undefined for a source on its own. */
export const makeClosing = (isOver: (() => boolean) | undefined): Closing => {
  let isClosing = false
  return {
    isClosed: () => isClosing || isOver?.() === true,
    isOver: isOver ?? (() => isClosing),
    begin: () => {
      const first = !isClosing
      isClosing = true
      return first
    },
  }
}
