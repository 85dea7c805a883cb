/**
 * One row in a process of its own: what the engine has made of the code and the heap, and what the peers left behind, is of
 * this row alone.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isRecord } from './isRecord.js'
import type { Context, Result } from './Row.js'

const PROCESS = fileURLToPath(new URL('../dist/workers/row.js', import.meta.url))

/** What the process of a row says. */
export type Said =
  | { readonly _tag: 'Progress'; readonly done: number; readonly of: number }
  | { readonly _tag: 'Picture'; readonly name: string; readonly svg: string }
  | { readonly _tag: 'Finished'; readonly results: ReadonlyArray<Result> }
  | { readonly _tag: 'Broken'; readonly problem: string }

const isSaid = (message: unknown): message is Said => isRecord(message) && '_tag' in message

/** Which row, what decides the order of its cases, and whether a few rounds do. */
export interface Order extends Pick<Context, 'isQuick'> {
  readonly row: string
  readonly seed: number
}

/** Measures it; rejects where it cannot be measured. */
export const measureRow = async (
  { row, seed, isQuick }: Order,
  { progress, picture }: Pick<Context, 'progress' | 'picture'>,
): Promise<ReadonlyArray<Result>> => {
  // Numbers that are no JSON pass as well.
  const child = fork(PROCESS, [row, String(seed), isQuick ? 'quick' : 'whole'], {
    execArgv: [],
    serialization: 'advanced',
  })
  let finished: ReadonlyArray<Result> | undefined
  let problem: string | undefined
  child.on('message', (message) => {
    if (!isSaid(message)) return
    if (message._tag === 'Progress') progress(message.done, message.of)
    else if (message._tag === 'Picture') picture(message.name, message.svg)
    else if (message._tag === 'Finished') finished = message.results
    else problem = message.problem
  })
  const [code, signal]: ReadonlyArray<unknown> = await once(child, 'close')
  if (finished === undefined) throw new Error(problem ?? `its process ended with ${String(signal ?? code)}`)
  return finished
}
