/**
 * The server's clock: a base that can be given, shifted at will. Every expiry and every `Date` header follows it.
 */
export interface Clock {
  /** The server's time, in milliseconds since the epoch. */
  readonly now: () => number
  /** Sets how far the server's clock is off its base, in milliseconds; replaces an earlier offset. */
  readonly offset: (ms: number) => void
  /** Lets `ms` milliseconds pass at once, on top of any offset. */
  readonly advance: (ms: number) => void
}

export const makeClock = (base: () => number): Clock => {
  let skew = 0
  let elapsed = 0
  return {
    now: () => base() + skew + elapsed,
    offset: (ms) => {
      skew = ms
    },
    advance: (ms) => {
      elapsed += ms
    },
  }
}
