import { inProject } from '../../project.js'
import type { Fault, Findings } from '../Fault.js'
import { whole } from '../random.js'
import { runSuites } from '../suites.js'
import { makeTally } from '../tally.js'

const LEAKS = inProject('packages/trials/test/e2e/leaks.test.ts')
const OF_COMMAND = inProject('packages/trials/test/e2e/leaksOfCommand.test.ts')

/** What a short run does: `npm test` runs all of it anyway. */
const SHORT = '(error_description|broken JSON|a redirect), raw$|keys that are wrong|callbacks that throw a secret'

/** How many tests the suites had when this was written. */
const TESTS = 88

/** What a test may break. */
export interface Parts {
  readonly files: ReadonlyArray<string>
}

export const canariesWith = ({ files }: Parts): Fault => ({
  name: 'canaries',
  injection:
    'tests in which every kind of failure meets secrets that occur once in the world; all that comes of it is put through messages, stacks, causes, inspect, JSON, templates, console, URLs, standard output, standard error and argv, and searched for pieces of each secret in 13 forms',
  expected: 'no secret in any of it',
  count: TESTS,
  seconds: 25,
  test: 'suites',
  run: async (context): Promise<Findings> => {
    const { count, random } = context
    const tally = makeTally()
    const isShort = count < TESTS
    const seed = String(whole(random, 0, 2 ** 31 - 1))
    const { passed, failed } = await runSuites({
      files: isShort ? files.slice(0, 1) : files,
      environment: { FC_SEED: seed },
      inBand: isShort,
      ...(isShort && { names: SHORT }),
    })
    // What a failed test shows of its hits are the names of secrets.
    const hits = failed.flatMap(({ messages }) =>
      messages.flatMap((message) => [...message.matchAll(/"secret": "[^"]*"/g)]),
    ).length
    for (const { name } of failed)
      tally.problem(`failed: ${name}; again by: FC_SEED=${seed} npx jest packages/trials/test/e2e/leaks`)
    if (passed + failed.length < count) tally.problem(`only ${passed + failed.length} tests ran`)
    const findings = tally.findings(
      context,
      0,
      `by the test suites packages/trials/test/e2e/leaks*; ${passed} tests passed`,
    )
    return { ...findings, secretsFound: hits }
  },
})

export const canaries = canariesWith({ files: [LEAKS, OF_COMMAND] })
