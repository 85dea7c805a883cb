/**
 * One check after the other, in a thread of its own.
 */
import { parentPort } from 'node:worker_threads'
import { Lifecycle } from '@tessera/core'
import { check } from './check.js'
import { loadStep, type Patch } from './loadStep.js'
import type { Config } from './model.js'
import { view } from './State.js'

export interface Job {
  readonly config: Config
  /** Of a mutant. */
  readonly patches: ReadonlyArray<Patch>
  readonly limit: number
}

parentPort?.on('message', ({ config, patches, limit }: Job) => {
  const step = patches.length === 0 ? Lifecycle.step(view) : loadStep(patches)
  const startedAt = performance.now()
  const result = check(step, config, { limit })
  parentPort?.postMessage({ config, result, seconds: (performance.now() - startedAt) / 1_000 })
})
