/** Begins with the files that take longest: one that came last would be waited for alone. Jest knows them only where it ran before. */
const { createRequire } = require('node:module')
const { join, relative } = require('node:path')

/** Those of more than 15 s on two processors, the longest first. Most of them wait, and leave the processors to others. */
const LONGEST = [
  'packages/trials/test/faults/noFailover.test.ts',
  'packages/cli/test/redis.test.ts',
  'packages/trials/test/faults/faults.test.ts',
  'packages/trials/test/parity/grid.test.ts',
  'packages/trials/test/faults/files.test.ts',
  'packages/trials/test/e2e/examples.test.ts',
  'packages/proof/test/schedules.test.ts',
  'packages/store-redis/test/laws.test.ts',
  'packages/cli/test/demo.test.ts',
  'packages/box-node-sdk/test/client.test.ts',
  'packages/trials/test/faults/redis.test.ts',
  'packages/web/test/replicas.test.ts',
  'packages/proof/test/zoo.test.ts',
  'packages/cli/test/end.test.ts',
  'packages/store-file/test/processes.test.ts',
  'packages/trials/test/faults/answers.test.ts',
  'packages/cli/test/provider.test.ts',
  'packages/tools/test/endings.test.ts',
  'packages/cli/test/sql.test.ts',
  'packages/cli/test/preset.test.ts',
  'packages/cli/test/store.test.ts',
  'packages/store-redis/test/store.test.ts',
  'packages/trials/test/faults/suites.test.ts',
  'packages/testing/test/schedules.test.ts',
  'packages/store-sql/test/laws.test.ts',
  'packages/cli/test/token.test.ts',
  'packages/store-sql/test/servers.test.ts',
  'packages/store-redis/test/changes.test.ts',
  'packages/trials/test/faults/waiting.test.ts',
  'packages/providers/test/keeps.test.ts',
  'packages/trials/test/faults/sql.test.ts',
  'packages/store-redis/test/ended.test.ts',
  'packages/store-sql/test/fleet.test.ts',
]

const ROOT = join(__dirname, '..', '..', '..')

/**
 * @typedef {{ readonly path: string }} Test
 * @type {{ readonly default: new (options: unknown) => { readonly sort: (tests: ReadonlyArray<Test>) => Array<Test> } }}
 */
const sequencer = createRequire(__filename)('@jest/test-sequencer')

/** @param {Test} test */
const placeOf = ({ path }) => {
  const at = LONGEST.indexOf(relative(ROOT, path))
  return at < 0 ? LONGEST.length : at
}

module.exports = class extends sequencer.default {
  static LONGEST = LONGEST

  /**
   * @override
   * @param {ReadonlyArray<Test>} tests
   */
  sort = (tests) => super.sort(tests).sort((a, b) => placeOf(a) - placeOf(b))
}
