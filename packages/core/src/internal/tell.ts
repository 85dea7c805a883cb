import type { SourceEvent } from '../SourceEvent.js'

/** Tells an observer, if there is one. Its failure is its own, at once or later. */
export const tellTo =
  (observe: ((event: SourceEvent) => void) | undefined) =>
  (event: SourceEvent): void => {
    if (observe === undefined) return
    const told = async (): Promise<void> => observe(event)
    told().catch(() => undefined)
  }
