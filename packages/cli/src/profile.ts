/**
 * Profiles: providers with a name. A profile is a file in the configuration folder: one that `tessera profile add` writes, or the
 * settings file of Box's developer console, in which a member `tessera` may say more.
 */
import { access, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import * as Box from '@tessera/box'
import { type AuthError, Secret } from '@tessera/core'
import { othersCanWrite, readJson } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { parseBaseUrl } from './baseUrl.js'
import { ExitCode } from './exitCode.js'
import { configFolder, stateFolder } from './folders.js'
import { commandLine, type Invocation } from './invocation.js'
import { meant, near } from './near.js'
import { parseOrigin } from './origin.js'
import { type Principal, parsePrincipal } from './principal.js'
import { decodeProfileFile, isProfileFile, type ProfileFile, toProvider } from './profileFile.js'
import { profileNames } from './profileNames.js'
import type { OAuthProvider, Provider } from './provider.js'
import { type Problem, problem, type Situation, toProblem } from './report.js'
import { isPlaceNamed, placeOf, storeSituation } from './sessionStore.js'
import { parseStore, type StorePlace } from './storePlace.js'

export interface Profile {
  readonly name: string
  readonly file: string
  /** What a person's login with it belongs to: its name, or the path of a file that was named itself. */
  readonly owner: string
  readonly provider: Provider
  /** Whom its tokens are for, by the options or by itself. */
  readonly principal: Principal
  /** Whom they are for by itself. */
  readonly usual: Principal
  /** Where its sessions are kept. */
  readonly store: StorePlace
}

const Extra = t.partial({
  tessera: t.partial({
    baseUrl: t.string,
    as: t.string,
    store: t.string,
    origins: t.readonlyArray(t.string),
    allowHttp: t.readonlyArray(t.string),
  }),
})

/** The variable that wins over the secret of a profile. */
export const CLIENT_SECRET = 'TESSERA_CLIENT_SECRET'

/** The name of a profile, and its file. */
export type Named = Pick<Profile, 'name' | 'file' | 'owner'>

export const usage = (what: string, { self }: Invocation): Problem => problem(ExitCode.usage, what, `${self} --help`)

/** What an error of this run is told with, before more is known than its options. */
export const situationOf = (
  invocation: Invocation,
  command: string,
  file: string,
  store: StorePlace = { _tag: 'Folder', folder: stateFolder(invocation.variables) },
): Situation => ({
  server: 'the server',
  isBox: true,
  presented: 'the request',
  again: commandLine(invocation, command),
  login: commandLine(invocation, 'login'),
  config: file,
  store: storeSituation(invocation, store),
  baseUrl: O.fromNullable(invocation.shared.baseUrl),
  clientId: O.none,
  keyId: O.none,
})

/** The file of a profile. */
export const fileOf = (invocation: Invocation, name: string): E.Either<Problem, Named> =>
  /^[A-Za-z0-9_-][\w.-]*$/.test(name)
    ? E.right({ name, owner: name, file: join(configFolder(invocation.variables), `${name}.json`) })
    : E.left(usage('the name of a profile has letters, digits, "-", "_" and "." only', invocation))

/** The profile where none is named. */
const FALLBACK = 'default'

/** The profile that the options or the environment name. */
const givenName = ({ shared, variables }: Invocation): string | undefined =>
  shared.profile ?? (variables['TESSERA_PROFILE'] || undefined)

/** Whether the options or the environment name a profile or its file. */
export const isNamed = (invocation: Invocation): boolean =>
  invocation.shared.config !== undefined || givenName(invocation) !== undefined

/** The file that the options name. */
export const profileFile = (invocation: Invocation, fallback = FALLBACK): E.Either<Problem, Named> => {
  const { shared } = invocation
  if (shared.config !== undefined) {
    return shared.profile === undefined
      ? E.right({ name: basename(shared.config), owner: resolve(shared.config), file: shared.config })
      : E.left(usage('--config and --profile exclude each other', invocation))
  }
  return fileOf(invocation, givenName(invocation) ?? fallback)
}

const isThere = (file: string): TE.TaskEither<never, boolean> =>
  TE.fromTask(() =>
    access(file).then(
      () => true,
      () => false,
    ),
  )

const missingAlone = (invocation: Invocation, command: string, { name, file }: Named): Problem => {
  const { shared, interactive, self } = invocation
  if (shared.config !== undefined) {
    return problem(
      ExitCode.configuration,
      `there is no settings file ${file}`,
      'download it: Developer Console → Configuration → Add and Manage Public Keys → Generate a Keypair',
    )
  }
  const add = `${self} profile add ${name} --issuer https://… --client-id …`
  const box = `for Box, save the settings file of the developer console as ${file}`
  const next = command === 'login' || !interactive ? add : commandLine(invocation, 'login')
  return problem(ExitCode.configuration, `there is no profile "${name}"`, `${next}; ${box}`)
}

/**
 * What to do about a profile that is not there, with those whose names are near. A login asks for it on a terminal, and nobody
 * where there is none.
 */
export const missing = (invocation: Invocation, command: string, named: Named): T.Task<Problem> =>
  pipe(
    profileNames(invocation.variables),
    T.flatMap((names) => {
      const alone = missingAlone(invocation, command, named)
      if (named.name === FALLBACK && !isNamed(invocation) && command !== 'login' && names.length > 0) {
        return T.of({ ...alone, next: `name one by --profile: ${names.join(', ')}` })
      }
      return pipe(
        near(named.name, invocation.shared.config === undefined ? names : []),
        T.map((nearest) => ({ ...alone, likely: meant(nearest) })),
      )
    }),
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
const placeBeside = (
  invocation: Invocation,
  file: string,
  member: string,
  text: string | undefined,
): E.Either<Problem, StorePlace> =>
  placeOf(invocation, () =>
    text === undefined
      ? E.right(O.none)
      : pipe(
          parseStore(text, resolve(dirname(file))),
          E.bimap(
            (why) =>
              problem(ExitCode.configuration, `the member "${member}" of the settings ${why}`, `correct ${file}`),
            O.some,
          ),
        ),
  )

const parsedPrincipal = (invocation: Invocation, text: string): E.Either<Problem, Principal> =>
  pipe(
    parsePrincipal(text),
    E.fromOption(() => usage('--as is login, service or user:ID', invocation)),
  )

/** Whom the options name, or else the settings, or else nobody named. */
const principalsOf = (
  invocation: Invocation,
  text: string | undefined,
  unnamed: Principal['_tag'] & ('Login' | 'Service'),
): E.Either<Problem, Pick<Profile, 'principal' | 'usual'>> => {
  const { as } = invocation.shared
  return pipe(
    text === undefined ? E.right<Problem, Principal>({ _tag: unnamed }) : parsedPrincipal(invocation, text),
    E.bindTo('usual'),
    E.bind('principal', ({ usual }) => (as === undefined ? E.right(usual) : parsedPrincipal(invocation, as))),
  )
}

const given = <Kind extends string>(kind: Kind, value: string | undefined): Secret<Kind> | undefined =>
  value === undefined || value === '' ? undefined : Secret.make(kind, value)

const overrides = (variables: Invocation['variables']): Box.SettingsOverrides => {
  const clientSecret = given('ClientSecret', variables[CLIENT_SECRET])
  const passphrase = given('Passphrase', variables['TESSERA_PASSPHRASE'])
  return { ...(clientSecret !== undefined && { clientSecret }), ...(passphrase !== undefined && { passphrase }) }
}

const extraOf = (file: string, json: unknown) =>
  Extra.is(json)
    ? E.right(json.tessera ?? {})
    : E.left(problem(ExitCode.configuration, 'the member "tessera" of the settings is wrong', `correct ${file}`))

const originsAt = (
  file: string,
  member: string,
  texts: ReadonlyArray<string> = [],
): E.Either<Problem, ReadonlyArray<string>> =>
  pipe(
    texts,
    E.traverseArray(parseOrigin),
    E.mapLeft((why) =>
      problem(ExitCode.configuration, `the member "${member}" of the settings ${why}`, `correct ${file}`),
    ),
  )

/** What is missing or wrong in the settings of Box's. A secret may come from elsewhere too. */
const toldOfSettings = (invocation: Invocation, command: string, named: Named) => {
  const told = toProblem(situationOf(invocation, command, named.file))
  return (error: AuthError): Problem =>
    error._tag === 'Misconfigured' && error.field === 'boxAppSettings.clientSecret'
      ? missingSecret(invocation, command, named, error.field)
      : told(error)
}

/** A client that has a secret cannot do without. */
const missingSecret = (
  invocation: Invocation,
  command: string,
  { name, file }: Named,
  member = 'clientSecret',
): Problem => {
  const { shared, self } = invocation
  const saved =
    shared.config === undefined
      ? `save it: ${self} profile add ${name} --update --secret-stdin`
      : `write it into ${file}`
  return problem(
    ExitCode.configuration,
    `the client secret is missing (${member})`,
    `set ${CLIENT_SECRET}, or ${saved}; then: ${commandLine(invocation, command)}`,
  )
}

const decodeBox =
  (invocation: Invocation, command: string, named: Named) =>
  (json: unknown): E.Either<Problem, Profile> => {
    const { variables } = invocation
    const { file } = named
    return pipe(
      extraOf(file, json),
      E.bindTo('extra'),
      E.apS(
        'settings',
        pipe(Box.settings(json, overrides(variables)), E.mapLeft(toldOfSettings(invocation, command, named))),
      ),
      E.bind('baseUrl', ({ extra }) => baseUrlOf(invocation, file, extra.baseUrl)),
      E.bind('origins', ({ extra }) => originsAt(file, 'tessera.origins', extra.origins)),
      E.bind('allowHttp', ({ extra }) => originsAt(file, 'tessera.allowHttp', extra.allowHttp)),
      E.bind('store', ({ extra }) => placeBeside(invocation, file, 'tessera.store', extra.store)),
      E.bind('principals', ({ extra, settings }) =>
        principalsOf(
          invocation,
          extra.as,
          O.isSome(settings.appAuth) || O.isSome(settings.enterpriseId) ? 'Service' : 'Login',
        ),
      ),
      E.map(({ settings, baseUrl, origins, allowHttp, store, principals }) => ({
        ...named,
        provider: { _tag: 'Box', settings, baseUrl, origins, allowHttp },
        store,
        ...principals,
      })),
    )
  }

const needsSecret = ({ authentication, clientSecret }: OAuthProvider, { _tag }: Principal): boolean =>
  O.isNone(clientSecret) && (O.isSome(authentication) || _tag === 'Service')

/** Whether a client has a secret. That of the environment is for no other. */
const hasSecret = (
  { clientSecret, authentication }: ProfileFile,
  { principal, usual }: Pick<Profile, 'principal' | 'usual'>,
): boolean =>
  clientSecret !== undefined ||
  authentication !== undefined ||
  [principal, usual].some(({ _tag }) => _tag === 'Service')

const profileOf = (
  invocation: Invocation,
  command: string,
  named: Named,
  content: ProfileFile,
): E.Either<Problem, Profile> => {
  const { shared, variables } = invocation
  const { file } = named
  if (shared.baseUrl !== undefined) {
    return E.left(usage('--base-url is for Box, and this profile is of another provider', invocation))
  }
  return pipe(
    E.Do,
    E.apS('store', placeBeside(invocation, file, 'store', content.store)),
    E.apS('principals', principalsOf(invocation, content.as, 'Login')),
    E.filterOrElse(
      ({ principals: { principal } }) => principal._tag !== 'User',
      () => usage('--as user:ID is for Box, and this profile is of another provider', invocation),
    ),
    E.let('provider', ({ principals }) =>
      toProvider(
        content,
        pipe(
          O.fromNullable(given('ClientSecret', variables[CLIENT_SECRET])),
          O.filter(() => hasSecret(content, principals)),
        ),
      ),
    ),
    E.filterOrElse(
      ({ provider, principals: { principal } }) => !needsSecret(provider, principal),
      () => missingSecret(invocation, command, named),
    ),
    E.map(({ store, principals, provider }) => ({ ...named, store, provider, ...principals })),
  )
}

/** Reads the content of a profile's file. */
export const decodeContent = (file: string, json: unknown): E.Either<Problem, ProfileFile> =>
  pipe(
    decodeProfileFile(json),
    E.mapLeft((why) => problem(ExitCode.configuration, `the profile is wrong: ${why}`, `correct ${file}`)),
  )

/** The profile that the JSON of a file says. */
export const decodeProfile =
  (invocation: Invocation, command: string, named: Named) =>
  (json: unknown): E.Either<Problem, Profile> =>
    isProfileFile(json)
      ? pipe(
          decodeContent(named.file, json),
          E.flatMap((content) => profileOf(invocation, command, named, content)),
        )
      : decodeBox(invocation, command, named)(json)

/** The JSON of a profile's file, where there is one. */
export const readContent = (
  invocation: Invocation,
  command: string,
  { file }: Named,
): TE.TaskEither<Problem, O.Option<unknown>> =>
  pipe(
    isThere(file),
    TE.flatMap((there) =>
      there
        ? // Whoever uses it is told by `tellOfModes`.
          pipe(readJson(file, { warn: false }), TE.bimap(toProblem(situationOf(invocation, command, file)), O.some))
        : TE.right(O.none),
    ),
  )

const readJsonOf = (invocation: Invocation, command: string, named: Named): TE.TaskEither<Problem, unknown> =>
  pipe(
    readContent(invocation, command, named),
    TE.flatMap(
      O.match(
        () => TE.leftTask(missing(invocation, command, named)),
        (json) => TE.right(json),
      ),
    ),
  )

const Held = t.union([
  t.type({ clientSecret: t.string }),
  t.type({ boxAppSettings: t.type({ clientSecret: t.string }) }),
])

/** Tells of a file that others can read although it holds a secret, or can write: whoever does says where secrets and tokens go. */
export const tellOfModes =
  ({ output }: Invocation, { file }: Named, json: unknown): T.Task<void> =>
  async () => {
    const how = await othersCanWrite(file)()
    if (O.isSome(how)) output.say(`others can change ${file}: ${how.value}`)
    if (!Held.is(json) || process.platform === 'win32') return
    const mode = await stat(file).then(
      (found) => found.mode,
      () => 0,
    )
    if ((mode & 0o044) !== 0) output.say(`others can read ${file}, which holds a secret: chmod 600 ${file}`)
  }

/** Reads a profile. */
export const readProfileOf = (invocation: Invocation, command: string, named: Named): TE.TaskEither<Problem, Profile> =>
  pipe(readJsonOf(invocation, command, named), TE.flatMapEither(decodeProfile(invocation, command, named)))

/** The same for one that is used: it tells of who else can read or write its file. */
export const readProfileToUse = (
  invocation: Invocation,
  command: string,
  named: Named,
): TE.TaskEither<Problem, Profile> =>
  pipe(
    readJsonOf(invocation, command, named),
    TE.tapTask((json) => tellOfModes(invocation, named, json)),
    TE.flatMapEither(decodeProfile(invocation, command, named)),
  )

/**
 * Refuses a file that others can write. Whoever runs a command is told of it and decides; a broker gives tokens to programs that never
 * see that.
 */
export const refuseWritable = (
  invocation: Invocation,
  command: string,
  { file }: Named,
): TE.TaskEither<Problem, void> =>
  pipe(
    TE.fromTask(othersCanWrite(file)),
    TE.flatMap(
      O.match(
        () => TE.right(undefined),
        (how) =>
          TE.left(
            problem(
              ExitCode.configuration,
              `others can change ${file}, so no tokens are served by it: ${how}`,
              `mend that, then: ${commandLine(invocation, command)}`,
            ),
          ),
      ),
    ),
  )

/** Reads the profile that the options name. */
export const readProfile = (invocation: Invocation, command: string): TE.TaskEither<Problem, Profile> =>
  pipe(
    TE.fromEither(profileFile(invocation)),
    TE.flatMap((named) => readProfileToUse(invocation, command, named)),
  )

const storeIn = (invocation: Invocation, file: string, json: unknown): E.Either<Problem, StorePlace> =>
  isProfileFile(json)
    ? pipe(
        decodeContent(file, json),
        E.flatMap(({ store }) => placeBeside(invocation, file, 'store', store)),
      )
    : pipe(
        extraOf(file, json),
        E.flatMap(({ store }) => placeBeside(invocation, file, 'tessera.store', store)),
      )

/** Where the sessions are that the options name. Where they name a store, or nothing at all, no profile is needed. */
export const readPlace = (invocation: Invocation, command: string): TE.TaskEither<Problem, StorePlace> => {
  const place = (settings: E.Either<Problem, O.Option<StorePlace>>) => placeOf(invocation, () => settings)
  if (isPlaceNamed(invocation)) return TE.fromEither(place(E.right(O.none)))
  return pipe(
    TE.fromEither(profileFile(invocation)),
    TE.flatMap((named) =>
      pipe(
        readContent(invocation, command, named),
        TE.flatMap(
          O.match(
            () =>
              isNamed(invocation)
                ? TE.leftTask(missing(invocation, command, named))
                : TE.fromEither(place(E.right(O.none))),
            (json) =>
              pipe(
                TE.fromEither(storeIn(invocation, named.file, json)),
                TE.tapTask(() => tellOfModes(invocation, named, json)),
              ),
          ),
        ),
      ),
    ),
  )
}
