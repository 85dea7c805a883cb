/**
 * The profiles of a person: providers with a name.
 */
import { confirm, isCancel } from '@clack/prompts'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Draft, draftOf, hasVariable, newJson, updatedJson } from '../draft.js'
import { ExitCode } from '../exitCode.js'
import { row } from '../inspection.js'
import { type Command, commandLine, type Invocation } from '../invocation.js'
import type { Variables } from '../preset.js'
import { showPrincipal } from '../principal.js'
import { printable } from '../printable.js'
import {
  CLIENT_SECRET,
  fileOf,
  missing,
  type Named,
  type Profile,
  profileFile,
  readContent,
  readProfileToUse,
} from '../profile.js'
import { removeFile } from '../profileFile.js'
import { type Listed, readProfiles } from '../profiles.js'
import { clientOf, issuerOf, nameOf, originsOf, type Provider } from '../provider.js'
import type { ProviderOptions } from '../providerOptions.js'
import { type Problem, problem } from '../report.js'
import { type StorePlace, showStore } from '../storePlace.js'

// -----------------------------------------------------------------------------
// show
// -----------------------------------------------------------------------------

const secretOf = (provider: Provider): 'held' | 'none' =>
  provider._tag === 'Box' || O.isSome(provider.clientSecret) ? 'held' : 'none'

const kindOf = (provider: Provider): string => {
  const isAtBase = provider._tag === 'Box' && O.isSome(provider.baseUrl)
  return pipe(
    isAtBase ? O.none : nameOf(provider),
    O.getOrElse(() => issuerOf(clientOf(provider).server)),
  )
}

const variablesOf = (provider: Provider): Variables =>
  provider._tag === 'Box' || O.isNone(provider.chosen) ? {} : provider.chosen.value.variables

/** What is shown of a profile: no secret. */
const profileJson = ({ name, file, provider, principal, store }: Profile) => {
  const { id, server, authentication } = clientOf(provider)
  const scope = provider._tag === 'Box' ? [] : provider.scope
  return {
    name,
    file,
    provider: kindOf(provider),
    variables: variablesOf(provider),
    issuer: O.toNullable(server.issuer),
    client_id: id,
    client_secret: secretOf(provider),
    authentication: authentication._tag.toLowerCase(),
    as: showPrincipal(principal),
    scope,
    parameters: provider._tag === 'Box' ? {} : provider.parameters,
    token_endpoint: server.tokenEndpoint,
    authorization_endpoint: O.toNullable(server.authorizationEndpoint),
    device_authorization_endpoint: O.toNullable(server.deviceAuthorizationEndpoint),
    revocation_endpoint: O.toNullable(server.revocationEndpoint),
    origins: originsOf(provider),
    allow_http: provider.allowHttp,
    store: showStore(store),
  }
}

const rowsOf = ({ output }: Invocation, of: ReturnType<typeof profileJson>): ReadonlyArray<string> => {
  const line = row(output.reportColors)
  const rowOf = (label: string, text: string | null): ReadonlyArray<string> =>
    text === null || text === '' ? [] : [line(label, printable(text))]
  const secret = of.client_secret === 'held' ? `secret held, ${of.authentication}` : 'public, without a secret'
  const [where, more] = [of.variables, of.parameters].map((all) =>
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  )
  const inTheClear = `${of.allow_http.join(' ')}: allowed in the clear, for whoever is on the way`
  return [
    ...rowOf('profile', of.name),
    ...rowOf('file', of.file),
    ...rowOf('provider', of.provider),
    ...rowOf('where', where ?? ''),
    ...rowOf('client', `${of.client_id} (${secret})`),
    ...rowOf('as', of.as),
    ...rowOf('scope', of.scope.join(' ')),
    ...rowOf('more', more ?? ''),
    ...rowOf('token', of.token_endpoint),
    ...rowOf('authorize', of.authorization_endpoint),
    ...rowOf('device', of.device_authorization_endpoint),
    ...rowOf('revoke', of.revocation_endpoint),
    ...rowOf('origins', of.origins.join(' ')),
    ...rowOf('http', of.allow_http.length === 0 ? '' : inTheClear),
    ...rowOf('store', of.store),
  ]
}

const shown = (invocation: Invocation, profile: Profile): void => {
  const json = profileJson(profile)
  invocation.output.result(rowsOf(invocation, json).join('\n'), json)
}

export interface ProfileName {
  readonly name?: string
}

const SHOW = 'profile show'

/** The profile that an argument names; an option that names another one would do nothing. */
const byArgument = (invocation: Invocation, command: string, name: string): E.Either<Problem, Named> => {
  const { shared, self } = invocation
  const option = shared.config === undefined ? '--profile' : '--config'
  if (shared.config === undefined && (shared.profile ?? name) === name) return fileOf(invocation, name)
  const what = `${option} has no effect beside the name of a profile`
  return E.left(problem(ExitCode.usage, what, `leave one of them out: ${self} ${command} ${name}`))
}

/** Shows one profile; no secret. */
export const profileShow: Command<ProfileName> = (invocation, { name }) =>
  pipe(
    TE.fromEither(name === undefined ? profileFile(invocation) : byArgument(invocation, SHOW, name)),
    TE.flatMap((named) => readProfileToUse(invocation, SHOW, named)),
    TE.map((profile) => shown(invocation, profile)),
  )

// -----------------------------------------------------------------------------
// list
// -----------------------------------------------------------------------------

