/**
 * Runs a command that gets a token in a variable, or in a file that is kept valid while the command runs.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import {
  type Duration,
  earliest,
  type Inspection,
  type Instant,
  millis,
  plus,
  Secret,
  seconds,
  type TokenSet,
} from '@tessera/core'
import { systemClock } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { type Command, commandLine, type Invocation, SECONDS } from '../invocation.js'
import { lines, type Problem, problem } from '../report.js'
import { type Session, withSession } from '../session.js'
import { makeTokenFile, type TokenFile } from '../tokenFile.js'

export interface ExecOptions {
  /** Variables that hold the token. */
  readonly env: ReadonlyArray<string>
  /** Variables that hold the path of the file that holds it. */
  readonly file: ReadonlyArray<string>
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** For how long the token is to be valid, whenever it is read. */
  readonly minValid?: Duration
}

/** How long after a renewal that failed the next one is tried. */
const AGAIN = seconds(10)

const named = (names: ReadonlyArray<string>, value: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, value]))

/** As a shell tells of it. */
const codeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal])

/** What a terminal sends, it sends to the command as well. */
const OF_TERMINALS: ReadonlyArray<NodeJS.Signals> = ['SIGINT', 'SIGQUIT', 'SIGHUP']

const notStarted = ({ self }: Invocation, command: string, error: Error): Problem => {
  const isMissing = 'code' in error && error.code === 'ENOENT'
  const [exit, why] = isMissing
    ? ([ExitCode.notFound, 'there is no such command'] as const)
    : ([ExitCode.notRun, 'it cannot be run'] as const)
  return problem(exit, `${command}: ${why}`, `${self} exec --help`)
}

/** Runs the command to its end, which the exit code tells. */
const run = (
  invocation: Invocation,
  { command, args }: ExecOptions,
  variables: Readonly<Record<string, string>>,
): TE.TaskEither<Problem, void> => {
  const { passSignalsTo, exitWith, interactive } = invocation
  return () =>
    new Promise((resolve) => {
      const child = spawn(command, [...args], { stdio: 'inherit', env: { ...invocation.variables, ...variables } })
      const restore = passSignalsTo((signal) => {
        if (!(interactive && OF_TERMINALS.includes(signal))) child.kill(signal)
      })
      child.once('error', (error) => {
        restore()
        resolve(E.left(notStarted(invocation, command, error)))
      })
      child.once('exit', (code, signal) => {
        restore()
        exitWith(codeOf(code, signal))
        resolve(E.right(undefined))
      })
    })
}

const ask = (
  invocation: Invocation,
  { minValid }: ExecOptions,
  { source, problem: told, profile }: Session,
): TE.TaskEither<Problem, TokenSet> => {
  const { shared, signal, output } = invocation
  return pipe(
    () => {
      const deadline = plus(systemClock.now(), seconds(shared.timeout ?? SECONDS))
      const asking = source.within({ deadline, signal, ...(minValid !== undefined && { minValid }) }).get()
      return output.during(`waiting for a token (profile ${profile.name})`, asking)
    },
    TE.mapLeft((error) => told(error)),
  )
}

const isSame = (a: TokenSet, b: TokenSet): boolean => Secret.eq.equals(a.accessToken, b.accessToken)

const unwritten = (invocation: Invocation): Problem =>
  problem(
    ExitCode.configuration,
    'the file for the token cannot be written',
    `set XDG_RUNTIME_DIR or TMPDIR to a folder of yours, then: ${commandLine(invocation, 'exec')} …`,
  )

const save = (invocation: Invocation, file: TokenFile, token: TokenSet): TE.TaskEither<Problem, void> =>
  TE.tryCatch(file.write(token), () => unwritten(invocation))

/** When the token of a file is replaced. */
const renewalOf = ({ renewsAt, expiresAt }: Inspection, { minValid = millis(0) }: ExecOptions): O.Option<Instant> =>
  pipe(
    renewsAt,
    O.map((at) => (O.isSome(expiresAt) ? earliest(at, plus(expiresAt.value, millis(-minValid))) : at)),
  )

/** Writes each token that follows `first`, until the signal. */
const renewing = async (
  invocation: Invocation,
  options: ExecOptions,
  session: Session,
  file: TokenFile,
  first: TokenSet,
  ended: AbortSignal,
): Promise<void> => {
  let written = first
  while (!ended.aborted) {
    const inspected = await session.source.inspect()
    const renewsAt = pipe(
      O.fromEither(inspected),
      O.flatMap((found) => renewalOf(found, options)),
      O.getOrElse(() => plus(systemClock.now(), AGAIN)),
    )
    await systemClock.sleep(millis(Math.max(0, renewsAt - systemClock.now())), ended)()
    if (ended.aborted) return
    const next = await pipe(
      ask(invocation, options, session),
      TE.tap((token) => (isSame(token, written) ? TE.right(undefined) : save(invocation, file, token))),
    )()
    if (E.isRight(next) && !isSame(next.right, written)) {
      written = next.right
    } else {
      if (E.isLeft(next)) invocation.output.say(lines(next.left).join('\n'))
      await systemClock.sleep(AGAIN, ended)()
    }
  }
}

const withFile = (
  invocation: Invocation,
  options: ExecOptions,
  session: Session,
  token: TokenSet,
): TE.TaskEither<Problem, void> => {
  const keep =
    (file: TokenFile): TE.TaskEither<Problem, void> =>
    async () => {
      const ended = new AbortController()
      try {
        const kept = renewing(invocation, options, session, file, token, ended.signal)
        const variables = {
          ...named(options.env, Secret.open(token.accessToken)),
          ...named(options.file, file.path),
        }
        const result = await run(invocation, options, variables)()
        ended.abort()
        await kept
        return result
      } finally {
        ended.abort()
      }
    }
  return pipe(
    TE.tryCatch(makeTokenFile(invocation), () => unwritten(invocation)),
    TE.flatMap((file) =>
      pipe(
        save(invocation, file, token),
        TE.flatMap(() => keep(file)),
        T.tap(() => file.remove),
      ),
    ),
  )
}

/** Runs a command with a token. */
export const exec: Command<ExecOptions> = (invocation, options) =>
  options.file.length > 0
    ? withSession(invocation, 'exec', (session) =>
        pipe(
          ask(invocation, options, session),
          TE.flatMap((token) => withFile(invocation, options, session, token)),
        ),
      )
    : pipe(
        withSession(invocation, 'exec', (session) => ask(invocation, options, session)),
        TE.flatMap((token) => run(invocation, options, named(options.env, Secret.open(token.accessToken)))),
      )
