import { type Bundled, bundle, parts, programs } from '../bundles.js'
import type { Result, Row } from '../Row.js'

const KILOBYTE = 1_000

const resultOf = ({ program }: Bundled, unit: 'kB' | 'kB by gzip', bytes: number): Result => {
  const value = bytes / KILOBYTE
  const goal = unit === 'kB' ? undefined : program.goal
  return {
    row: 'F2',
    case: program.name,
    role: program.role,
    isOurs: goal !== undefined,
    ratioToFloor: null,
    low: value,
    high: value,
    value,
    unit,
    requests: null,
    failures: 0,
    goal: goal === undefined ? null : `≤ ${goal} kB`,
    ok: goal === undefined || value <= goal,
  }
}

export const f2: Row = {
  name: 'F2',
  title: 'Size of a bundle',
  work: 'the smallest program with an assertion and a cached token, bundled and minified by esbuild; ours from its tarballs',
  goal: 'by gzip ≤ 19 kB, a strategy alone 9, a source alone 13',
  seconds: 6,
  quickSeconds: 6,
  isLogarithmic: true,
  run: async () => {
    const bundles = await bundle([...programs, ...parts])
    bundles.close()
    return [
      ...bundles.all.map((each) => resultOf(each, 'kB', each.bytes)),
      ...bundles.all.map((each) => resultOf(each, 'kB by gzip', each.gzipped)),
    ]
  },
}
