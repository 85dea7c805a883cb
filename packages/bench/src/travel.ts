/**
 * Expiries without a wait: the time goes on from a later one, for whoever asks `Date`. Timers are real.
 */
export interface Travel {
  /** Beyond the end of every token that there is, in no time. */
  readonly later: () => void
  readonly end: () => void
}

const TWO_HOURS = 2 * 3_600_000

/** Replaces `Date` until `end`. */
export const startTravel = (): Travel => {
  const real = Date
  let offset = 0
  const now = () => real.now() + offset
  globalThis.Date = new Proxy(real, {
    construct: (target, given: ConstructorParameters<DateConstructor> | []) =>
      given.length === 0 ? new target(now()) : new target(...given),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
  return {
    later: () => {
      offset += TWO_HOURS
    },
    end: () => {
      globalThis.Date = real
    },
  }
}
