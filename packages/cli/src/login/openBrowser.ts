/**
 * Opens an address in the person's browser: by `$BROWSER` where it is set, else by what the system has for it.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'

/** Resolves when it ends well. It may live longer than this process. */
const succeeded = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => {
      if (code === 0) resolve()
      else reject(new Error('the browser did not open'))
    }
    // On Windows it may have ended by now.
    if (child.exitCode !== null) ended(child.exitCode)
    else child.once('error', reject).once('exit', ended)
  })

type Variables = Readonly<Record<string, string | undefined>>

/** A variable that is meant for this command: a browser has no need of the secrets in some. */
const isOurs = (name: string): boolean => name.startsWith('TESSERA_')

const withoutOurs = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !isOurs(name)))

/** A command and its arguments, without a shell. The address takes the place of each `%s`, or comes last. */
const byCommand = (command: string, address: string, variables: Variables): Promise<void> => {
  const [program = '', ...words] = command.trim().split(/\s+/)
  const args = words.some((word) => word.includes('%s'))
    ? words.map((word) => word.replaceAll('%s', () => address))
    : [...words, address]
  const child = spawn(program, args, { stdio: 'ignore', detached: true, env: withoutOurs(variables) })
  child.unref()
  return succeeded(child)
}

/** By `open`, which hands on all variables that the process has: ours are away until it has begun. */
const bySystem = async (address: string): Promise<void> => {
  const { default: open } = await import('open')
  const ours = Object.entries(process.env).filter(([name]) => isOurs(name))
  for (const [name] of ours) delete process.env[name]
  let child: ChildProcess
  try {
    child = await open(address)
  } finally {
    Object.assign(process.env, Object.fromEntries(ours))
  }
  return succeeded(child)
}

/**
 * `$BROWSER` is a list of commands, as for `PATH`, of which the first that succeeds counts. Rejects where no browser opens.
 */
export const openBrowser = async (address: string, variables: Variables): Promise<void> => {
  const commands = (variables['BROWSER'] ?? '').split(delimiter).filter((command) => command.trim() !== '')
  if (commands.length === 0) return bySystem(address)
  let failure: unknown
  for (const command of commands) {
    try {
      return await byCommand(command, address, variables)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
