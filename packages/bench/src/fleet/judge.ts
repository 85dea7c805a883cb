/**
 * What is said of a simulated day, and whether it is good enough.
 */
import { type Fleet, type Happening, MINUTE, type Ran } from './Fleet.js'

/** How it went on after something happened. */
export interface Recovery {
  readonly happening: Happening
  /** The most renewals of a minute while it lasted and in the 15 minutes after it, over the mean. */
  readonly peak: number
  /** After how many minutes no minute was more than {@link GOALS.steady} times the mean for as long as it is looked at; or none. */
  readonly recoveredAfter: number | undefined
  /** For an outage: how many keys had no valid token at its end. */
  readonly expired: number | undefined
}

export interface Status {
  /** Renewals a minute, in steady state. */
  readonly mean: number
  /** In steady state: outside of what happens, and of the 15 minutes after. */
  readonly peak: number
  /** In the three lifetimes after an outage, where what it brought together comes again. */
  readonly echo: number
  readonly recoveries: ReadonlyArray<Recovery>
  readonly doubleRedemptions: number
  readonly lost: number
  /** What is not good enough, in words. */
  readonly faults: ReadonlyArray<string>
}

export const GOALS = { steady: 1.3, recovery: 2, minutes: 15 }
/** Whose renewals came together in the same minutes, come together again a lifetime later. */
const ECHOES = 3

const isOutage = ({ _tag }: Happening): boolean => _tag === 'Server down' || _tag === 'Redis down'

const most = (values: ReadonlyArray<number>): number => values.reduce((top, value) => Math.max(top, value), 0)

export const judge = ({ happenings, keys, lifetime }: Fleet, ran: Ran): Status => {
  const renewals = [...ran.renewals]
  const spans = happenings.map((happening) => {
    const from = Math.floor(happening.at / MINUTE)
    const end = Math.ceil((happening.at + happening.lasts) / MINUTE)
    const echo = isOutage(happening) ? (ECHOES * lifetime) / MINUTE : 0
    return { from, end, recovered: end + GOALS.minutes, over: end + GOALS.minutes + echo }
  })
  const isIn = (minute: number, span: (of: (typeof spans)[number]) => readonly [number, number]): boolean =>
    spans.some((of) => {
      const [from, end] = span(of)
      return from <= minute && minute < end
    })
  const disturbed = (minute: number) => isIn(minute, ({ from, recovered }) => [from, recovered])
  const echoing = (minute: number) => isIn(minute, ({ recovered, over }) => [recovered, over])
  const steady = renewals.filter((_, minute) => !disturbed(minute) && !echoing(minute))
  const mean = steady.reduce((sum, value) => sum + value, 0) / steady.length
  const peak = most(steady) / mean
  const echo = most(renewals.filter((_, minute) => !disturbed(minute) && echoing(minute))) / mean

  const outages = happenings.filter(isOutage)
  const recoveries = happenings.map((happening, nth): Recovery => {
    const { from, end, recovered } = spans[nth] ?? { from: 0, end: 0, recovered: 0 }
    const after = renewals.slice(end, end + 2 * GOALS.minutes)
    const lastHigh = after.findLastIndex((value) => value > GOALS.steady * mean)
    return {
      happening,
      peak: most(renewals.slice(from, recovered)) / mean,
      recoveredAfter: lastHigh + 1 < after.length ? lastHigh + 1 : undefined,
      expired: isOutage(happening) ? ran.expiredAtEnd[outages.indexOf(happening)] : undefined,
    }
  })

  const faults = [
    ...(peak > GOALS.steady ? [`in steady state a minute had ${peak.toFixed(2)} times the mean`] : []),
    ...(echo > GOALS.recovery ? [`in the hours after an outage a minute had ${echo.toFixed(2)} times the mean`] : []),
    // A fleet that renews less often than its tokens expire is none.
    ...(mean < (0.5 * keys * MINUTE) / lifetime ? ['too few renewals'] : []),
    ...recoveries.flatMap(({ happening, peak: top, recoveredAfter }) => [
      ...(top > GOALS.recovery ? [`${happening._tag}: a minute had ${top.toFixed(2)} times the mean`] : []),
      ...(recoveredAfter === undefined || recoveredAfter > GOALS.minutes
        ? [`${happening._tag}: not recovered after ${GOALS.minutes} minutes`]
        : []),
    ]),
    ...(ran.doubleRedemptions > 0 ? [`${ran.doubleRedemptions} double redemptions`] : []),
    ...(ran.lost > 0 ? [`${ran.lost} sessions lost`] : []),
  ]
  return { mean, peak, echo, recoveries, doubleRedemptions: ran.doubleRedemptions, lost: ran.lost, faults }
}
