/**
 * The command line: options in, one command run, an exit code out.
 */
import { basename, relative } from 'node:path'
import { Command as Commander, CommanderError } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from './exitCode.js'
import { interruptedBy } from './interruption.js'
import type { Invocation, SharedOptions } from './invocation.js'
import { meant } from './near.js'
import { makeOutput, takesColor } from './output.js'
import { type Problem, problem } from './report.js'
import { describe } from './syntax/root.js'
import type { Run } from './syntax/Syntax.js'
import { commandsFor } from './syntax/table.js'
import { OWN } from './syntax/values.js'

/** How this program was called, so that what it proposes can be typed. */
const selfOf = (script: string): string => {
  const name = basename(script)
  return name === 'tessera' ? name : `node ${relative(process.cwd(), script)}`
}

/** What Commander says that a mistyped command or option may have meant. */
const suggested = (message: string): ReadonlyArray<string> =>
  /\(Did you mean (?:one of )?(.*)\?\)$/.exec(message)?.[1]?.split(', ') ?? []

const usage = ({ message, code }: CommanderError, self: string): Problem => {
  const what = message
    .replace(/^error: /, '')
    .replace(/\.?\n.*$/s, '')
    .replace(/\.$/, '')
  // A URL in a wrong place, which Commander repeats, may have a password.
  const shown = code === OWN ? what : what.replace(/:\/\/.*@/, '://…@')
  return { ...problem(ExitCode.usage, shown, `${self} --help`), likely: meant(suggested(message)) }
}

/** Runs what the arguments say. The promise gives the exit code and never rejects. */
export const program = async (host: NodeJS.Process): Promise<number> => {
  const { stdout, stderr, env, argv } = host
  // Whoever reads the output may go before it ends.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  const self = selfOf(argv[1] ?? 'tessera')
  const color = { out: takesColor(stdout, env), err: takesColor(stderr, env) }
  const outputOf = ({ json = false, quiet = false }: SharedOptions) =>
    makeOutput({ out: stdout, err: stderr, json, quiet, color })

  const root = new Commander()
  let exit: number = ExitCode.ok

  const run: Run = async (load, options) => {
    const shared = root.opts<SharedOptions>()
    const { signal, passTo } = interruptedBy(host)
    const invocation: Invocation = {
      shared,
      output: outputOf(shared),
      variables: env,
      signal,
      passSignalsTo: passTo,
      exitWith: (code) => {
        exit = code
      },
      self,
      // To open standard input takes a while, and most commands do not ask.
      get interactive() {
        return stderr.isTTY === true && host.stdin.isTTY === true
      },
    }
    const command = await load()
    const task: TaskEither<Problem, void> = command(invocation, options)
    const result = await task()
    if (E.isLeft(result)) {
      exit = result.left.exit
      invocation.output.problem(result.left)
    }
  }

  describe(root)
  root.exitOverride().configureOutput({ outputError: () => undefined })
  for (const add of commandsFor(argv.slice(2))) add(root, run)

  try {
    await root.parseAsync(argv)
    return exit
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.ok
      if (error.code !== 'commander.help') outputOf(root.opts<SharedOptions>()).problem(usage(error, self))
      return ExitCode.usage
    }
    // What was thrown may hold anything, so that only its kind is shown.
    const kind = error instanceof Error ? error.name : typeof error
    outputOf(root.opts<SharedOptions>()).problem(
      problem(
        ExitCode.unexpected,
        `something went wrong inside (${kind})`,
        'report it, with the command that you typed',
      ),
    )
    return ExitCode.unexpected
  }
}
