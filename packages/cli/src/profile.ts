/**
 * Profiles: settings files with a name. A profile is the file that Box's developer console gives, in the configuration
 * folder; a member `tessera` may say more.
 */
import { access } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
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
import { configFolder, stateFolder } from './folders.js'
import { commandLine, type Invocation } from './invocation.js'
import { type Principal, parsePrincipal } from './principal.js'
import { type Problem, problem, type Situation, toProblem } from './report.js'
import { isPlaceNamed, placeOf, storeSituation } from './sessionStore.js'
import { parseStore, type StorePlace } from './storePlace.js'

export interface Profile {
  readonly name: string
  readonly file: string
  readonly settings: Box.Settings
  readonly baseUrl: O.Option<string>
  readonly principal: Principal
  /** Where its sessions are kept. */
  readonly store: StorePlace
}

const Extra = t.partial({ tessera: t.partial({ baseUrl: t.string, as: t.string, store: t.string }) })

const usage = (what: string, { self }: Invocation): Problem => problem(ExitCode.usage, what, `${self} --help`)

/** What an error of this run is told with, before more is known than its options. */
export const situationOf = (
  invocation: Invocation,
  command: string,
  file: string,
  store: StorePlace = { _tag: 'Folder', folder: stateFolder(invocation.variables) },
): Situation => ({
  server: 'the server',
  presented: 'the request',
  again: commandLine(invocation, command),
  login: commandLine(invocation, 'login'),
  config: file,
  store: storeSituation(invocation, store),
  baseUrl: O.fromNullable(invocation.shared.baseUrl),
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

/** The store that the options or the environment name, or else the settings. */
const placeBeside = (invocation: Invocation, file: string, text: string | undefined): E.Either<Problem, StorePlace> =>
  placeOf(invocation, () =>
    text === undefined
      ? E.right(O.none)
      : pipe(
          parseStore(text, resolve(dirname(file))),
          E.bimap(
            (why) =>
              problem(ExitCode.configuration, `the member "tessera.store" of the settings ${why}`, `correct ${file}`),
            O.some,
          ),
        ),
  )

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

const extraOf = (file: string, json: unknown) =>
  Extra.is(json)
    ? E.right(json.tessera ?? {})
    : E.left(problem(ExitCode.configuration, 'the member "tessera" of the settings is wrong', `correct ${file}`))

const decode =
  (invocation: Invocation, { name, file }: Pick<Profile, 'name' | 'file'>, told: (error: AuthError) => Problem) =>
  (json: unknown): E.Either<Problem, Profile> => {
    const { shared, variables } = invocation
    return pipe(
      extraOf(file, json),
      E.bindTo('extra'),
      E.apS('settings', pipe(Box.settings(json, overrides(variables)), E.mapLeft(told))),
      E.bind('baseUrl', ({ extra }) => baseUrlOf(invocation, file, extra.baseUrl)),
      E.bind('store', ({ extra }) => placeBeside(invocation, file, extra.store)),
      E.bind('principal', ({ extra, settings }) => principalOf(invocation, shared.as ?? extra.as, settings)),
      E.map(({ extra: _, ...rest }) => ({ name, file, ...rest })),
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

/** Where the sessions are that the options name. Where they name a store, or nothing at all, no profile is needed. */
export const readPlace = (invocation: Invocation, command: string): TE.TaskEither<Problem, StorePlace> => {
  const { shared, variables } = invocation
  const isNamed = shared.config !== undefined || shared.profile !== undefined || 'TESSERA_PROFILE' in variables
  const place = (settings: E.Either<Problem, O.Option<StorePlace>>) =>
    TE.fromEither(placeOf(invocation, () => settings))
  if (isPlaceNamed(invocation)) return place(E.right(O.none))
  return pipe(
    TE.fromEither(profileFile(invocation)),
    TE.flatMap(({ name, file }) =>
      pipe(
        isThere(file),
        TE.flatMap((there) =>
          there
            ? pipe(
                readJson(file),
                TE.mapLeft(toProblem(situationOf(invocation, command, file))),
                TE.flatMapEither((json) => extraOf(file, json)),
                TE.flatMapEither(({ store }) => placeBeside(invocation, file, store)),
              )
            : place(isNamed ? E.left(missing(invocation, name, file)) : E.right(O.none)),
        ),
      ),
    ),
  )
}
