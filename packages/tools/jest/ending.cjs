/** A reporter: a run ends, also where something that a test has begun keeps its process alive. That is a failure, and told. */

/** How long it may take, in ms: after it, only handles are left. */
const PATIENCE = 10_000

/** @param {{ readonly watch?: boolean, readonly watchAll?: boolean }} globalConfig */
module.exports = function Ending({ watch = false, watchAll = false }) {
  return {
    onRunComplete: () => {
      if (watch || watchAll) return
      setTimeout(() => {
        const left = process.getActiveResourcesInfo().filter((name) => name !== 'TTYWrap')
        process.stderr.write(`\nA test has left something that keeps the run alive: ${left.join(', ')}\n`)
        process.exit(1)
      }, PATIENCE).unref()
    },
  }
}
