/**
 * What a broker has counted: who asked, what they got, and how renewals ended.
 *
 * @packageDocumentation
 */
import { type Clock, type Instant, instant, minutes, type SourceEvent } from '@tessera/core'

/** One who asked, by the name that it gave itself. */
export interface Asker {
  readonly name: string
  readonly count: number
  readonly lastAt: Instant
}

/** What happened in one minute. */
export interface Minute {
  /** Its start. */
  readonly at: Instant
  readonly asked: number
  readonly renewed: number
  readonly failed: number
}

/** Of one profile. */
export interface Counts {
  readonly profile: string
  /** Requests for a token, by `served` or the code of a refusal. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly renewed: number
  readonly failed: number
  /** How often a program said that a token was refused. */
  readonly refused: number
  /** The latest first. */
  readonly askers: ReadonlyArray<Asker>
  /** Of the last hour, those in which something happened. */
  readonly minutes: ReadonlyArray<Minute>
}

/** Counts while a broker runs. */
export interface Tally {
  readonly asked: (profile: string, asker: string, outcome: string) => void
  readonly refused: (profile: string) => void
  readonly heard: (profile: string, event: SourceEvent) => void
  readonly of: (profile: string) => Counts
  readonly all: () => ReadonlyArray<Counts>
}

/** How many names are kept of each profile. More are counted together. */
const MOST_ASKERS = 32
const OTHERS = 'others'

const MINUTE = minutes(1)
const HOUR = 60

interface Kept {
  readonly outcomes: Map<string, number>
  readonly askers: Map<string, { count: number; lastAt: Instant }>
  minutes: Array<{ at: Instant; asked: number; renewed: number; failed: number }>
  renewed: number
  failed: number
  refused: number
}

const none = (): Kept => ({ outcomes: new Map(), askers: new Map(), minutes: [], renewed: 0, failed: 0, refused: 0 })

/** A name as it may be shown: what a program says of itself. */
export const askerOf = (said: string | undefined): string => {
  const name = (said ?? '')
    .replaceAll(/[^\w .:/@+-]/g, '')
    .trim()
    .slice(0, 48)
  return name === '' ? 'unnamed' : name
}

/** Counts from nothing. Its size is bounded by the number of profiles. */
export const makeTally = (clock: Clock): Tally => {
  const profiles = new Map<string, Kept>()
  const keptOf = (profile: string): Kept => {
    const found = profiles.get(profile) ?? none()
    profiles.set(profile, found)
    return found
  }
  const minuteOf = (kept: Kept) => {
    const at = instant(Math.floor(clock.now() / MINUTE) * MINUTE)
    const last = kept.minutes[kept.minutes.length - 1]
    if (last?.at === at) return last
    const fresh = { at, asked: 0, renewed: 0, failed: 0 }
    kept.minutes = [...kept.minutes.slice(-HOUR), fresh]
    return fresh
  }
  const countsOf = (profile: string, kept: Kept): Counts => {
    const since = clock.now() - HOUR * MINUTE
    return {
      profile,
      outcomes: new Map(kept.outcomes),
      renewed: kept.renewed,
      failed: kept.failed,
      refused: kept.refused,
      askers: [...kept.askers]
        .map(([name, { count, lastAt }]) => ({ name, count, lastAt }))
        .sort((a, b) => b.lastAt - a.lastAt),
      minutes: kept.minutes.filter(({ at }) => at > since).map((minute) => ({ ...minute })),
    }
  }
  return {
    asked: (profile, asker, outcome) => {
      const kept = keptOf(profile)
      kept.outcomes.set(outcome, (kept.outcomes.get(outcome) ?? 0) + 1)
      const name = kept.askers.has(asker) || kept.askers.size < MOST_ASKERS ? asker : OTHERS
      const before = kept.askers.get(name)
      kept.askers.set(name, { count: (before?.count ?? 0) + 1, lastAt: clock.now() })
      minuteOf(kept).asked += 1
    },
    refused: (profile) => {
      keptOf(profile).refused += 1
    },
    heard: (profile, { _tag }) => {
      if (_tag !== 'Renewed' && _tag !== 'RenewalFailed') return
      const kept = keptOf(profile)
      const minute = minuteOf(kept)
      if (_tag === 'Renewed') {
        kept.renewed += 1
        minute.renewed += 1
      } else {
        kept.failed += 1
        minute.failed += 1
      }
    },
    of: (profile) => countsOf(profile, profiles.get(profile) ?? none()),
    all: () => [...profiles].map(([profile, kept]) => countsOf(profile, kept)),
  }
}
