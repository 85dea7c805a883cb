/**
 * The file of a profile for any provider: JSON of version 1, and how files of profiles are written.
 */
import { randomBytes } from 'node:crypto'
import { access, constants, link, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Secret } from '@tessera/core'
import { AuthorizationServer } from '@tessera/oauth2'
import * as Providers from '@tessera/providers'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { ExitCode } from './exitCode.js'
import { type Chosen, presetNamed, wrongVariable } from './preset.js'
import type { OAuthProvider } from './provider.js'
import { type Problem, problem } from './report.js'

// -----------------------------------------------------------------------------
// codec
// -----------------------------------------------------------------------------

const VERSION = 1

const text = t.refinement(t.string, (value) => value !== '', 'a text that is not empty')
const url = t.refinement(t.string, URL.canParse, 'a URL')
const scope = t.refinement(t.string, (value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value), 'a scope')
const origin = t.refinement(
  t.string,
  (value) => URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value.replace(/\/$/, ''),
  'an http or https origin',
)
const list = <C extends t.Mixed>(item: C) => t.readonlyArray(item, `a list of which each is ${item.name}`)
/** A member that may be missing. Not a union, whose errors have paths of its own. */
const maybe = <A>(codec: t.Type<A, unknown>): t.Type<A | undefined, unknown> =>
  new t.Type(
    codec.name,
    (value): value is A | undefined => value === undefined || codec.is(value),
    (value, context) => (value === undefined ? t.success(undefined) : codec.validate(value, context)),
    (value) => (value === undefined ? undefined : codec.encode(value)),
  )

const ENDPOINTS = {
  issuer: maybe(url),
  authorizationEndpoint: maybe(url),
  revocationEndpoint: maybe(url),
  deviceAuthorizationEndpoint: maybe(url),
  pushedAuthorizationRequestEndpoint: maybe(url),
  requirePushedAuthorizationRequests: maybe(t.boolean),
  issParameterSupported: maybe(t.boolean),
  tokenEndpointAuthMethods: maybe(list(t.string)),
  scopesSupported: maybe(list(t.string)),
}

const texts = t.readonly(t.record(t.string, t.string, 'an object of texts'))

const MEMBERS = {
  version: t.literal(VERSION, `${VERSION}`),
  clientId: text,
  clientSecret: maybe(text),
  authentication: maybe(t.keyof({ basic: null, post: null }, '"basic" or "post"')),
  scope: maybe(list(scope)),
  parameters: maybe(texts),
  as: maybe(t.keyof({ login: null, service: null }, '"login" or "service"')),
  store: maybe(text),
  origins: maybe(list(origin)),
  allowHttp: maybe(list(origin)),
}

const OF_SERVER = {
  ...MEMBERS,
  server: t.strict({ ...ENDPOINTS, tokenEndpoint: url }, 'an object'),
  /** Whether `server` is what discovery found, and is looked up anew at each login. */
  discovered: maybe(t.boolean),
}

const OF_PRESET = {
  ...MEMBERS,
  /** The name of a preset, whose endpoints are looked up anew at each run. */
  provider: text,
  variables: maybe(texts),
  /** Endpoints in the place of the preset's. */
  server: maybe(t.strict({ ...ENDPOINTS, tokenEndpoint: maybe(url) }, 'an object')),
}

const ServerFile = t.type(OF_SERVER, 'an object')
const PresetFile = t.type(OF_PRESET, 'an object')

/** What the file of a profile says of a server. */
type OfServer = Readonly<t.TypeOf<typeof ServerFile>>

/** What it says of a preset. */
type OfPreset = Readonly<t.TypeOf<typeof PresetFile>> & { readonly chosen: Chosen }

/** What the file of a profile says. */
export type ProfileFile = OfServer | OfPreset

/** Whether a JSON is of this form; the other one is the settings file of Box's developer console. */
export const isProfileFile = (json: unknown): boolean =>
  t.UnknownRecord.is(json) &&
  !('boxAppSettings' in json) &&
  ['version', 'server', 'provider', 'clientId'].some((name) => name in json)

