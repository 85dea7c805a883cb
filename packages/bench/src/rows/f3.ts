import { OURS } from '../Case.js'
import { installedWith } from '../installed.js'
import { peers } from '../peers/index.js'
import type { Result, Row } from '../Row.js'

const LIMIT = 2

const resultOf = (name: string, packages: ReadonlyArray<string>, isOurs: boolean): Result => {
  const { names, bytes } = installedWith(packages)
  const count = names.length
  return {
    row: 'F3',
    case: name,
    role: isOurs ? 'ours' : 'peer',
    isOurs,
    ratioToFloor: null,
    low: count,
    high: count,
    value: count,
    unit: 'packages',
    requests: null,
    failures: 0,
    goal: isOurs ? `≤ ${LIMIT} packages` : null,
    ok: !isOurs || count <= LIMIT,
    note: `${(bytes / 1e6).toFixed(1)} MB${count <= 5 ? `: ${names.join(', ')}` : ''}`,
  }
}

export const f3: Row = {
  name: 'F3',
  title: 'Packages that are installed',
  work: 'what comes with the package at run time, itself included; with ours (core and oauth2), what comes beside them',
  goal: '2: fp-ts and io-ts',
  seconds: 1,
  quickSeconds: 1,
  isLogarithmic: true,
  run: async () => [
    resultOf(OURS, ['@tessera/core', '@tessera/oauth2'], true),
    ...peers.map((peer) => resultOf(peer.name, [peer.package], false)),
  ],
}
