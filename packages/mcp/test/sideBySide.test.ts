/** Eight processes with the SDK's own provider, and eight of ours, at one server: the command that docs/mcp.md has its numbers from. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MAIN = join(__dirname, '..', 'compare', 'main.js')

test('of ours no session is lost, each end of a token is one request, and a person logs in once', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--json', '--short', '--rounds', '3'])
  const { ours, theirs } = JSON.parse(stdout).expired
  expect(ours).toEqual({ logins: 1, refreshes: 3, killed: 0, failed: 0 })
  expect(theirs.logins).toBeGreaterThan(1)
  expect(theirs.killed).toBeGreaterThan(0)
})
