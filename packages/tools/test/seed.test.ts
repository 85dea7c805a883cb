import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(__dirname, '..', '..', '..')
const bin = join(root, 'node_modules', 'jest', 'bin', 'jest.js')

/** Runs two files with a failing property in a jest of its own: the seed it announced, and where each property ended. */
const failing = (FC_SEED?: string) => {
  const { FC_SEED: _, ...env } = process.env
  const ran = spawnSync(process.execPath, [bin, '--ci', '--testMatch', '**/test/fixtures/seed/*.fixture.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, ...(FC_SEED === undefined ? {} : { FC_SEED }) },
  })
  return {
    announced: /^FC_SEED=(\d+)$/m.exec(ran.stderr)?.[1],
    ends: [...ran.stderr.matchAll(/^ *\{ seed: (\d+), path: "[\d:]+".*\n *Counterexample: .*$/gm)].map(
      ([text, seed]) => ({ seed, text: text.trim() }),
    ),
  }
}

/** With a seed of its own. */
const first = failing()

test('every file of a run uses the one seed that the run announces', () => {
  const { announced, ends } = first
  expect(announced).toMatch(/^\d+$/)
  expect(ends.map(({ seed }) => seed)).toEqual([announced, announced])
})

test('FC_SEED brings the same counterexamples back', () => {
  expect(first.ends).toHaveLength(2)
  expect(failing(first.announced)).toEqual(first)
})
