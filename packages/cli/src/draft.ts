/**
 * Profiles that are not saved yet: what options and answers say, until it has been shown to work.
 */
import { text as readAll } from 'node:stream/consumers'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { type Endpoints, serverFrom } from './discover.js'
import type { Invocation } from './invocation.js'
import { CLIENT_SECRET, decodeProfile, type Named, type Profile, usage } from './profile.js'
import { fromServer, isProfileFile, prepareFolder, writePrivately } from './profileFile.js'
import type { SecretMethod } from './provider.js'
import { askSecret, askText } from './questions.js'
import type { Problem } from './report.js'
import { showStore } from './storePlace.js'

/** The options that describe a provider. */
export interface ProviderOptions extends Endpoints {
  readonly provider?: 'box'
  readonly issuer?: string
  readonly clientId?: string
  /** The secret is read from standard input. */
  readonly secretStdin?: boolean
  readonly authentication?: SecretMethod
  readonly scope?: ReadonlyArray<string>
  readonly parameter?: Readonly<Record<string, string>>
  readonly origin?: ReadonlyArray<string>
  readonly allowHttp?: ReadonlyArray<string>
}

/** A profile, and how it is kept. */
export interface Draft {
  readonly profile: Profile
  readonly save: TE.TaskEither<Problem, void>
}

/** Whether options describe a provider, besides what they ask of one that is known. */
export const describesProvider = ({ provider, issuer, clientId, tokenEndpoint }: ProviderOptions): boolean =>
  [provider, issuer, clientId, tokenEndpoint].some((option) => option !== undefined)

/** What is named by options may be several in one text: a scope has no space in it. */
export const scopesOf = (texts: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  texts.flatMap((text) => text.split(/[\s,]+/)).filter((each) => each !== '')

const listed = <A>(items: ReadonlyArray<A> | undefined): ReadonlyArray<A> | undefined =>
  items === undefined || items.length === 0 ? undefined : items

/** A draft of the JSON that its file is to have. */
export const draftOf = (
  invocation: Invocation,
  command: string,
  named: Named,
  json: object,
  { replace }: { readonly replace: boolean },
): TE.TaskEither<Problem, Draft> =>
  pipe(
    decodeProfile(invocation, command, named)(json),
    TE.fromEither,
    TE.tap(() => prepareFolder(named.file)),
    TE.map((profile) => ({ profile, save: writePrivately(named.file, json, { replace }) })),
  )

const clientIdOf = (invocation: Invocation, { clientId }: ProviderOptions): TE.TaskEither<Problem, string> => {
  if (clientId !== undefined) return TE.right(clientId)
  return invocation.interactive
    ? askText(invocation, 'Client ID')
    : TE.left(usage('name the client by --client-id', invocation))
}

/** The secret to be saved: of standard input, or of a person. One of the environment is taken at each run, and not saved. */
const secretOf = (
  invocation: Invocation,
  { secretStdin = false }: ProviderOptions,
  { required }: { readonly required: boolean },
): TE.TaskEither<Problem, O.Option<string>> => {
  const { variables, interactive } = invocation
  if (secretStdin) {
    return pipe(
      TE.tryCatch(
        () => readAll(process.stdin),
        () => usage('standard input cannot be read', invocation),
      ),
      TE.map((text) => text.trim()),
      TE.filterOrElse(
        (text) => text !== '',
        () => usage('standard input has no secret', invocation),
      ),
      TE.map(O.some),
    )
  }
  if ((variables[CLIENT_SECRET] ?? '') !== '' || !interactive) return TE.right(O.none)
  return pipe(
    askSecret(invocation, required ? 'Client secret' : 'Client secret (empty for a public client)', { required }),
    TE.map(O.fromPredicate((text) => text !== '')),
  )
}

// A new profile is of a login unless it says otherwise.
const asOf = ({ shared }: Invocation): string | undefined => (shared.as === 'login' ? undefined : shared.as)

/** What a new profile of Box's says: as the developer console writes it, with what else is known beside it. */
const boxJson = (invocation: Invocation, options: ProviderOptions): TE.TaskEither<Problem, object> => {
  const { baseUrl, store } = invocation.shared
  return pipe(
    TE.Do,
    TE.apSW('clientID', clientIdOf(invocation, options)),
    TE.bind('clientSecret', () => secretOf(invocation, options, { required: true })),
    TE.map(({ clientID, clientSecret }) => ({
      boxAppSettings: { clientID, ...(O.isSome(clientSecret) && { clientSecret: clientSecret.value }) },
      tessera: {
        baseUrl,
        as: asOf(invocation),
        store: store === undefined ? undefined : showStore(store),
        origins: listed(options.origin),
        allowHttp: listed(options.allowHttp),
      },
    })),
  )
}

const oauthJson = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
): TE.TaskEither<Problem, object> => {
  const { store } = invocation.shared
  return pipe(
    serverFrom(invocation, command, options),
    TE.bindTo('found'),
    TE.bind('clientId', () => clientIdOf(invocation, options)),
    TE.bind('clientSecret', () => secretOf(invocation, options, { required: options.authentication !== undefined })),
    TE.map(({ found: { server, discovered }, clientId, clientSecret }) => ({
      version: 1,
      server: fromServer(server),
      discovered,
      clientId,
      clientSecret: O.toUndefined(clientSecret),
      authentication: options.authentication,
      scope: listed(scopesOf(options.scope)),
      parameters: options.parameter,
      as: asOf(invocation),
      store: store === undefined ? undefined : showStore(store),
      origins: listed(options.origin),
      allowHttp: listed(options.allowHttp),
    })),
  )
}

