/** The command, as it was built. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { toJson } from '../../../src/faults/Row.js'

const MAIN = join(__dirname, '..', '..', '..', 'bin', 'faults.js')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export const faultsIn = (env: NodeJS.ProcessEnv, ...args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })

export const faults = (...args: ReadonlyArray<string>): Promise<Ended> => faultsIn(process.env, ...args)

export type Told = ReturnType<typeof toJson>

/** The rows that `--json` printed. */
export const told = ({ stdout }: Ended): ReadonlyArray<Told> =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
