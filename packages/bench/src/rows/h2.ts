import { OURS } from '../Case.js'
import { chartOfDay } from '../fleet/chart.js'
import { GOALS, judge } from '../fleet/judge.js'
import { full, quick } from '../fleet/scenarios.js'
import { simulate } from '../fleet/simulate.js'
import type { Result, Row } from '../Row.js'

export const h2: Row = {
  name: 'H2',
  title: 'A fleet over a day, simulated',
  work:
    'a discrete-event simulation over `Lifecycle.step` and the jitter of a source: 1,000 processes, 100,000 keys, 24 h, with ' +
    'restarts, deploys, and outages of the authorization server (10 min) and of Redis (5 min); renewals a minute, over their mean',
  goal: `steady ≤ ${GOALS.steady}; after an outage ≤ ${GOALS.recovery}, and over within ${GOALS.minutes} min; 0 double redemptions`,
  seconds: 110,
  quickSeconds: 12,
  run: async ({ isQuick, progress, picture }) => {
    const fleet = isQuick ? quick : full
    const ran = simulate(fleet, (share) => progress(Math.round(100 * share), 100))
    const { mean, peak, echo, recoveries, doubleRedemptions } = judge(fleet, ran)
    picture('fleet', chartOfDay('Renewals a minute, over their mean', fleet, ran.renewals, mean))

    const about = (
      name: string,
      value: number,
      unit: string,
      goal: string | null,
      ok: boolean,
      note?: string,
    ): Result => ({
      row: 'H2',
      case: `${OURS}, ${name}`,
      role: 'ours',
      isOurs: true,
      ratioToFloor: null,
      low: value,
      high: value,
      value,
      unit,
      requests: null,
      failures: 0,
      goal,
      ok,
      ...(note !== undefined && { note }),
    })
    const ratio = (name: string, value: number, limit: number, note?: string): Result =>
      about(name, value, 'of the mean', `≤ ${limit}`, value <= limit, note)
    return [
      ratio('steady state', peak, GOALS.steady, `${mean.toFixed(0)} renewals a minute`),
      ratio('hours after an outage', echo, GOALS.recovery),
      ...recoveries.map(({ happening, peak: top }) =>
        ratio(`${happening._tag.toLowerCase()} at ${happening.at / 3_600_000} h`, top, GOALS.recovery),
      ),
      ...recoveries.map(({ happening, recoveredAfter, expired }) =>
        about(
          `recovery from ${happening._tag.toLowerCase()} at ${happening.at / 3_600_000} h`,
          recoveredAfter ?? 2 * GOALS.minutes,
          'min',
          `≤ ${GOALS.minutes} min`,
          recoveredAfter !== undefined && recoveredAfter <= GOALS.minutes,
          expired === undefined ? undefined : `${expired} keys had no valid token at its end`,
        ),
      ),
      about('double redemptions', doubleRedemptions, 'in all', '0', doubleRedemptions === 0),
    ]
  },
}
