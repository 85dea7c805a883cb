/**
 * The values that options and arguments take.
 */
import { type Duration, millis } from '@tessera/core'
import { CommanderError, InvalidArgumentError, Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { parseBaseUrl } from '../baseUrl.js'
import { ExitCode } from '../exitCode.js'
import { parseOrigin } from '../origin.js'

export const number =
  (form: RegExp, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (form.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It is a number from ${least} to ${most}.`)
  }

export const WHOLE = /^\d+$/
export const DECIMAL = /^\d+(\.\d+)?$/

/** The code of errors whose message is ours. */
export const OWN = 'tessera.url'

/** Not as an invalid argument, whose message repeats it. */
export const orThrow = <A>(option: string, parsed: E.Either<string, A>): A =>
  pipe(
    parsed,
    E.getOrElse((why): A => {
      throw new CommanderError(ExitCode.usage, OWN, `${option} ${why}`)
    }),
  )

export const collect = (text: string, before: ReadonlyArray<string> = []): ReadonlyArray<string> => [...before, text]

/** The variable that holds a token, unless it is named. */
export const DEFAULT_VARIABLE = 'ACCESS_TOKEN'

export const variableName = (text: string): string => {
  if (/^[A-Za-z_]\w*$/.test(text)) return text
  throw new CommanderError(ExitCode.usage, OWN, 'a variable has letters, digits and "_" only')
}

export const variableNames = (text: string, before: ReadonlyArray<string> = []) => [...before, variableName(text)]

export const pair =
  (option: string) =>
  (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) {
      throw new CommanderError(ExitCode.usage, OWN, `${option} is not NAME=VALUE`)
    }
    return { ...before, [name]: value }
  }

export const origin =
  (option: string) =>
  (text: string, before: ReadonlyArray<string> = []) => [...before, orThrow(option, parseOrigin(text))]

export const url =
  (option: string) =>
  (text: string): string =>
    orThrow(
      option,
      pipe(
        parseBaseUrl(text.replace(/\?.*$/, '')),
        E.map(() => text),
      ),
    )

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** So long: `10m`, `90s`, `1.5h`, or a number of seconds. */
const duration = (text: string): Duration => {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(text) ?? []
  const factor = UNITS[unit]
  if (amount === undefined || factor === undefined) {
    throw new InvalidArgumentError('It is a number of seconds, or one with its unit: 90s, 10m, 2h.')
  }
  return millis(Math.round(Number(amount) * factor))
}

export const MIN_VALID = new Option(
  '--min-valid <duration>',
  'for how long it is to be valid, 10m or 90s: a token that lives shorter is renewed first',
).argParser(duration)

/** Of a server that this program starts. */
export const PORT = new Option('--port <number>', 'the port on 127.0.0.1; 0 is a free one')
  .argParser(number(WHOLE, 0, 65_535))
  .default(0)
