/**
 * Test suites of the project, run in a process of their own: what they judge already is not written twice.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { child, finished } from '../child.js'
import { ROOT } from '../project.js'

/** Of which the tests are run. */
export interface SuitesOptions {
  readonly files: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  /** Only the tests whose full names match. */
  readonly names?: string
  /** In one process; otherwise in as many as the project's settings allow. */
  readonly inBand?: boolean
}

/** How the tests ended. */
export interface Ended {
  readonly passed: number
  readonly failed: ReadonlyArray<{ readonly name: string; readonly messages: ReadonlyArray<string> }>
  /** All that was written. */
  readonly output: string
}

/** Of Jest's `--json`, what is read here. */
interface Results {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    /** Why a file could not be run. */
    readonly message: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{
      readonly fullName: string
      readonly status: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

const endedOf = ({ testResults }: Results, output: string): Ended => {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: [
      ...tests
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => ({ name: fullName, messages: failureMessages })),
      ...broken.map(({ name, message }) => ({ name, messages: [message] })),
    ],
    output,
  }
}

/** Runs the tests, and reads Jest's own account of how they ended. */
export const runSuites = async ({ files, environment = {}, names, inBand = false }: SuitesOptions): Promise<Ended> => {
  const jest = createRequire(join(ROOT, 'package.json')).resolve('jest/bin/jest')
  const folder = mkdtempSync(join(tmpdir(), 'tessera-suites-'))
  const results = join(folder, 'results.json')
  const args = ['--json', `--outputFile=${results}`, ...(inBand ? ['--runInBand'] : [])]
  if (names !== undefined) args.push(`--testNamePattern=${names}`)
  // Which worker of another Jest this may be is of no concern there.
  const { JEST_WORKER_ID: _, ...inherited } = process.env
  try {
    // Just these, whatever they are called.
    const command = [jest, ...args, '--testMatch=**', '--runTestsByPath', ...files]
    const env = { ...inherited, ...environment }
    const { stdout, stderr } = await finished(child(process.execPath, command, { cwd: ROOT, env }))
    const output = stdout + stderr
    if (!existsSync(results)) throw new Error(`Jest ran nothing: ${output.slice(-300)}`)
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: Jest wrote it.
    return endedOf(JSON.parse(readFileSync(results, 'utf8')) as Results, output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
