/**
 * Medians, and how sure they are.
 */

/** A median and its 95 % bootstrap interval. */
export interface Estimate {
  readonly median: number
  readonly low: number
  readonly high: number
}

const RESAMPLES = 2_000

/** The value below which the given share is, between two values where it falls there. NaN where there is none. */
export const quantile = (sorted: ArrayLike<number>, share: number): number => {
  const at = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return below + (above - below) * (at - Math.floor(at))
}

export const median = (values: ReadonlyArray<number>): number => quantile(Float64Array.from(values).sort(), 0.5)

/** The median, and the interval that 95 % of the medians of resampled rounds fall into. */
export const estimate = (values: ReadonlyArray<number>, random: () => number): Estimate => {
  const resampled = () => median(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN))
  const medians = Float64Array.from({ length: RESAMPLES }, resampled).sort()
  return { median: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) }
}

/** The ratios of two series, round by round: what slowed a round down slowed both. */
export const ratios = (values: ReadonlyArray<number>, to: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.map((value, round) => value / (to[round] ?? Number.NaN))
