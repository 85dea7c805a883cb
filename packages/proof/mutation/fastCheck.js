// fast-check for a mutant: fewer runs, and no smaller counterexample, since nobody reads it.
import * as fc from 'fast-check'

export * from 'fast-check'

const MOST = Number(process.env['MUTATION_RUNS'] ?? 50)

/**
 * @template T
 * @param {fc.Parameters<T>} [parameters]
 * @returns {fc.Parameters<T>}
 */
const few = (parameters = {}) => {
  const { numRuns = fc.readConfigureGlobal().numRuns ?? MOST } = parameters
  return { ...parameters, numRuns: Math.min(numRuns, MOST), endOnFailure: true }
}

/**
 * @template T
 * @param {fc.IProperty<T>} property
 * @param {fc.Parameters<T>} [parameters]
 */
export const assert = (property, parameters) => fc.assert(property, few(parameters))

/**
 * @template T
 * @param {fc.IProperty<T>} property
 * @param {fc.Parameters<T>} [parameters]
 */
export const check = (property, parameters) => fc.check(property, few(parameters))

/**
 * Made where it is first used: to make one of all characters costs more than most tests do.
 *
 * @template T
 * @param {() => fc.Arbitrary<T>} make
 * @returns {fc.Arbitrary<T>}
 */
const lazy = (make) => {
  /** @type {fc.Arbitrary<T> | undefined} */
  let made
  return fc.constant(undefined).chain(() => {
    made ??= make()
    return made
  })
}

/** @type {typeof fc.webUrl} */
export const webUrl = (constraints) => lazy(() => fc.webUrl(constraints))

/** @type {typeof fc.string} */
export const string = (constraints) => lazy(() => fc.string(constraints))

export default { ...fc, assert, check, webUrl, string }
