/** How a run of the tests ends: with what is missing on this machine, and with nothing left behind. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { eventually } from '@tessera/trials'

const root = join(__dirname, '..', '..', '..')
const bin = join(root, 'node_modules', 'jest', 'bin', 'jest.js')

interface Ran {
  readonly code: number | null
  readonly stderr: string
}

/** A jest of its own, over the fixtures of a folder. */
const run = (fixtures: string, variables: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const { REQUIRE_TOOLS: _, CHROMIUM: __, ...env } = process.env
    const args = [bin, '--ci', '--testMatch', `**/test/fixtures/${fixtures}/*.fixture.ts`]
    execFile(process.execPath, args, { cwd: root, env: { ...env, ...variables } }, (error, _stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stderr }),
    )
  })

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('the last lines count the tests that were skipped, and say how what they need is installed', async () => {
  const { code, stderr } = await run('skipped', { PATH: '' })
  expect(code).toBe(0)
  expect(stderr.trimEnd().split('\n').slice(-2)).toEqual([
    '2 tests were skipped: redis-server is missing; apt-get install -y redis-server',
    '1 test was skipped: chromium is missing; apt-get install -y chromium, or set CHROMIUM to its path',
  ])
})

test('with REQUIRE_TOOLS that is a failure', async () => {
  const { code, stderr } = await run('skipped', { PATH: '', REQUIRE_TOOLS: '1' })
  expect(code).toBe(1)
  expect(stderr).toContain('REQUIRE_TOOLS is set, and tests were skipped')
})

test('what a test has started ends with it, also when it takes too long', async () => {
  const { code, stderr } = await run('ending')
  expect(code).toBe(1)
  const pids = /processes: (\d+) (\d+)/.exec(stderr)?.slice(1).map(Number) ?? []
  expect(pids).toHaveLength(2)
  // Elsewhere nobody tells whose child a process is. Who inherits one that was killed takes a moment to see its end.
  const own = pids.slice(0, process.platform === 'linux' ? 2 : 1)
  await eventually('their ends', async () => !own.some(isAlive))
})

test('what is left behind in the process of the run does not keep it from its end, and is a failure', async () => {
  const { code, stderr } = await run('left')
  expect(code).toBe(1)
  expect(stderr).toMatch(/A test has left something that keeps the run alive: .*Timeout/)
})
