/** Gives every property of every test file the seed of the run, and FC_RUNS runs unless it says a number of its own. */
import * as fc from 'fast-check'

// As many frames as Node.js itself keeps. Jest's environment keeps 100, and whoever reads a stack pays for each of them: some agents of
// HTTP do so at every request, to see whether it is one of HTTPS.
Error.stackTraceLimit = 10

const wholeNumber = (name: string, least: number, otherwise: number): number => {
  const given = process.env[name]
  if (given === undefined) return otherwise
  const value = Number(given)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name} must be a whole number of at least ${least}, not "${given}"`)
}

fc.configureGlobal({ seed: wholeNumber('FC_SEED', 0, 0), numRuns: wholeNumber('FC_RUNS', 1, 100) })