/** The JSON of a new profile. */
export const newJson = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
): TE.TaskEither<Problem, object> =>
  options.provider === 'box' ? boxJson(invocation, options) : oauthJson(invocation, command, options)

const without = (json: object): object =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined))

/** The secret to be put in the place of another one: a person is not asked for it again. */
const newSecret = (invocation: Invocation, options: ProviderOptions): TE.TaskEither<Problem, O.Option<string>> =>
  options.secretStdin === true ? secretOf(invocation, options, { required: true }) : TE.right(O.none)

const common = ({ shared: { as, store } }: Invocation, { origin, allowHttp }: ProviderOptions): object =>
  without({
    as,
    store: store === undefined ? undefined : showStore(store),
    origins: listed(origin),
    allowHttp: listed(allowHttp),
  })

const record = (value: unknown): object => (t.UnknownRecord.is(value) ? value : {})

const updatedBox = (
  invocation: Invocation,
  options: ProviderOptions,
  json: Readonly<Record<string, unknown>>,
): TE.TaskEither<Problem, object> =>
  pipe(
    newSecret(invocation, options),
    TE.map((secret) => ({
      ...json,
      boxAppSettings: {
        ...record(json['boxAppSettings']),
        ...without({ clientID: options.clientId, clientSecret: O.toUndefined(secret) }),
      },
      tessera: {
        ...record(json['tessera']),
        ...common(invocation, options),
        ...without({ baseUrl: invocation.shared.baseUrl }),
      },
    })),
  )

const updatedServer = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
): TE.TaskEither<Problem, object> =>
  options.issuer === undefined && options.tokenEndpoint === undefined
    ? TE.right({})
    : pipe(
        serverFrom(invocation, command, options),
        TE.map(({ server, discovered }) => ({ server: fromServer(server), discovered })),
      )

/** What options change of a profile that is there; the rest stays as it is. */
export const updatedJson = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
  json: unknown,
): TE.TaskEither<Problem, object> => {
  if (!t.UnknownRecord.is(json)) return TE.right({})
  if (!isProfileFile(json)) return updatedBox(invocation, options, json)
  const { clientId, authentication, scope, parameter } = options
  return pipe(
    TE.Do,
    TE.bind('server', () => updatedServer(invocation, command, options)),
    TE.bind('secret', () => newSecret(invocation, options)),
    TE.map(({ server, secret }) => ({
      ...json,
      ...server,
      ...common(invocation, options),
      ...without({
        clientId,
        clientSecret: O.toUndefined(secret),
        authentication,
        scope: listed(scopesOf(scope)),
        parameters: parameter,
      }),
    })),
  )
}
