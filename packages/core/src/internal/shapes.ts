/** Shapes of values whose types nobody has checked: what comes from code of the application's, or out of a store. */

export type Is = (value: unknown) => boolean

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** An object of JSON: no list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Object.prototype.toString.call(value) === '[object Object]'

export const isText = (value: unknown): value is string => typeof value === 'string'

export const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value)

export const isCallable = (value: unknown): value is (given: unknown) => unknown => typeof value === 'function'

export const isOption =
  (is: Is): Is =>
  (value) =>
    isRecord(value) && (value['_tag'] === 'None' || (value['_tag'] === 'Some' && is(value['value'])))

/** An object with these members, whatever else it has. */
export const shaped =
  (members: Readonly<Record<string, Is>>): Is =>
  (value) =>
    isRecord(value) && Object.entries(members).every(([name, is]) => is(value[name]))

/** How deep a value of JSON may be nested that is kept in a record: a serializer recurs, and the stack ends somewhere. */
export const DEEPEST = 500

/** How deep a token may be in a record, wherever it is there: a member is two levels down in it. */
export const DEEPEST_TOKEN = DEEPEST + 2

/** How deep a record may be: a token that is owed is three levels down in it. */
export const DEEPEST_RECORD = DEEPEST_TOKEN + 3

/** Whether a value of JSON is nested no deeper. In an array a loop over names would first make a text of each place. */
export const isShallow = (value: unknown, depth: number): boolean => {
  if (!isRecord(value)) return true
  if (depth === 0) return false
  const inner: ReadonlyArray<unknown> = Array.isArray(value) ? value : Object.values(value)
  return inner.every((one) => isShallow(one, depth - 1))
}
