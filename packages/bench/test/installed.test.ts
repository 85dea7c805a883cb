import { bundle, parts, programs } from '../src/bundles.js'
import { installedWith } from '../src/installed.js'

test('F3 core and oauth2 bring fp-ts and io-ts, and nothing else', () => {
  const { names } = installedWith(['@tessera/core', '@tessera/oauth2'])
  expect(names.map((name) => name.split(' ')[0])).toEqual(['fp-ts', 'io-ts'])
})

/** What they are now, and a little more. */
const LIMITS: Readonly<Record<string, { readonly bytes: number; readonly gzipped: number }>> = {
  tessera: { bytes: 92_900, gzipped: 36_400 },
  strategy: { bytes: 29_650, gzipped: 11_950 },
  refresh: { bytes: 36_000, gzipped: 14_000 },
  source: { bytes: 62_850, gzipped: 24_200 },
}

test('F2 the smallest program does not grow, nor do strategies alone, nor a source', async () => {
  const bundles = await bundle([...programs.filter(({ isJudged }) => isJudged), ...parts])
  bundles.close()
  expect(bundles.all.map(({ program }) => program.file)).toEqual(Object.keys(LIMITS))
  const grown = bundles.all.filter(({ program: { file }, bytes, gzipped }) => {
    const limit = LIMITS[file]
    return limit === undefined || bytes > limit.bytes || gzipped > limit.gzipped
  })
  expect(grown.map(({ program: { file }, bytes, gzipped }) => ({ file, bytes, gzipped }))).toEqual([])
})
