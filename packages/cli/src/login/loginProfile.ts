/**
 * The profile of a login: one that is there, or a draft of one that the login is to show to be right.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { discover } from '../discover.js'
import { type Draft, describesProvider, draftOf, newJson } from '../draft.js'
import { ExitCode } from '../exitCode.js'
import { commandLine, type Invocation } from '../invocation.js'
import { BOX, type Chosen, providerNames } from '../preset.js'
import {
  decodeProfile,
  fileOf,
  isNamed,
  missing,
  type Named,
  type Profile,
  profileFile,
  readContent,
  tellOfModes,
} from '../profile.js'
import { fromServer, writePrivately } from '../profileFile.js'
import { readProfiles } from '../profiles.js'
import { clientOf, issuerOf, nameOf, type Provider } from '../provider.js'
import { otherwise, type ProviderOptions, refusing } from '../providerOptions.js'
import { askText } from '../questions.js'
import { type Problem, problem } from '../report.js'

/** What a login works with. The invocation names the profile. */
export interface Prepared extends Draft {
  readonly invocation: Invocation
  /** The profile is made by this login. */
  readonly isNew: boolean
}

const COMMAND = 'login'

/** Whether a provider is of these variables, by name or by default. */
const isWith = (provider: Provider, set: ProviderOptions['set'] = {}): boolean => {
  const chosen = provider._tag === 'Box' ? O.none : provider.chosen
  return Object.entries(set).every(([name, value]) =>
    O.exists(({ preset, variables }: Chosen) => (variables[name] ?? preset.variables[name]?.default) === value)(chosen),
  )
}

/** Whether a provider is the one that the options describe. */
const isDescribed =
  ({ provider: name, set, issuer, tokenEndpoint, clientId }: ProviderOptions) =>
  (provider: Provider): boolean => {
    const client = clientOf(provider)
    return (
      (name === undefined ? provider._tag !== 'Box' : O.exists((own: string) => own === name)(nameOf(provider))) &&
      isWith(provider, set) &&
      (issuer === undefined || issuer === issuerOf(client.server)) &&
      (tokenEndpoint === undefined || tokenEndpoint === client.server.tokenEndpoint) &&
      (clientId === undefined || clientId === client.id)
    )
  }

const named = (invocation: Invocation, name: string): Invocation => ({
  ...invocation,
  shared: { ...invocation.shared, profile: name },
})

/** Replaces the server of a profile; where the file was changed during the login, the rest is as it is then, and so is another server. */
const replaceServer = (invocation: Invocation, at: Named, before: unknown, server: object) =>
  pipe(
    readContent(invocation, COMMAND, at),
    TE.flatMap((content) => {
      const json = O.toUndefined(content)
      return t.UnknownRecord.is(json) && JSON.stringify(json['server']) === JSON.stringify(before)
        ? writePrivately(at.file, { ...json, server }, { replace: true })
        : TE.right<Problem, void>(undefined)
    }),
  )

/**
 * A profile that is there. The metadata of a server that was discovered is looked up anew, and kept when the login has shown that
 * it works.
 */
const existing = (invocation: Invocation, at: Named, json: unknown): TE.TaskEither<Problem, Draft> =>
  pipe(
    decodeProfile(invocation, COMMAND, at)(json),
    TE.fromEither,
    TE.flatMap((profile) => {
      const { provider } = profile
      const unchanged: Draft = { profile, save: TE.right(undefined) }
      const issuer = provider._tag === 'OAuth' && provider.discovered ? provider.server.issuer : O.none
      if (provider._tag === 'Box' || O.isNone(issuer) || !t.UnknownRecord.is(json)) return TE.right(unchanged)
      return pipe(
        discover(invocation, COMMAND, { issuer: issuer.value, allowHttp: provider.allowHttp }),
        TE.map((server): Draft => {
          const now = { ...json, server: fromServer(server) }
          return JSON.stringify(now) === JSON.stringify(json)
            ? unchanged
            : {
                profile: { ...profile, provider: { ...provider, server } },
                save: replaceServer(invocation, at, json['server'], now.server),
              }
        }),
      )
    }),
  )

const made = (invocation: Invocation, at: Named, options: ProviderOptions): TE.TaskEither<Problem, Prepared> =>
  pipe(
    newJson(invocation, COMMAND, options),
    TE.flatMap((json) => draftOf(invocation, COMMAND, at, json, { replace: false })),
    TE.map((draft) => ({ ...draft, invocation, isNew: true })),
  )

