/** Where a value may end up as text. */
import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'

const errorsIn = (value: unknown, depth = 8): ReadonlyArray<Error> =>
  value instanceof Error && depth > 0 ? [value, ...errorsIn(value.cause, depth - 1)] : []

const attempt = (text: () => string | undefined): string => {
  try {
    return text() ?? ''
  } catch (error) {
    // Even a failure to print may print.
    return format(error)
  }
}

const printed = (value: unknown): string => {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString()
      done()
    },
  })
  const console = new Console(stream, stream)
  console.log(value)
  console.error('%s %o %O %j', value, value, value, value)
  return text
}

/** Every text under a member called `url`. */
const urlsIn = (value: unknown, seen = new Set<unknown>()): ReadonlyArray<string> => {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'url' && typeof member === 'string' ? [member] : urlsIn(member, seen),
  )
}

/** Each sink: what of a value comes out of it. */
export const SINKS = {
  message: (value: unknown) =>
    errorsIn(value)
      .map(({ message }) => message)
      .join('\n'),
  stack: (value: unknown) =>
    errorsIn(value)
      .map(({ stack }) => stack)
      .join('\n'),
  cause: (value: unknown) => errorsIn(value).slice(1).map(String).join('\n'),
  inspect: (value: unknown) =>
    inspect(value, { depth: 20, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null }),
  'JSON.stringify': (value: unknown) => attempt(() => JSON.stringify(value)),
  template: (value: unknown) => attempt(() => `${value}`),
  'console.log': (value: unknown) => attempt(() => printed(value)),
  URL: (value: unknown) => urlsIn(value).join('\n'),
} as const satisfies Readonly<Record<string, (value: unknown) => string>>

export type Sink = keyof typeof SINKS
export const SINK_NAMES = Object.keys(SINKS).filter((name): name is Sink => name in SINKS)
