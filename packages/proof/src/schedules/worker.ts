/**
 * One scenario after the other, in a thread of its own.
 */
import { parentPort } from 'node:worker_threads'
import { type Search, search } from './search.js'

parentPort?.on('message', (job: Search) => {
  const startedAt = performance.now()
  void search(job).then((found) => {
    parentPort?.postMessage({ found, seconds: (performance.now() - startedAt) / 1_000 })
  })
})
