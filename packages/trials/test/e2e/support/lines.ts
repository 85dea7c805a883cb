/** Processes that are told to begin, and answer by lines. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The lines of a process, one at a time; fails when it ends before. */
export const linesOf = ({ stdout }: ChildProcess): (() => Promise<string>) => {
  if (stdout === null) throw new Error('a process without pipes')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value } = await lines.next()
    if (typeof value !== 'string') throw new Error('the process has ended')
    return value
  }
}

/**
 * Starts so many processes of a script, and waits until each has said that it is ready. What it answers tells all to go, and resolves
 * with the line that each says then, when they have ended.
 */
export const together = async (
  count: number,
  script: string,
  ...args: ReadonlyArray<string>
): Promise<() => Promise<ReadonlyArray<string>>> => {
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  const ended = Promise.all(children.map((child) => once(child, 'close')))
  const lines = children.map(linesOf)
  await Promise.all(lines.map((next) => next()))
  return async () => {
    for (const { stdin } of children) stdin.end('go\n')
    const said = await Promise.all(lines.map((next) => next()))
    await ended
    return said
  }
}
