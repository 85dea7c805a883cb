import { type Bundled, bundle, parts, programs } from '../bundles.js'
import type { Result, Row } from '../Row.js'

const KILOBYTE = 1_000

/** What is allowed, in bytes. */
export const LIMITS = { bytes: 24_000, gzipped: 7_500 } as const

const resultOf = ({ program }: Bundled, what: keyof typeof LIMITS, bytes: number): Result => {
  const value = bytes / KILOBYTE
  return {
    row: 'F2',
    case: program.name,
    role: program.role,
    isOurs: program.isJudged === true,
    ratioToFloor: null,
    low: value,
    high: value,
    value,
    unit: what === 'bytes' ? 'kB' : 'kB by gzip',
    requests: null,
    failures: 0,
    goal: program.isJudged === true ? `≤ ${LIMITS[what] / KILOBYTE} kB` : null,
    ok: program.isJudged !== true || bytes <= LIMITS[what],
  }
}

export const f2: Row = {
  name: 'F2',
  title: 'Size of a bundle',
  work: 'the smallest program with an assertion and a cached token, bundled and minified by esbuild; ours from its tarballs',
  goal: '≤ 24 kB, 7.5 kB by gzip',
  seconds: 6,
  quickSeconds: 6,
  isLogarithmic: true,
  run: async () => {
    const bundles = await bundle([...programs, ...parts])
    bundles.close()
    const of = (what: keyof typeof LIMITS) => bundles.all.map((each) => resultOf(each, what, each[what]))
    return [...of('bytes'), ...of('gzipped')]
  },
}
