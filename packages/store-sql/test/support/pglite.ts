import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Pglite } from '../../src/index.js'

/** What the tests need of it. */
export interface PgliteDb extends Pglite {
  readonly close: () => Promise<void>
}

interface Answer {
  readonly id?: number
  readonly rows?: ReadonlyArray<unknown>
  readonly error?: object
  readonly channel?: string
  readonly payload?: string
}

/** A Postgres in a thread of its own. */
export const openPglite = async (): Promise<PgliteDb> => {
  const worker = new Worker(join(__dirname, 'pgliteWorker.mjs'))
  const asked = new Map<number, (answer: Answer) => void>()
  const callbacks = new Map<string, (payload: string) => void>()
  let last = 0
  worker.on('message', (answer: Answer) => {
    if (answer.id !== undefined) asked.get(answer.id)?.(answer)
    else callbacks.get(answer.channel ?? '')?.(answer.payload ?? '')
  })
  await new Promise<Answer>((resolve, reject) => {
    asked.set(0, resolve)
    worker.once('error', reject)
  })
  const ask = async (question: object): Promise<ReadonlyArray<unknown>> => {
    const id = ++last
    const { rows = [], error } = await new Promise<Answer>((resolve) => {
      asked.set(id, resolve)
      worker.postMessage({ id, ...question })
    })
    asked.delete(id)
    if (error !== undefined) throw Object.assign(new Error('refused'), error)
    return rows
  }
  return {
    query: async (text, parameters) => ({ rows: await ask({ text, parameters }) }),
    listen: async (channel, callback) => {
      callbacks.set(channel, callback)
      await ask({ channel })
      return async () => void callbacks.delete(channel)
    },
    close: async () => {
      await worker.terminate()
    },
  }
}
