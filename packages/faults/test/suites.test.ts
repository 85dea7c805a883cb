/** Rows that run other suites can fail: each is run over a suite that does. */
import { join } from 'node:path'
import { canaries, canariesWith } from '../src/rows/canaries.js'
import { interleavings, interleavingsWith } from '../src/rows/interleavings.js'
import { runSuites } from '../src/suites.js'
import { judge } from './support/judge.js'

const fixture = (name: string): string => join(__dirname, 'fixtures', `${name}.ts`)

describe('interleavings', () => {
  test('a violated property counts as what it means', async () => {
    const { ok, findings } = await judge(interleavingsWith({ files: [fixture('interleavings')] }), 500)
    expect(ok).toBe(false)
    expect(findings).toMatchObject({ lost: 0, doubleRedemptions: 1, staleOverwrites: 0 })
    expect(findings.problems.join()).toMatch(
      /violated: one redemption; again by: FC_SEED=\d+ INTERLEAVINGS=500 npx jest/,
    )
  })

  test('a suite that is not there', async () => {
    const { ok, findings } = await judge(interleavingsWith({ files: [fixture('nothing')] }), 1)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/nothing\.ts: it failed/)
  })

  test('those of core are not found out', async () => {
    expect(await judge(interleavings, 30)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describe('canaries', () => {
  test('a leak counts as secrets that were found', async () => {
    const { ok, findings } = await judge(canariesWith({ files: [fixture('leaks')] }), 1)
    expect(ok).toBe(false)
    expect(findings.secretsFound).toBeGreaterThan(0)
    expect(findings.problems.join()).toContain('failed: keys that are wrong')
  })

  test('fewer tests than were asked for', async () => {
    const { ok, findings } = await judge(canariesWith({ files: [fixture('leaks')] }), 5)
    expect(ok).toBe(false)
    expect(findings.problems).toContain('only 1 tests ran')
  })

  test('those of the project are not found out', async () => {
    expect(await judge(canaries, 4)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

test('a file that cannot be run is a failure', async () => {
  const { passed, failed } = await runSuites({ files: [join(__dirname, 'support', 'judge.ts')], inBand: true })
  expect(passed).toBe(0)
  expect(failed).toHaveLength(1)
})
