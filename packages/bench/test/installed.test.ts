import { bundle, programs } from '../src/bundles.js'
import { installedWith } from '../src/installed.js'

test('F3 core and oauth2 bring fp-ts and io-ts, and nothing else', () => {
  const { names } = installedWith(['@tessera/core', '@tessera/oauth2'])
  expect(names.map((name) => name.split(' ')[0])).toEqual(['fp-ts', 'io-ts'])
})

test('F2 the smallest program does not grow', async () => {
  const bundles = await bundle(programs.filter(({ isJudged }) => isJudged))
  bundles.close()
  const [program] = bundles.all
  // What it is now, and a little more.
  expect(program?.bytes).toBeLessThanOrEqual(120_500)
  expect(program?.gzipped).toBeLessThanOrEqual(44_250)
})
