/** The row about logins can fail. The commands run as they were built. */
import { join } from 'node:path'
import { loopbackLogin, loopbackLoginWith } from '../../src/faults/rows/loopbackLogin.js'
import { judge } from './support/judge.js'

test('a login that asks for no state is hijacked', async () => {
  const command = [process.execPath, join(__dirname, 'mutants', 'carelessLogin.mjs')] as const
  const { ok, findings } = await judge(loopbackLoginWith({ command }), 50)
  expect(ok).toBe(false)
  expect(findings.lost).toBe(1)
  expect(findings.problems).toContain('hijacked: the session is that of 7002')
})

test('that of the command is not', async () => {
  expect(await judge(loopbackLogin, 10)).toMatchObject({ ok: true, findings: { problems: [] } })
})
