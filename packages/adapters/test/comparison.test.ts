/** docs/adapters.md has the hosts of the comparison, the lines that they take now, and the examples of the docstrings. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

test('the page is as the code has it', async () => {
  const main = join(__dirname, '..', 'compare', 'main.js')
  const { stderr } = await promisify(execFile)(process.execPath, [main, '--check'])
  expect(stderr).toBe('')
})
