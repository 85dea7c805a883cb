import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A server in a process of its own. */
export interface Child {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Starts a script of `launchers/`, by Node.js or another program; it prints its URL, and ends when its standard input does. */
export const startServer = async (
  script: string,
  config: unknown,
  [program, ...options]: readonly [program: string, ...options: ReadonlyArray<string>] = [process.execPath],
): Promise<Child> => {
  const file = join(__dirname, '../../../launchers', script)
  const child = spawn(program, [...options, file, JSON.stringify(config)], { stdio: ['pipe', 'pipe', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const exited = once(child, 'exit')
  const failed = exited.then(([code]) => {
    throw new Error(`${script} ended with ${code}: ${complaints}`)
  })
  const line = once(createInterface(child.stdout), 'line')
  const [url] = await Promise.race([line, failed])
  failed.catch(() => undefined)
  return {
    url: String(url),
    close: async () => {
      child.stdin.end()
      await exited
    },
  }
}
