// The scenarios of MCP's conformance suite that are about authorization, with `client.js` as the client. The suite needs Node.js 22: where
// this is an older one, npx has it. The last line says how many passed.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bundled } from './bundled.js'

/** By the suite's own names. Those of a suite run all at once. */
const SUITES = ['auth', 'backcompat', 'draft', 'extensions']

const folder = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'))
const { name, version, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const bundle = await bundled([new URL('client.js', import.meta.url)])
const client = `${process.execPath} ${bundle.of('client.js')}`

/** A Node.js that the suite runs on. */
const runtime = () => {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath
  const npx = ['--yes', '--prefer-offline', '--package', 'node@22', '--', 'sh', '-c', 'command -v node']
  const { status, stdout, stderr } = spawnSync('npx', npx, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`npx has no Node.js 22: ${stderr}`)
  return stdout.trim()
}

const node = runtime()
const lines = SUITES.flatMap((suite) => {
  // Each scenario has a minute, also beside busy cores.
  const args = [join(folder, bin.conformance), 'client', '--suite', suite, '--timeout', '60000', '--command', client]
  const { stdout, stderr } = spawnSync(node, args, {
    cwd: bundle.folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const judged = stdout.split('\n').filter((line) => /^[✓✗] /.test(line))
  console.log(judged.join('\n'))
  const isGood = judged.length > 0 && judged.every((line) => line.startsWith('✓'))
  if (!isGood) console.error(stdout + stderr)
  return judged.length > 0 ? judged : [`✗ ${suite} did not run`]
})
bundle.remove()

const passed = lines.filter((line) => line.startsWith('✓')).length
console.log(`${passed} of ${lines.length} client scenarios of ${name} ${version} passed`)
process.exitCode = passed === lines.length ? 0 : 1