// What io-ts says of an error holds the value, which may be a secret: its path and the expected form are enough.
const whyNot = ([first]: t.Errors): string => {
  const path = first?.context.flatMap(({ key }) => (key === '' ? [] : [key])).join('.') ?? ''
  return `${path === '' ? 'the whole' : path} is not ${first?.context.at(-1)?.type.name ?? 'readable'}`
}

/** Reads the JSON of a profile. What is wrong is said by its path, never by its value. */
export const decodeProfileFile = (json: unknown): E.Either<string, ProfileFile> => {
  if (!t.UnknownRecord.is(json)) return E.left('it is not an object')
  const { version } = json
  if (typeof version === 'number' && version > VERSION) return E.left('it is of a later version of this command')
  const isOfPreset = 'provider' in json
  const unknown = Object.keys(json).find((name) => !(name in (isOfPreset ? OF_PRESET : OF_SERVER)))
  if (unknown !== undefined) return E.left(`${JSON.stringify(unknown)} is no member of it`)
  return isOfPreset
    ? pipe(PresetFile.decode(json), E.mapLeft(whyNot), E.flatMap(ofPreset))
    : pipe(ServerFile.decode(json), E.mapLeft(whyNot))
}

const ofPreset = (file: t.TypeOf<typeof PresetFile>): E.Either<string, OfPreset> =>
  pipe(
    presetNamed(file.provider),
    E.fromOption(() => 'provider is not one that this command knows'),
    E.map((preset) => ({ ...file, chosen: { preset, variables: file.variables ?? {} } })),
    E.filterOrElse(
      ({ chosen }) => O.isNone(wrongVariable(chosen)),
      () => 'variables is not what that provider takes',
    ),
    E.filterOrElse(
      ({ chosen, clientId }) => E.isRight(Providers.endpoints({ ...chosen, clientId })),
      () => 'clientId is not a text of whole characters',
    ),
  )

// -----------------------------------------------------------------------------
// to and from a provider
// -----------------------------------------------------------------------------

const originsOf = (texts: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  texts.map((text) => new URL(text).origin)

/**
 * The server of a preset. Where the file names the token endpoint, it is another server that speaks like it, and has only the
 * endpoints that are named: no token of it goes to the preset's.
 */
const presetServer = ({ chosen: { preset, variables }, clientId, server, ...file }: OfPreset): AuthorizationServer => {
  const allowHttp = originsOf(file.allowHttp)
  if (server?.tokenEndpoint !== undefined) {
    const { tokenEndpoint, tokenEndpointAuthMethods = [preset.authentication] } = server
    return AuthorizationServer.make({
      ...server,
      tokenEndpoint,
      tokenEndpointAuthMethods,
      allowHttp,
      provider: preset.provider,
    })
  }
  const given = Object.entries(server ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, O.some(value)] as const] : [],
  )
  return { ...Providers.server({ preset, variables, clientId, allowHttp }), ...Object.fromEntries(given) }
}

const serverOf = (file: ProfileFile): Pick<OAuthProvider, 'server' | 'chosen' | 'discovered'> =>
  'chosen' in file
    ? { server: presetServer(file), chosen: O.some(file.chosen), discovered: false }
    : {
        server: AuthorizationServer.make({ ...file.server, allowHttp: originsOf(file.allowHttp) }),
        chosen: O.none,
        discovered: file.discovered ?? false,
      }

/** The provider that a file is about. A secret of the environment wins over the file's. */
export const toProvider = (file: ProfileFile, secret: O.Option<Secret<'ClientSecret'>>): OAuthProvider => ({
  _tag: 'OAuth',
  ...serverOf(file),
  clientId: file.clientId,
  clientSecret: pipe(
    secret,
    O.alt(() =>
      pipe(
        O.fromNullable(file.clientSecret),
        O.map((value) => Secret.make('ClientSecret', value)),
      ),
    ),
  ),
  authentication: O.fromNullable(file.authentication),
  scope: file.scope ?? [],
  parameters: file.parameters ?? {},
  origins: originsOf(file.origins),
  allowHttp: originsOf(file.allowHttp),
})