const tellAll = ({ output, self }: Invocation, all: ReadonlyArray<Listed>): void => {
  const rows = all.map(({ name, file, profile }) =>
    E.isRight(profile) ? { ...profileJson(profile.right), error: null } : { name, file, error: profile.left.what },
  )
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.map((row) => {
    const text = row.error === null ? `${row.provider}  ${row.client_id}  as ${row.as}` : row.error
    return `${row.name.padEnd(width)}  ${printable(text)}`
  })
  output.result(lines.length === 0 ? undefined : lines.join('\n'), { profiles: rows })
  if (lines.length === 0) output.say(`no profiles yet: ${self} profile add --help`)
}

/** Lists all profiles. One that cannot be read is listed with the reason. */
export const profileList: Command<Record<string, never>> = (invocation) =>
  pipe(
    TE.fromTask(readProfiles(invocation, 'profile list')),
    TE.map((all) => tellAll(invocation, all)),
  )

// -----------------------------------------------------------------------------
// add
// -----------------------------------------------------------------------------

export interface ProfileAddOptions extends ProviderOptions {
  readonly name: string
  /** The profile is there, and what is named is replaced. */
  readonly update: boolean
}

const ADD = 'profile add'

const draft = (
  invocation: Invocation,
  named: Named,
  content: O.Option<unknown>,
  options: ProfileAddOptions,
): TE.TaskEither<Problem, Draft> => {
  const { self } = invocation
  if (!options.update) {
    return O.isSome(content)
      ? TE.left(
          problem(
            ExitCode.configuration,
            `there is a profile "${named.name}"`,
            `to change it: ${self} ${ADD} ${named.name} --update …; to see it: ${self} profile show ${named.name}`,
          ),
        )
      : pipe(
          newJson(invocation, ADD, options),
          TE.flatMap((json) => draftOf(invocation, ADD, named, json, { replace: false })),
        )
  }
  return O.isNone(content)
    ? TE.leftTask(missing(invocation, ADD, named))
    : pipe(
        updatedJson(invocation, ADD, options, content.value),
        TE.flatMap((json) => draftOf(invocation, ADD, named, json, { replace: true })),
      )
}

/** The variables that hold the login which the store of the options has. */
const loginOf = (store: StorePlace | undefined): string | undefined => {
  if (store?._tag === 'Redis' && (O.isSome(store.user) || O.isSome(store.password)))
    return 'TESSERA_REDIS_USER and TESSERA_REDIS_PASSWORD'
  return store?._tag === 'Database' && store.database.hasLogin ? 'TESSERA_SQL_USER and TESSERA_SQL_PASSWORD' : undefined
}

const added = (invocation: Invocation, profile: Profile): void => {
  const { output, self, shared } = invocation
  const { provider } = profile
  shown(invocation, profile)
  if (hasVariable(invocation) && secretOf(provider) === 'held')
    output.say(`${CLIENT_SECRET} is not saved: set it at each run`)
  const login = loginOf(shared.store)
  if (login !== undefined) output.say(`the user and the password of the store are not saved: set ${login}`)
  const next = profile.principal._tag === 'Login' ? 'login' : 'token'
  output.say(`next: ${commandLine({ self, shared: { profile: profile.name } }, next)}`)
}

/** Adds a profile, or changes one. */
export const profileAdd: Command<ProfileAddOptions> = (invocation, options) =>
  pipe(
    TE.fromEither(byArgument(invocation, ADD, options.name)),
    TE.bindTo('named'),
    TE.bind('content', ({ named }) => readContent(invocation, ADD, named)),
    TE.bind('draft', ({ named, content }) => draft(invocation, named, content, options)),
    TE.tap(({ draft: { save } }) => save),
    TE.map(({ draft: { profile } }) => added(invocation, profile)),
  )

// -----------------------------------------------------------------------------
// remove
// -----------------------------------------------------------------------------

export interface ProfileRemoveOptions {
  readonly name: string
  readonly yes: boolean
}

const confirmed = (invocation: Invocation, { name, file }: Named): TE.TaskEither<Problem, void> => {
  const { interactive, output, self, signal } = invocation
  const revoke = `its sessions stay; to end them first: ${self} revoke --profile ${name}`
  if (!interactive) {
    const what = `${file} may be the only copy of its secrets, and nobody is here to confirm its removal`
    return TE.left(problem(ExitCode.usage, what, `add --yes; ${revoke}`))
  }
  return async () => {
    output.tell(`${file} may be the only copy of its secrets; ${revoke}`)
    const answer = await confirm({ message: `Remove ${name}?`, initialValue: false, output: process.stderr, signal })
    return isCancel(answer) || !answer
      ? E.left(problem(ExitCode.interrupted, 'nothing was removed', `${self} profile list`))
      : E.right(undefined)
  }
}

const removed = ({ output }: Invocation, { name, file }: Named, target: O.Option<string>): void => {
  output.result(undefined, { name, file, removed: true })
  const stays = O.isSome(target) ? `; ${target.value}, to which it led, stays` : ''
  output.say(`removed profile ${name}${stays}`)
}

/** Removes a profile. Its sessions stay in their store. */
export const profileRemove: Command<ProfileRemoveOptions> = (invocation, { name, yes }) =>
  pipe(
    TE.fromEither(byArgument(invocation, 'profile remove', name)),
    TE.bindTo('named'),
    TE.bind('content', ({ named }) => readContent(invocation, 'profile remove', named)),
    TE.tap(({ named, content }) =>
      O.isSome(content) ? TE.right(undefined) : TE.leftTask(missing(invocation, 'profile remove', named)),
    ),
    TE.tap(({ named }) => (yes ? TE.right(undefined) : confirmed(invocation, named))),
    TE.bind('target', ({ named: { file } }) => removeFile(file)),
    TE.map(({ named, target }) => removed(invocation, named, target)),
  )
