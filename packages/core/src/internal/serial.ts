import type { Task } from 'fp-ts/lib/Task.js'

/** Runs the tasks of one key one after the other. A key without a task under way takes no memory. */
export const makeSerial = (): (<A>(key: string, task: Task<A>) => Task<A>) => {
  const tails = new Map<string, Promise<unknown>>()
  return (key, task) => () => {
    const before = tails.get(key) ?? Promise.resolve()
    const run = before.then(task, task)
    const tail = run
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
    tails.set(key, tail)
    return run
  }
}
