// What a run has counted, as a table.

/**
 * @typedef {Readonly<Record<'cookies' | 'pages' | 'headers' | 'urls' | 'logs' | 'spans' | 'metrics' | 'database', number>>} Places
 * @typedef {{ readonly on: string, readonly took: number, readonly people: number, readonly visits: number, readonly again: number,
 *   readonly renewals: number, readonly kills: number, readonly cutOff: number, readonly repeated: number,
 *   readonly loginsAgain: number, readonly wrong: readonly string[], readonly reuseRefused: number, readonly familiesKilled: number,
 *   readonly secrets: number, readonly requests: number, readonly spans: number, readonly found: Places, readonly planted: Places }} Result
 */

/** @param {readonly (readonly [string, string | number])[]} rows */
const rowsOf = (rows) => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `| ${name.padEnd(width)} | ${String(value).padStart(6)} |`)
}

/** @param {Result} result */
export const table = (result) => {
  const places = Object.entries(result.found)
  const planted = new Map(Object.entries(result.planted))
  return [
    `${result.people} people, two replicas behind a balancer, ${result.on}: ${result.took} s`,
    ...rowsOf([
      ['visits after a token has ended', result.visits],
      ['pages that were loaded again', result.again],
      ['refresh tokens redeemed', result.renewals],
      ['replicas killed', result.kills],
      ['renewals that ended with them', result.cutOff],
      ['refresh tokens redeemed again, their answer being lost', result.repeated],
      ['logins again', result.loginsAgain],
      ['pages of somebody else, or of nobody', result.wrong.length],
      ['spent refresh tokens sent', result.reuseRefused],
      ['families ended', result.familiesKilled],
      ['secrets looked for', result.secrets],
      ['requests looked at', result.requests],
      ['spans looked at', result.spans],
      ...places.map(([place, count]) => {
        /** @type {readonly [string, string]} */
        const row = [`secrets found in ${place} (planted ones)`, `${count} (${planted.get(place)})`]
        return row
      }),
    ]),
    ...result.wrong,
  ].join('\n')
}
