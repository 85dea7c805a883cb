/**
 * Gates hold requests until a test lets them go: deterministic orders without sleeping.
 */
import type { Endpoint } from './Journal.js'

/** Holds requests until it is opened. */
export interface Gate {
  /** Resolves when the first request has arrived. */
  readonly arrived: Promise<void>
  /** Resolves when `n` requests have arrived, counted from the making of the gate. */
  readonly arrivals: (n: number) => Promise<void>
  /** How many requests are held now. */
  readonly held: () => number
  /** Lets the request go that has waited longest; `false` if none waits. */
  readonly pass: () => boolean
  /** Lets all go, and removes the gate. */
  readonly open: () => void
}

/** Which requests a {@link Gate} holds, and when. */
export interface GateOptions {
  /**
   * `before` (the default): held before they are processed. `after`: processed, with the answer held.
   * A held request is let go and processed even when its client has gone meanwhile, as on a real network.
   */
  readonly at?: 'before' | 'after'
  /** Only requests with this `grant_type`. */
  readonly grantType?: string
}

export interface Gates {
  readonly make: (endpoint: Endpoint, options?: GateOptions) => Gate
  /** Resolves at once unless a gate is in the way. */
  readonly wait: (endpoint: Endpoint, at: 'before' | 'after', grantType: string | null) => Promise<void>
}

interface Barrier {
  readonly endpoint: Endpoint
  readonly at: 'before' | 'after'
  readonly grantType: string | null
  readonly waiting: Array<() => void>
  readonly watchers: Array<{ readonly n: number; readonly notify: () => void }>
  count: number
}

const arrive = (barrier: Barrier): Promise<void> =>
  new Promise((resolve) => {
    barrier.count += 1
    barrier.waiting.push(resolve)
    for (const { n, notify } of barrier.watchers) if (n === barrier.count) notify()
  })

export const makeGates = (): Gates => {
  const barriers = new Set<Barrier>()

  const make = (endpoint: Endpoint, options: GateOptions = {}): Gate => {
    const barrier: Barrier = {
      endpoint,
      at: options.at ?? 'before',
      grantType: options.grantType ?? null,
      waiting: [],
      watchers: [],
      count: 0,
    }
    barriers.add(barrier)
    const arrivals = (n: number): Promise<void> =>
      new Promise((notify) => {
        if (barrier.count >= n) notify()
        else barrier.watchers.push({ n, notify })
      })
    const pass = (): boolean => {
      const go = barrier.waiting.shift()
      go?.()
      return go !== undefined
    }
    return {
      arrived: arrivals(1),
      arrivals,
      held: () => barrier.waiting.length,
      pass,
      open: () => {
        barriers.delete(barrier)
        while (pass());
      },
    }
  }

  const wait: Gates['wait'] = async (endpoint, at, grantType) => {
    for (const barrier of [...barriers]) {
      const fits = barrier.grantType === null || barrier.grantType === grantType
      if (barrier.endpoint === endpoint && barrier.at === at && fits) await arrive(barrier)
    }
  }

  return { make, wait }
}
