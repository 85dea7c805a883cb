// Runs Stryker with the options it was given, and tells the result on docs/mutation.md.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))

const { status } = spawnSync(
  process.execPath,
  [
    here('../node_modules/@stryker-mutator/core/bin/stryker.js'),
    'run',
    here('stryker.config.js'),
    ...process.argv.slice(2),
  ],
  { cwd: here('../../..'), stdio: 'inherit' },
)
if (status === 0) await import('./report.js')
else process.exitCode = 1
