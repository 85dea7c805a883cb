/** Shapes of values whose types nobody has checked: what comes from code of the application's, or out of a store. */

export type Is = (value: unknown) => boolean

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

export const isText = (value: unknown): value is string => typeof value === 'string'

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

/** How deep a value of JSON may be nested that is written again: a serializer recurs, and the stack ends somewhere. */
const DEEPEST = 500

/** Whether a value of JSON can be written again. */
export const isShallow = (value: unknown, depth = DEEPEST): boolean => {
  if (!isRecord(value)) return true
  if (depth === 0) return false
  for (const name in value) if (!isShallow(value[name], depth - 1)) return false
  return true
}