/** A server as a file has it. */
export const fromServer = (server: AuthorizationServer): t.TypeOf<typeof ServerFile>['server'] => ({
  issuer: O.toUndefined(server.issuer),
  tokenEndpoint: server.tokenEndpoint,
  authorizationEndpoint: O.toUndefined(server.authorizationEndpoint),
  revocationEndpoint: O.toUndefined(server.revocationEndpoint),
  deviceAuthorizationEndpoint: O.toUndefined(server.deviceAuthorizationEndpoint),
  pushedAuthorizationRequestEndpoint: O.toUndefined(server.pushedAuthorizationRequestEndpoint),
  requirePushedAuthorizationRequests: server.requirePushedAuthorizationRequests,
  issParameterSupported: server.issParameterSupported,
  tokenEndpointAuthMethods: O.toUndefined(server.tokenEndpointAuthMethods),
  scopesSupported: O.toUndefined(server.scopesSupported),
})

// -----------------------------------------------------------------------------
// files
// -----------------------------------------------------------------------------

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')

const unwritable = (file: string, error: unknown): Problem =>
  problem(
    ExitCode.configuration,
    `${file} cannot be written (${codeOf(error)})`,
    'set XDG_CONFIG_HOME to a folder of your own',
  )

/** Makes the folder of a profile, to know before a login that it can be kept. */
export const prepareFolder = (file: string): TE.TaskEither<Problem, void> =>
  TE.tryCatch(
    async () => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await access(dirname(file), constants.W_OK | constants.X_OK)
    },
    (error) => unwritable(file, error),
  )

/** What is written before it takes a file's place. */
const draftsOf = (target: string) => {
  const beginning = `.${basename(target)}.`
  return {
    make: (): string => join(dirname(target), `${beginning}${randomBytes(6).toString('hex')}`),
    isOne: (name: string): boolean => name.startsWith(beginning) && /^[0-9a-f]{12}$/.test(name.slice(beginning.length)),
  }
}

/** Writes a file for its owner only, as a whole. One that is there is written over only where `replace` says so. */
export const writePrivately = (
  file: string,
  json: object,
  { replace }: { readonly replace: boolean },
): TE.TaskEither<Problem, void> =>
  TE.tryCatch(
    async () => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      // A link to a file that is kept elsewhere stays one.
      const target = replace ? await realpath(file).catch(() => file) : file
      const draft = draftsOf(target).make()
      const handle = await open(draft, 'wx', 0o600)
      try {
        await handle.writeFile(`${JSON.stringify(json, null, 2)}\n`)
        await handle.sync()
        await handle.close()
        await (replace ? rename(draft, target) : link(draft, target))
      } finally {
        await handle.close().catch(() => undefined)
        await rm(draft, { force: true })
      }
    },
    (error) =>
      codeOf(error) === 'EEXIST'
        ? problem(ExitCode.configuration, `${file} is there already`, 'name another profile with --profile')
        : unwritable(file, error),
  )

/** Takes away what writers of a file that were killed have left beside it: it may hold a secret. Whoever writes it now is told. */
const sweep = async (file: string): Promise<void> => {
  const [folder, { isOne }] = [dirname(file), draftsOf(file)]
  for (const name of await readdir(folder)) if (isOne(name)) await rm(join(folder, name), { force: true })
}

/** Removes a file and its drafts. Of a link it is the link, and the drafts of both: the file to which it led, which is told, stays. */
export const removeFile = (file: string): TE.TaskEither<Problem, O.Option<string>> =>
  TE.tryCatch(
    async () => {
      const isLink = (await lstat(file)).isSymbolicLink()
      const target = isLink ? await realpath(file) : file
      for (const each of new Set([file, target])) await sweep(each)
      await rm(file)
      return isLink ? O.some(target) : O.none
    },
    () => problem(ExitCode.configuration, `${file} cannot be removed`, 'see that its folder is yours'),
  )
