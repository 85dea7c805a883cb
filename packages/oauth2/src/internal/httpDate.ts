import { type Instant, instant } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)'
const FORMS = [
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`,
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`,
  `^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`,
].map((form) => new RegExp(form))

// Days since the epoch in the Gregorian calendar: `Date` would be the clock's global. Years begin in March, so that the leap
// day is the last; 719,468 days lie between the beginning of year 0 and the epoch.
const days = (year: number, month: number, day: number): number => {
  const y = month < 2 ? year - 1 : year
  const sinceMarch = (month + 10) % 12
  return (
    365 * y +
    Math.floor(y / 4) -
    Math.floor(y / 100) +
    Math.floor(y / 400) +
    Math.floor((153 * sinceMarch + 2) / 5) +
    (day - 1) -
    719_468
  )
}

/**
 * An HTTP-date in any of its three forms (RFC 9110 §5.6.7). `Date.parse` would read rubbish such as `soon 1` as a date. A
 * year of two digits is in this century.
 */
export const httpDate = (text: string): O.Option<Instant> => {
  for (const form of FORMS) {
    const found = form.exec(text)?.groups
    if (found) {
      const { year = '', month = '', day, hour, minute, second } = found
      const date = days(Number(year.length === 2 ? `20${year}` : year), MONTHS.indexOf(month), Number(day))
      const time = (Number(hour) * 60 + Number(minute)) * 60 + Number(second)
      return O.some(instant((date * 86_400 + time) * 1_000))
    }
  }
  return O.none
}
