/**
 * Profiles that are not saved yet: what options and answers say, until it has been shown to work.
 */
import { text as readAll } from 'node:stream/consumers'
import type { AuthorizationServer } from '@tessera/oauth2'
import type { Preset } from '@tessera/providers'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { findPreset, variablesFor } from './choosePreset.js'
import { serverFrom } from './discover.js'
import type { Invocation } from './invocation.js'
import { BOX, type Variables } from './preset.js'
import { CLIENT_SECRET, decodeProfile, type Named, type Profile, usage } from './profile.js'
import { fromServer, isProfileFile, prepareFolder, writePrivately } from './profileFile.js'
import type { SecretMethod } from './provider.js'
import { NOT_OF_BOX, type ProviderOptions, refusing } from './providerOptions.js'
import { askSecret, askText } from './questions.js'
import type { Problem } from './report.js'
import { showStore } from './storePlace.js'

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

const filled = (members: object): object | undefined => (Object.keys(members).length === 0 ? undefined : members)

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

/** Whether the environment has a secret. */
export const hasVariable = ({ variables }: Invocation): boolean => (variables[CLIENT_SECRET] ?? '') !== ''

/** The secret to be saved: of standard input, or of a person. One of the environment is taken at each run, and not saved. */
const secretOf = (
  invocation: Invocation,
  { secretStdin = false }: ProviderOptions,
  { required }: { readonly required: boolean },
): TE.TaskEither<Problem, O.Option<string>> => {
  const { interactive } = invocation
  // What is typed is not to be seen.
  if (secretStdin && !interactive) {
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
  if (!secretStdin && (hasVariable(invocation) || !interactive)) return TE.right(O.none)
  const needed = required || secretStdin
  return pipe(
    askSecret(invocation, needed ? 'Client secret' : 'Client secret (empty for a public client)', { required: needed }),
    TE.map(O.fromPredicate((text) => text !== '')),
  )
}

// A new profile is of a login unless it says otherwise.
const asOf = ({ shared }: Invocation): string | undefined => (shared.as === 'login' ? undefined : shared.as)

const onBox = (invocation: Invocation, command: string, options: ProviderOptions): TE.TaskEither<Problem, void> =>
  TE.fromEither(
    refusing(
      options,
      [
        ...(options.provider === BOX ? [] : (['provider'] as const)),
        // One login may ask for it.
        ...NOT_OF_BOX.filter((name) => name !== 'scope' || command !== 'login'),
      ],
      {
        where: 'on a profile of Box',
        next: `leave it out; another provider has a profile of its own: ${invocation.self} profile add NAME --issuer …`,
      },
    ),
  )

/** What a new profile says of its client, whatever the server. */
const clientJson = (
  invocation: Invocation,
  options: ProviderOptions,
  methods: AuthorizationServer['tokenEndpointAuthMethods'],
): TE.TaskEither<Problem, object> => {
  const { store } = invocation.shared
  return pipe(
    clientIdOf(invocation, options),
    TE.bindTo('clientId'),
    TE.bind('clientSecret', () => secretOf(invocation, options, { required: options.authentication !== undefined })),
    TE.map(({ clientId, clientSecret }) => ({
      clientId,
      clientSecret: O.toUndefined(clientSecret),
      authentication:
        options.authentication ?? (O.isNone(clientSecret) && hasVariable(invocation) ? methodOf(methods) : undefined),
      scope: listed(scopesOf(options.scope)),
      parameters: options.parameter,
      as: asOf(invocation),
      store: store === undefined ? undefined : showStore(store),
      origins: listed(options.origin),
      allowHttp: listed(options.allowHttp),
    })),
  )
}

/** What a new profile of Box's says: as the developer console writes it, with what else is known beside it. */
const boxJson = (invocation: Invocation, command: string, options: ProviderOptions): TE.TaskEither<Problem, object> => {
  const { baseUrl, store } = invocation.shared
  return pipe(
    onBox(invocation, command, options),
    TE.flatMap(() => clientIdOf(invocation, options)),
    TE.bindTo('clientID'),
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

/** How the secret of the environment is sent, which has no member of its own; none where the server takes none. */
const methodOf = (known: AuthorizationServer['tokenEndpointAuthMethods']): SecretMethod | undefined => {
  const methods = O.getOrElse((): ReadonlyArray<string> => ['client_secret_basic'])(known)
  if (methods.includes('client_secret_basic')) return 'basic'
  return methods.includes('client_secret_post') ? 'post' : undefined
}

const oauthJson = (invocation: Invocation, command: string, options: ProviderOptions): TE.TaskEither<Problem, object> =>
  pipe(
    TE.fromEither(refusing(options, ['set'], { where: 'without --provider', next: 'name the provider by --provider' })),
    TE.flatMap(() => serverFrom(invocation, command, options)),
    TE.bindTo('found'),
    TE.bind('client', ({ found }) => clientJson(invocation, options, found.server.tokenEndpointAuthMethods)),
    TE.map(({ found: { server, discovered }, client }) => ({
      version: 1,
      server: fromServer(server),
      discovered,
      ...client,
    })),
  )

/** The endpoints that are named in the place of a preset's. */
const namedEndpoints = ({
  tokenEndpoint,
  authorizationEndpoint,
  revocationEndpoint,
  deviceAuthorizationEndpoint,
}: ProviderOptions): object | undefined => {
  return filled(without({ tokenEndpoint, authorizationEndpoint, revocationEndpoint, deviceAuthorizationEndpoint }))
}

const besideProvider = (options: ProviderOptions): TE.TaskEither<Problem, void> =>
  TE.fromEither(refusing(options, ['issuer'], { where: 'beside --provider', next: 'leave one of them out' }))

/** What a profile says of a preset: its name and variables, and what is named in the place of its endpoints. */
const presetJson = (
  invocation: Invocation,
  options: ProviderOptions,
  preset: Preset,
  before: Variables = {},
): TE.TaskEither<Problem, object> =>
  pipe(
    besideProvider(options),
    TE.flatMap(() => variablesFor(invocation, preset, { ...before, ...options.set })),
    TE.map((variables) => ({
      provider: preset.name,
      variables: filled(variables),
      server: namedEndpoints(options),
    })),
  )

const newPresetJson = (
  invocation: Invocation,
  options: ProviderOptions,
  name: string,
): TE.TaskEither<Problem, object> =>
  pipe(
    findPreset(name),
    TE.bindTo('preset'),
    TE.bind('chosen', ({ preset }) => presetJson(invocation, options, preset)),
    TE.bind('client', ({ preset }) => clientJson(invocation, options, O.some([preset.authentication]))),
    TE.map(({ chosen, client }) => ({ version: 1, ...chosen, ...client })),
  )

/** The JSON of a new profile. */
export const newJson = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
): TE.TaskEither<Problem, object> => {
  const { provider } = options
  if (provider === undefined) return oauthJson(invocation, command, options)
  return provider === BOX ? boxJson(invocation, command, options) : newPresetJson(invocation, options, provider)
}

const without = (json: object): Json =>
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

const record = (value: unknown): Readonly<Record<string, unknown>> => (t.UnknownRecord.is(value) ? value : {})

type Json = Readonly<Record<string, unknown>>

/** A client that cannot do without is not left without. */
const needsItsOwn = (invocation: Invocation): Problem =>
  usage('the saved client secret is of another client or server: add --secret-stdin, for that of this one', invocation)

const updatedBox = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
  json: Json,
): TE.TaskEither<Problem, object> =>
  pipe(
    onBox(invocation, command, options),
    TE.flatMap(() => newSecret(invocation, options)),
    TE.filterOrElse(
      (secret) => {
        const { clientId } = options
        const { baseUrl } = invocation.shared
        const isOther =
          (clientId !== undefined && clientId !== record(json['boxAppSettings'])['clientID']) ||
          (baseUrl !== undefined && baseUrl !== record(json['tessera'])['baseUrl'])
        return O.isSome(secret) || hasVariable(invocation) || !isOther
      },
      () => needsItsOwn(invocation),
    ),
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

const OfPreset = t.intersection([
  t.type({ provider: t.string }),
  t.partial({ variables: t.record(t.string, t.string) }),
])

/** What becomes of the server of a profile that names a preset, or is to. */
const updatedPreset = (
  invocation: Invocation,
  options: ProviderOptions,
  json: Json,
  name: string,
): TE.TaskEither<Problem, object> => {
  const { server } = json
  const isSame = OfPreset.is(json) && json.provider === name
  const before = isSame ? record(server) : {}
  return pipe(
    findPreset(name),
    TE.flatMap((preset) => presetJson(invocation, options, preset, isSame ? json.variables : {})),
    TE.map((chosen) => ({
      discovered: undefined,
      ...chosen,
      server: filled({ ...before, ...namedEndpoints(options) }),
    })),
  )
}

/** Endpoints change those of the server that is there. Another issuer is another server. */
const updatedServer = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
  json: Json,
): TE.TaskEither<Problem, object> => {
  const { provider, issuer } = options
  const name = provider ?? (OfPreset.is(json) && issuer === undefined ? json.provider : undefined)
  if (name !== undefined) return updatedPreset(invocation, options, json, name)
  const saved = record(json['server'])
  const named = namedEndpoints(options)
  if ((issuer === undefined || issuer === saved['issuer']) && named !== undefined) {
    // What was named by hand is not to be forgotten at the next discovery.
    return TE.right({ server: { ...saved, ...named }, discovered: false })
  }
  if (issuer === undefined) return TE.right({})
  const allowHttp = options.allowHttp ?? (Origins.is(json['allowHttp']) ? json['allowHttp'] : [])
  return pipe(
    serverFrom(invocation, command, { ...options, allowHttp }),
    TE.map(({ server, discovered }) => ({
      provider: undefined,
      variables: undefined,
      server: fromServer(server),
      discovered,
    })),
  )
}

const Origins = t.readonlyArray(t.string)

const originOf = (url: unknown): string => (typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : '')

/** Whether a change makes a profile one of another client, or of another server, to which no secret of the old one may go. */
const isOfAnother = (before: Json, after: Json): boolean => {
  const [old, now] = [record(before['server']), record(after['server'])]
  return (
    before['clientId'] !== after['clientId'] ||
    before['provider'] !== after['provider'] ||
    JSON.stringify(before['variables']) !== JSON.stringify(after['variables']) ||
    (old['issuer'] !== undefined && old['issuer'] !== now['issuer']) ||
    originOf(old['tokenEndpoint']) !== originOf(now['tokenEndpoint'])
  )
}

/** Takes the saved secret out of a profile that is of another client or server now. */
const withoutForeign =
  (invocation: Invocation, before: Json) =>
  (after: Json): TE.TaskEither<Problem, object> => {
    const isForeign = before['clientSecret'] !== undefined && before['clientSecret'] === after['clientSecret']
    if (!isForeign || !isOfAnother(before, after)) return TE.right(after)
    const isNeeded = after['authentication'] !== undefined || after['as'] === 'service'
    if (isNeeded && !hasVariable(invocation)) return TE.left(needsItsOwn(invocation))
    invocation.output.say('the saved client secret is dropped: it is of another client or server')
    return TE.right({ ...after, clientSecret: undefined })
  }

/** What options change of a profile that is there; the rest stays as it is. */
export const updatedJson = (
  invocation: Invocation,
  command: string,
  options: ProviderOptions,
  json: unknown,
): TE.TaskEither<Problem, object> => {
  if (!t.UnknownRecord.is(json)) return TE.right({})
  if (!isProfileFile(json)) return updatedBox(invocation, command, options, json)
  const { clientId, authentication, scope, parameter } = options
  const next = `leave it out; Box has a profile of its own: ${invocation.self} profile add NAME --provider box`
  const isBox = options.provider === BOX
  const isNamed = options.provider !== undefined || OfPreset.is(json)
  return pipe(
    TE.fromEither(
      isBox
        ? refusing(options, ['provider'], { where: 'on a profile of another provider', next })
        : refusing(options, isNamed ? [] : ['set'], { where: 'without --provider', next: 'name the provider, too' }),
    ),
    TE.flatMap(() => updatedServer(invocation, command, options, json)),
    TE.bindTo('server'),
    TE.bind('secret', () => newSecret(invocation, options)),
    TE.map(({ server, secret }) =>
      without({
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
      }),
    ),
    TE.flatMap(withoutForeign(invocation, json)),
  )
}
