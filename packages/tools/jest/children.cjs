/**
 * The processes that a test file starts end with it: one that a test was to end lives on when the test fails or takes too long,
 * and keeps the run from its end.
 */
const { ChildProcess } = require('node:child_process')
const { readFileSync } = require('node:fs')

/**
 * Those that a process has started, and theirs; as far as Linux tells.
 * @param {number} pid
 * @returns {ReadonlyArray<number>}
 */
const descendants = (pid) => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return [...children, ...children.flatMap(descendants)]
  } catch {
    return []
  }
}

/** @param {number} pid */
const kill = (pid) => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Begins to look; what it returns ends all that live still. */
module.exports = () => {
  // Its types leave out what all ways to start a process come to.
  const prototype =
    /** @type {{ spawn: (this: InstanceType<typeof ChildProcess>, ...given: unknown[]) => unknown }} */ (
      /** @type {unknown} */ (ChildProcess.prototype)
    )
  const { spawn } = prototype
  /** @type {Set<InstanceType<typeof ChildProcess>>} */
  const alive = new Set()
  prototype.spawn = function (...given) {
    alive.add(this)
    this.once('exit', () => alive.delete(this))
    return spawn.apply(this, given)
  }
  const end = () => {
    prototype.spawn = spawn
    process.off('exit', end)
    for (const child of alive) {
      const { pid } = child
      if (pid !== undefined) for (const each of [...descendants(pid), pid]) kill(each)
      child.stdin?.destroy()
      child.stdout?.destroy()
      child.stderr?.destroy()
    }
    alive.clear()
  }
  process.once('exit', end)
  return end
}
