/**
 * Profiles: settings files with a name. A profile is the file that Box's developer console gives, in the configuration
 * folder; a member `tessera` may say more.
 */
import { access } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as Box from '@tessera/box'
import { type AuthError, Secret } from '@tessera/core'
import { readJson } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { parseBaseUrl } from './baseUrl.js'
import { ExitCode } from './exitCode.js'
import { configFolder, statePaths } from './folders.js'
import { commandLine, type Invocation } from './invocation.js'
import { type Principal, parsePrincipal } from './principal.js'
import { type Problem, problem, type Situation, toProblem } from './report.js'

export interface Profile {
  readonly name: string
  readonly file: string
  readonly settings: Box.Settings
  readonly baseUrl: O.Option<string>
  readonly principal: Principal
}

const Extra = t.partial({ tessera: t.partial({ baseUrl: t.string, as: t.string }) })

const usage = (what: string, { self }: Invocation): Problem => problem(ExitCode.usage, what, `${self} --help`)

/** What an error of this run is told with, before more is known than its options. */
export const situationOf = (invocation: Invocation, command: string, file: string): Situation => ({
  server: 'the server',
  presented: 'the request',
  again: commandLine(invocation, command),
  login: commandLine(invocation, 'login'),
  config: file,
  state: statePaths(invocation.variables).sessions,
  clientId: O.none,
  keyId: O.none,
})

/** The file that the options name. */
export const profileFile = (
  invocation: Invocation,
  fallback = 'default',
): E.Either<Problem, Pick<Profile, 'name' | 'file'>> => {
  const { shared, variables } = invocation
  if (shared.config !== undefined) {
    return shared.profile === undefined
      ? E.right({ name: basename(shared.config), file: shared.config })
      : E.left(usage('--config and --profile exclude each other', invocation))
  }
  const name = shared.profile ?? variables['TESSERA_PROFILE'] ?? fallback
  return /^[A-Za-z0-9_-][\w.-]*$/.test(name)
    ? E.right({ name, file: join(configFolder(variables), `${name}.json`) })
    : E.left(usage('the name of a profile has letters, digits, "-", "_" and "." only', invocation))
}

const isThere = (file: string): TE.TaskEither<never, boolean> =>
  TE.fromTask(() =>
    access(file).then(
      () => true,
      () => false,
    ),
  )

const missing = (invocation: Invocation, name: string, file: string): Problem =>
  invocation.shared.config === undefined
    ? problem(
        ExitCode.configuration,
        `there is no profile "${name}"`,
        `save the settings file of the developer console as ${file}, or: ${commandLine(invocation, 'login')}`,
      )
    : problem(
        ExitCode.configuration,
        `there is no settings file ${file}`,
        'download it: Developer Console → Configuration → Add and Manage Public Keys → Generate a Keypair',
      )

/** The server that the options name, or else the settings. */
const baseUrlOf = (
  { shared }: Invocation,
  file: string,
  text: string | undefined,
): E.Either<Problem, O.Option<string>> => {
  if (shared.baseUrl !== undefined) return E.right(O.some(shared.baseUrl))
  return text === undefined
    ? E.right(O.none)
    : pipe(
        parseBaseUrl(text),
        E.bimap(
          (why) =>
            problem(ExitCode.configuration, `the member "tessera.baseUrl" of the settings ${why}`, `correct ${file}`),
          O.some,
        ),
      )
}

const principalOf = (
  invocation: Invocation,
  text: string | undefined,
  settings: Box.Settings,
): E.Either<Problem, Principal> => {
  if (text === undefined) {
    return E.right({ _tag: O.isSome(settings.appAuth) || O.isSome(settings.enterpriseId) ? 'Service' : 'Login' })
  }
  return pipe(
    parsePrincipal(text),
    E.fromOption(() => usage('--as is login, service or user:ID', invocation)),
  )
}

const given = <Kind extends string>(kind: Kind, value: string | undefined): Secret<Kind> | undefined =>
  value === undefined || value === '' ? undefined : Secret.make(kind, value)

const overrides = (variables: Invocation['variables']): Box.SettingsOverrides => {
  const clientSecret = given('ClientSecret', variables['TESSERA_CLIENT_SECRET'])
  const passphrase = given('Passphrase', variables['TESSERA_PASSPHRASE'])
  return { ...(clientSecret !== undefined && { clientSecret }), ...(passphrase !== undefined && { passphrase }) }
}

const decode =
  (invocation: Invocation, { name, file }: Pick<Profile, 'name' | 'file'>, told: (error: AuthError) => Problem) =>
  (json: unknown): E.Either<Problem, Profile> => {
    const { shared, variables } = invocation
    if (!Extra.is(json)) {
      return E.left(problem(ExitCode.configuration, 'the member "tessera" of the settings is wrong', `correct ${file}`))
    }
    return pipe(
      E.Do,
      E.apS('settings', pipe(Box.settings(json, overrides(variables)), E.mapLeft(told))),
      E.apS('baseUrl', baseUrlOf(invocation, file, json.tessera?.baseUrl)),
      E.bind('principal', ({ settings }) => principalOf(invocation, shared.as ?? json.tessera?.as, settings)),
      E.map((rest) => ({ name, file, ...rest })),
    )
  }

/** Reads the profile that the options name. */
export const readProfile = (invocation: Invocation, command: string): TE.TaskEither<Problem, Profile> =>
  pipe(
    TE.fromEither(profileFile(invocation)),
    TE.flatMap((named) => {
      const told = toProblem(situationOf(invocation, command, named.file))
      return pipe(
        isThere(named.file),
        TE.filterOrElseW(
          (there) => there,
          () => missing(invocation, named.name, named.file),
        ),
        TE.flatMap(() => pipe(readJson(named.file), TE.mapLeft(told))),
        TE.flatMapEither(decode(invocation, named, told)),
      )
    }),
  )
