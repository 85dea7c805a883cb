import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Runs the jobs in as many threads as there are cores, and hears of each when it is done. */
export const runAll = async <Job, Row>(
  program: URL,
  jobs: ReadonlyArray<Job>,
  done: (row: Row, index: number) => void,
): Promise<void> => {
  const rest = [...jobs.entries()]
  const work = async (): Promise<void> => {
    const worker = new Worker(program)
    try {
      for (let job = rest.shift(); job !== undefined; job = rest.shift()) {
        const [index, message] = job
        worker.postMessage(message)
        const [row] = await once(worker, 'message')
        done(row, index)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work))
}
