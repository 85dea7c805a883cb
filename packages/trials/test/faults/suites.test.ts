/** The row that runs other suites can fail: it is run over a suite that does. */
import { join } from 'node:path'
import { canaries, canariesWith } from '../../src/faults/rows/canaries.js'
import { runSuites } from '../../src/faults/suites.js'
import { judge } from './support/judge.js'

const fixture = (name: string): string => join(__dirname, 'fixtures', `${name}.ts`)

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

  test('a suite that is not there', async () => {
    const { ok, findings } = await judge(canariesWith({ files: [fixture('nothing')] }), 1)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/failed: .*nothing\.ts/)
  })

  test('those of the project are not found out', async () => {
    expect(await judge(canaries, 1)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

test('a file that cannot be run is a failure', async () => {
  const { passed, failed } = await runSuites({ files: [join(__dirname, 'support', 'judge.ts')], inBand: true })
  expect(passed).toBe(0)
  expect(failed).toHaveLength(1)
})
