/** A reporter: the last lines of a run say how many tests were skipped, for want of what, and how that is installed. */
const { installLine, markedFor, tools } = require('./tools.cjs')

/** Where it is set, as in .ci/run, a test that is skipped is a failure, but for what is optional. */
const MUST = 'REQUIRE_TOOLS'

/** @param {number} count */
const tests = (count) => (count === 1 ? '1 test was' : `${count} tests were`)

/**
 * How many tests were skipped, for want of what.
 * @param {{ readonly testResults: ReadonlyArray<{ readonly testResults: ReadonlyArray<{ readonly status: string, readonly fullName: string }> }> }} results
 * @returns {ReadonlyMap<import('./needs.js').Tool | undefined, number>}
 */
const countsOf = ({ testResults }) => {
  /** @type {Map<import('./needs.js').Tool | undefined, number>} */
  const counts = new Map()
  for (const { status, fullName } of testResults.flatMap((file) => file.testResults)) {
    if (status !== 'pending') continue
    const tool = markedFor(fullName)
    counts.set(tool, (counts.get(tool) ?? 0) + 1)
  }
  return counts
}

/** @param {{ readonly testNamePattern?: string }} globalConfig */
module.exports = function Skipped({ testNamePattern }) {
  /** @type {Error | undefined} */
  let failure
  return {
    /**
     * @param {unknown} _contexts
     * @param {Parameters<typeof countsOf>[0]} results
     */
    onRunComplete: (_contexts, results) => {
      // Jest skips what a pattern does not name, too.
      const skipped = [...countsOf(results)].filter(([tool]) => testNamePattern === undefined || tool !== undefined)
      if (skipped.length === 0) return
      const lines = skipped.map(([tool, count]) =>
        tool === undefined
          ? `${tests(count)} skipped`
          : `${tests(count)} skipped: ${tool} is missing; ${installLine(tool)}`,
      )
      const must = skipped.filter(([tool]) => tool === undefined || tools[tool].isOptional !== true)
      if (must.length > 0 && process.env[MUST] !== undefined)
        failure = new Error(`${MUST} is set, and tests were skipped`)
      // Jest's own summary comes after all reporters.
      process.once('exit', () =>
        process.stderr.write([...lines, ...(failure === undefined ? [] : [failure.message]), ''].join('\n')),
      )
    },
    getLastError: () => failure,
  }
}
