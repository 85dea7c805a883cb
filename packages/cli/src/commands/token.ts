/**
 * A token that is valid now, in the form in which whoever asks wants it.
 */
import { addAbortSignal } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type AuthError, type Duration, Secret, type TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { docker, hostOf, NOT_FOUND } from '../formats/docker.js'
import { git, originOf, parseAttributes } from '../formats/git.js'
import { google, googleFailure } from '../formats/google.js'
import { type Format, type Helper, isHelper } from '../formats/names.js'
import { printed } from '../formats/printed.js'
import { type Command, commandLine, type Invocation } from '../invocation.js'
import { type Profile, readProfile, usage } from '../profile.js'
import { reachOf } from '../reach.js'
import { type Problem, problem } from '../report.js'
import { type Session, withSession, withSessionOf } from '../session.js'
import { tokenJson } from '../tokenJson.js'

export interface TokenOptions {
  readonly format?: Format
  /** What a credential helper is to do. */
  readonly operation?: string
  /** The variable of `env`. */
  readonly env: string
  /** The user name of `git` and `docker`. */
  readonly username?: string
  /** For how long the token is to be valid. */
  readonly minValid?: Duration
}

const got = (
  { output }: Invocation,
  { minValid }: TokenOptions,
  { source, limits, problem: told, profile }: Session,
): TE.TaskEither<Problem, TokenSet> => {
  const { get } = source.within({ ...limits, ...(minValid !== undefined && { minValid }) })
  return pipe(
    () => output.during(`waiting for a token (profile ${profile.name})`, get()),
    TE.mapLeft((error) => told(error)),
  )
}

const print = (
  invocation: Invocation,
  { format, env }: TokenOptions,
  token: TokenSet,
): TE.TaskEither<Problem, void> => {
  const { output, variables } = invocation
  if (format === 'google') {
    return pipe(
      google(token, variables),
      TE.fromOption(() =>
        problem(
          ExitCode.configuration,
          'the session has no ID token, which GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE asks for',
          `ask for the scope openid, then: ${commandLine(invocation, 'login')}; or make subject_token_type that of a JWT`,
        ),
      ),
      TE.map((line) => output.raw(line)),
    )
  }
  if (format === undefined || isHelper(format)) output.result(Secret.open(token.accessToken), tokenJson(token))
  else output.raw(printed[format](token, { variables, variable: env }))
  return TE.right(undefined)
}

/** What a credential helper is asked, which comes by standard input. */
const asked = (invocation: Invocation): TE.TaskEither<Problem, string> =>
  TE.tryCatch(
    () => text(addAbortSignal(invocation.signal, process.stdin)),
    () =>
      invocation.signal.aborted
        ? problem(ExitCode.interrupted, 'interrupted', commandLine(invocation, 'token'))
        : usage('standard input cannot be read', invocation),
  )

/** Where a credential is for none of the profile's origins, nothing is said, and git asks its next helper. */
const asGit = (invocation: Invocation, options: TokenOptions, profile: Profile, input: string) => {
  const { operation, username } = options
  const attributes = parseAttributes(input)
  const isReached = O.exists((origin: string) => reachOf(profile.provider).includes(origin))(originOf(attributes))
  // A helper ignores what it does not know (gitcredentials(7)).
  if (!isReached || (operation !== 'get' && operation !== 'erase')) return TE.right(undefined)
  return withSessionOf(invocation, 'token', (session) => {
    const { source, limits, problem: told } = session
    // Git erases what a server has refused.
    if (operation === 'erase') {
      const refused = Secret.make('AccessToken', attributes.get('password') ?? '')
      return pipe(
        source.within(limits).invalidate(refused),
        TE.mapLeft((error: AuthError) => told(error)),
      )
    }
    return pipe(
      got(invocation, options, session),
      TE.map((token) => invocation.output.raw(git(token, attributes, username))),
    )
  })(profile)
}

const asDocker = (invocation: Invocation, options: TokenOptions, profile: Profile, input: string) => {
  const { operation, username } = options
  const address = input.trim()
  const { raw } = invocation.output
  // What a logout erases is not ours.
  if (operation === 'erase') return TE.right(undefined)
  if (operation === 'list') return TE.right(raw('{}'))
  if (operation !== 'get') return TE.left(usage('it gives the tokens of a profile, and keeps no others', invocation))
  const host = hostOf(address)
  if (!reachOf(profile.provider).some((origin) => new URL(origin).host === host)) {
    raw(NOT_FOUND)
    return TE.left(problem(ExitCode.unexpected, NOT_FOUND, `${invocation.self} profile show`))
  }
  return withSessionOf(invocation, 'token', (session) =>
    pipe(
      got(invocation, options, session),
      TE.map((token) => raw(docker(token, address, username))),
    ),
  )(profile)
}

const HELPERS = { git: asGit, docker: asDocker } as const

const asHelper = (invocation: Invocation, options: TokenOptions, helper: Helper): TE.TaskEither<Problem, void> =>
  pipe(
    readProfile(invocation, 'token'),
    TE.bindTo('profile'),
    TE.bind('input', () => asked(invocation)),
    TE.flatMap(({ profile, input }) => HELPERS[helper](invocation, options, profile, input)),
  )

/** Prints a token that is valid now, and nothing else; or answers as a credential helper. */
export const token: Command<TokenOptions> = (invocation, options) => {
  const { format, operation } = options
  const { json = false } = invocation.shared
  if (json && format !== undefined && format !== 'json')
    return TE.left(usage(`--json is --format json, and --format ${format} another`, invocation))
  const isWith = format !== undefined && isHelper(format)
  if (isWith !== (operation !== undefined)) {
    return TE.left(
      usage(
        isWith
          ? `--format ${format} is for a program that says what to do: get, store, erase`
          : 'only --format git and docker take get, store, erase',
        invocation,
      ),
    )
  }
  if (isWith) return asHelper(invocation, options, format)
  return pipe(
    withSession(invocation, 'token', (session) =>
      pipe(
        got(invocation, options, session),
        TE.flatMap((found) => print(invocation, options, found)),
      ),
    ),
    TE.tapError((failure) => {
      if (format === 'google') invocation.output.raw(googleFailure(failure.exit, failure.what))
      return TE.right(undefined)
    }),
  )
}