/** On a terminal, a profile that is missing is asked for. */
const asked = (invocation: Invocation, at: Named, options: ProviderOptions): TE.TaskEither<Problem, Prepared> => {
  if (invocation.shared.baseUrl !== undefined) return made(invocation, at, { ...options, provider: BOX })
  return pipe(
    askText(invocation, "The provider: its issuer's URL, or a name such as box or github"),
    TE.flatMap((answer) =>
      made(invocation, at, {
        ...options,
        ...(providerNames.includes(answer.toLowerCase()) ? { provider: answer.toLowerCase() } : { issuer: answer }),
      }),
    ),
  )
}

const another = (invocation: Invocation, { name }: Named): Problem =>
  problem(
    ExitCode.configuration,
    `the profile "${name}" is of another provider or client`,
    `name another one: ${commandLine({ ...invocation, shared: {} }, COMMAND)} --profile NAME …`,
  )

/** A login takes a profile as it is. */
const unheeded = (
  { self }: Invocation,
  options: ProviderOptions,
  { name, provider }: Profile,
): E.Either<Problem, void> =>
  refusing(options, otherwise(options, provider), {
    where: `on the profile "${name}", which is there already`,
    next: `to change it: ${self} profile add ${name} --update …`,
  })

/** The profile that the options name. */
const byName = (invocation: Invocation, options: ProviderOptions): TE.TaskEither<Problem, Prepared> =>
  pipe(
    TE.fromEither(profileFile(invocation)),
    TE.bindTo('at'),
    TE.bind('json', ({ at }) => readContent(invocation, COMMAND, at)),
    TE.flatMap(({ at, json }) => {
      if (O.isSome(json)) {
        return pipe(
          existing(invocation, at, json.value),
          TE.filterOrElse(
            ({ profile }) => !describesProvider(options) || isDescribed(options)(profile.provider),
            () => another(invocation, at),
          ),
          TE.tap(({ profile }) => TE.fromEither(unheeded(invocation, options, profile))),
          TE.tapTask(() => tellOfModes(invocation, at, json.value)),
          TE.map((draft) => ({ ...draft, invocation, isNew: false })),
        )
      }
      if (describesProvider(options)) return made(invocation, at, options)
      return invocation.interactive && invocation.shared.config === undefined
        ? asked(invocation, at, options)
        : TE.leftTask(missing(invocation, COMMAND, at))
    }),
  )

/** A name for a new profile that none has yet: `default`, or the host. */
const freeName = ({ provider, issuer, tokenEndpoint }: ProviderOptions, taken: ReadonlyArray<string>): string => {
  const url = provider === undefined ? (issuer ?? tokenEndpoint ?? '') : ''
  const host = URL.canParse(url) ? new URL(url).host.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') : (provider ?? BOX)
  const numbered = Array.from({ length: taken.length }, (_, at) => `${host}-${at + 2}`)
  return ['default', host, ...numbered].find((name) => !taken.includes(name)) ?? host
}

/** The profile of the provider that the options describe: one that is there, whatever its name, or a new one. */
const byProvider = (invocation: Invocation, options: ProviderOptions): TE.TaskEither<Problem, Prepared> =>
  pipe(
    TE.fromTask(readProfiles(invocation, COMMAND)),
    TE.flatMap((all) => {
      const [found, second] = all.filter(
        ({ profile }) => E.isRight(profile) && isDescribed(options)(profile.right.provider),
      )
      if (found !== undefined && second !== undefined) {
        const next = `name it by --profile: ${found.name}, ${second.name}, …`
        return TE.left(problem(ExitCode.usage, 'there are several profiles of this provider', next))
      }
      const name =
        found?.name ??
        freeName(
          options,
          all.map((each) => each.name),
        )
      return pipe(
        TE.fromEither(fileOf(invocation, name)),
        TE.flatMap(() => byName(named(invocation, name), options)),
      )
    }),
  )

/** The profile to log in to. */
export const prepareLogin = (invocation: Invocation, options: ProviderOptions): TE.TaskEither<Problem, Prepared> => {
  return describesProvider(options) && !isNamed(invocation)
    ? byProvider(invocation, options)
    : byName(invocation, options)
}
