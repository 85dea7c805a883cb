/** A reporter: the last lines of a run say how many tests were skipped, for want of what, and how that is installed. */
const { installLine, markedFor } = require('./tools.cjs')

/** Where it is set, as in .ci/run, a test that is skipped is a failure. */
const MUST = 'REQUIRE_TOOLS'

/** @param {number} count */
const tests = (count) => (count === 1 ? '1 test was' : `${count} tests were`)

/**
 * @param {{ readonly testResults: ReadonlyArray<{ readonly testResults: ReadonlyArray<{ readonly status: string, readonly fullName: string }> }> }} results
 * @returns {ReadonlyArray<string>}
 */
const linesOf = ({ testResults }) => {
  /** @type {Map<import('./needs.js').Tool | undefined, number>} */
  const counts = new Map()
  for (const { status, fullName } of testResults.flatMap((file) => file.testResults)) {
    if (status !== 'pending') continue
    const tool = markedFor(fullName)
    counts.set(tool, (counts.get(tool) ?? 0) + 1)
  }
  return [...counts].map(([tool, count]) =>
    tool === undefined
      ? `${tests(count)} skipped`
      : `${tests(count)} skipped: ${tool} is missing; ${installLine(tool)}`,
  )
}

/** @param {{ readonly testNamePattern?: string }} globalConfig */
module.exports = function Skipped({ testNamePattern }) {
  /** @type {Error | undefined} */
  let failure
  return {
    /**
     * @param {unknown} _contexts
     * @param {Parameters<typeof linesOf>[0]} results
     */
    onRunComplete: (_contexts, results) => {
      // Jest skips what a pattern does not name, too.
      const lines = linesOf(results).filter((line) => testNamePattern === undefined || line.includes(':'))
      if (lines.length === 0) return
      if (process.env[MUST] !== undefined) failure = new Error(`${MUST} is set, and tests were skipped`)
      // Jest's own summary comes after all reporters.
      process.once('exit', () =>
        process.stderr.write([...lines, ...(failure === undefined ? [] : [failure.message]), ''].join('\n')),
      )
    },
    getLastError: () => failure,
  }
}
