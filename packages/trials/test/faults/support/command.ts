/** The command, as it was built. */
import { child, type Ended, finished } from '../../../src/child.js'
import type { toJson } from '../../../src/faults/Row.js'
import { inProject } from '../../../src/project.js'

const MAIN = inProject('packages/trials/bin/faults.js')

export const faultsIn = (env: NodeJS.ProcessEnv, ...args: ReadonlyArray<string>): Promise<Ended> =>
  finished(child(process.execPath, [MAIN, ...args], { env }))

export const faults = (...args: ReadonlyArray<string>): Promise<Ended> => faultsIn(process.env, ...args)

export type Told = ReturnType<typeof toJson>

/** The rows that `--json` printed. */
export const told = ({ stdout }: Ended): ReadonlyArray<Told> =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
