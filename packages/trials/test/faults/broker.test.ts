/** The row about the broker can fail. The commands run as they were built. */
import { join } from 'node:path'
import { broker, brokerWith } from '../../src/faults/rows/broker.js'
import { judge } from './support/judge.js'

test('a broker that forgets what was refused is found out', async () => {
  const command = [process.execPath, join(__dirname, 'mutants', 'deafBroker.mjs')] as const
  const { ok, findings } = await judge(brokerWith({ command }), 800)
  expect(ok).toBe(false)
  expect(findings.problems).toContain('gave a token after it was refused')
})

test('that of the command is not', async () => {
  expect(await judge(broker, 1_500)).toMatchObject({ ok: true, findings: { problems: [] } })
})
