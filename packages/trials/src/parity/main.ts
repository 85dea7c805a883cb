/**
 * `npm run proof parity`: runs the tests that carry ids of the contract, prints what is shown by which, and writes
 * `docs/seed-parity.md`. Exits with 0 only where every row is shown.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inProject, ROOT } from '../project.js'
import { HOME, reportOf } from './report.js'
import { ID, readResults, type Test } from './results.js'

const USAGE = `npm run proof parity -- [--check] [--from FILE]

  --check        writes nothing; fails where docs/seed-parity.md is not what the results say
  --from FILE    the results of a whole run, jest --json --outputFile=FILE, instead of a run of its own
`

const PAGE = inProject('docs/seed-parity.md')

/** The test files that carry ids, and all that show the contract by themselves. */
const files = (): ReadonlyArray<string> =>
  readdirSync(inProject('packages')).flatMap((name) => {
    const folder = join('packages', name, 'test')
    if (!existsSync(inProject(folder))) return []
    return readdirSync(inProject(folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(folder, file))
      .filter((file) => file.startsWith(HOME) || readFileSync(inProject(file), 'utf8').search(ID) >= 0)
  })

const run = (): ReadonlyArray<Test> => {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'))
  const output = join(folder, 'results.json')
  try {
    spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
        ...['--json', `--outputFile=${output}`, '--testNamePattern', `${ID.source}|^grid `, '--runTestsByPath'],
        ...files(),
      ],
      // Rows about Redis are shown on a Redis, or not at all.
      { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, REQUIRE_TOOLS: '1' } },
    )
    return readResults(output, ROOT)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const main = (): number => {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, from: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const { page, problems } = reportOf(values.from === undefined ? run() : readResults(values.from, ROOT))
  process.stdout.write(`${page}\n`)
  const isStale = !existsSync(PAGE) || readFileSync(PAGE, 'utf8') !== page
  if (problems.length === 0 && isStale && !values.check) writeFileSync(PAGE, page)
  const stale = values.check && isStale ? ['docs/seed-parity.md is not what the results say: npm run proof parity'] : []
  for (const problem of [...problems, ...stale]) process.stderr.write(`${problem}\n`)
  return problems.length + stale.length === 0 ? 0 : 1
}

process.exitCode = main()
