/**
 * Laws: named properties, for any test runner.
 *
 * @packageDocumentation
 */
import { Secret } from '@tessera/core'
import * as fc from 'fast-check'
import type { Task } from 'fp-ts/lib/Task.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/**
 * A law. In Jest, Vitest and node:test: `for (const { name, run } of laws) test(name, run)`.
 */
export interface Law {
  readonly name: string
  /** Rejects where the law is broken, with the smallest case that was found and how to see it again. */
  readonly run: Task<void>
  /** The property behind it, for `fc.check`. */
  readonly property: fc.IAsyncProperty<unknown>
}

/** How laws are tried: fast-check's parameters. The `seed` of a report shows its case again. */
export type LawParameters = fc.Parameters<unknown>

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value
const hasRun = (command: unknown): boolean => !isObject(command) || Reflect.get(command, 'hasRan') !== false

/** What a schedule put in which order; nothing where nothing was scheduled. */
const showSchedule = (text: string): ReadonlyArray<string> => {
  const moves = Array.from(
    text.matchAll(/^-> \[task\$\{\d+\}\] \w+::(?<label>.*) \w+$/gm),
    (move) => move.groups?.['label'] ?? '',
  )
  return moves.length === 0 ? [] : ['in this order:', ...moves.map((label) => `  ${label}`)]
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) &&
  !Array.isArray(value) &&
  !(fc.toStringMethod in value) &&
  Object.getPrototypeOf(value) !== null &&
  Object.getPrototypeOf(Object.getPrototypeOf(value)) === null

/** A secret of a test is nobody's, and a record is long all the same. */
const shorten = (value: unknown): string =>
  Secret.is(value)
    ? `a ${value.kind} of ${Secret.open(value).length} characters`
    : Array.isArray(value)
      ? `[${value.map(shorten).join(', ')}]`
      : fc.stringify(value)

/** One line a value and a command; commands that were not reached tell nothing. */
const show = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(show)
  if (isPlain(value))
    return Object.entries(value).flatMap(([name, of]) =>
      isObject(of) && !Array.isArray(of) && isIterable(of) ? show(of) : [`${name}: ${shorten(of)}`],
    )
  if (isObject(value) && isIterable(value)) return Array.from(value).filter(hasRun).map(String)
  const text = fc.stringify(value)
  return isObject(value) && 'waitFor' in value ? showSchedule(text.replaceAll('`', '')) : text.split('\n')
}

const report = (name: string, details: fc.RunDetails<unknown>): string =>
  [
    `not so: ${name}`,
    `because ${messageOf(details.errorInstance)}`,
    `Found by run ${details.numRuns}, made smaller ${details.numShrinks} times:`,
    ...show(details.counterexample).map((line) => `  ${line}`),
    `To see it again: { seed: ${details.seed} }`,
  ].join('\n')

/** A law from its property. */
export const law = <Ts>(name: string, property: fc.IAsyncProperty<Ts>, parameters: LawParameters = {}): Law => ({
  name,
  property,
  run: async () => {
    const details: fc.RunDetails<unknown> = await fc.check<unknown>(property, parameters)
    if (details.failed) throw new Error(report(name, details), { cause: details.errorInstance })
  },
})
