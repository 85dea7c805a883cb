/**
 * Calls as only JavaScript can make them.
 */
import { AuthError } from '@tessera/core'
import { attempt, holding, world } from './support.js'

export type Callable = (...args: ReadonlyArray<unknown>) => unknown

export const isCallable = (value: unknown): value is Callable => typeof value === 'function'

/** All functions of a module by name, with those of its namespaces. */
export const named = (of: object, prefix = ''): ReadonlyArray<readonly [string, Callable]> =>
  Object.entries(of).flatMap(([name, value]: readonly [string, unknown]) => {
    if (isCallable(value)) return [[`${prefix}${name}`, value] as const]
    return typeof value === 'object' && value !== null && /^[A-Z]/.test(name) ? named(value, `${name}.`) : []
  })

/** The error of a call: thrown as a typed one, or what comes when all further arguments are given. */
export const errorOf = async (call: () => unknown): Promise<{ error: unknown; sent: number }> => {
  const w = world()
  // Whatever comes next, an attempt or a token or an environment, it is this.
  const next = { ...holding('R0'), ...attempt(), ...w.env, type: 'x', parameters: [], further: [], repeatable: true }
  try {
    let value = call()
    while (isCallable(value)) value = value(next, {})
    const result: unknown = await value
    const isLeft = typeof result === 'object' && result !== null && 'left' in result
    return { error: isLeft ? result.left : result, sent: w.requests.length }
  } catch (error) {
    return { error: AuthError.isException(error) ? error.error : error, sent: w.requests.length }
  }
}
