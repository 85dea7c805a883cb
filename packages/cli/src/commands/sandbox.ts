import { createPrivateKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type BoxSettings, type Fault, type Rotation, type Sandbox, startSandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { ExitCode } from '../exitCode.js'
import type { Command, Invocation } from '../invocation.js'
import { profileFile } from '../profile.js'
import { type Problem, problem } from '../report.js'

export interface SandboxCommandOptions {
  readonly port: number
  readonly rotation: Exclude<Rotation, object>
  /** In seconds; instead of `rotation`. */
  readonly grace?: number
  readonly settings?: string
  readonly write?: string
  readonly fault?: ReadonlyArray<Fault>
  readonly allowHost?: ReadonlyArray<string>
}

/** What the client ids of sandboxes begin with. */
const PREFIX = 'sandbox-'

/** What a sandbox gave, so that it may be replaced. */
const OwnSettings = t.type({ boxAppSettings: t.type({ clientID: t.string }) })
const OwnProfile = t.type({ tessera: t.type({ sandbox: t.literal(true), baseUrl: t.string }) })

/** Settings that a sandbox can take its client from. */
const Settings = t.type({
  boxAppSettings: t.type({
    clientID: t.string,
    clientSecret: t.string,
    appAuth: t.type({ publicKeyID: t.string, privateKey: t.string, passphrase: t.string }),
  }),
  enterpriseID: t.string,
})

const hasKey = ({ boxAppSettings: { appAuth } }: BoxSettings): boolean => {
  try {
    const { privateKey, passphrase } = appAuth
    return createPrivateKey({ key: privateKey, passphrase }).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

/** The JSON of a file: `undefined` where there is none, `null` where it cannot be read. */
const readSettings = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? undefined : null
  }
}

/** The settings that are in a file already. */
const kept = (file: string | undefined): TE.TaskEither<Problem, O.Option<BoxSettings>> =>
  pipe(
    TE.fromTask<unknown, Problem>(async () => (file === undefined ? undefined : readSettings(file))),
    TE.flatMapEither((there): E.Either<Problem, O.Option<BoxSettings>> => {
      if (there === undefined) return E.right(O.none)
      return Settings.is(there) && hasKey(there)
        ? E.right(O.some(there))
        : E.left(
            problem(
              ExitCode.configuration,
              `${file} has no settings with an RSA key that its passphrase opens`,
              'name a file of an earlier run with --settings, or one that is not there yet',
            ),
          )
    }),
  )

const started = (
  { port, rotation, grace, allowHost = [], fault = [] }: SandboxCommandOptions,
  settings: O.Option<BoxSettings>,
  { self }: Invocation,
): TE.TaskEither<Problem, Sandbox> =>
  pipe(
    TE.tryCatch(
      () =>
        startSandbox({
          port,
          rotation: grace === undefined ? rotation : { graceFor: grace * 1000 },
          allowedHosts: allowHost,
          // Without settings, a client id of its own: what an earlier sandbox gave must not be taken for this one's.
          ...pipe(
            settings,
            O.matchW(
              () => ({ client: { id: `${PREFIX}${randomBytes(4).toString('hex')}` } }),
              (settings) => ({ settings }),
            ),
          ),
        }),
      (error) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
        return code === 'EADDRINUSE'
          ? problem(
              ExitCode.configuration,
              `another program listens on port ${port} (${code})`,
              `end it, or leave the port out, which takes a free one: ${self} sandbox`,
            )
          : problem(
              ExitCode.configuration,
              `the sandbox cannot listen on port ${port} (${code})`,
              `leave the port out, which takes a free one: ${self} sandbox`,
            )
      },
    ),
    TE.tapIO((server) => () => {
      for (const each of fault) server.faults.next(each)
    }),
  )

const isOwnProfile = (there: unknown): boolean => OwnProfile.is(there)
const isOwnSettings = (there: unknown): boolean =>
  OwnSettings.is(there) && there.boxAppSettings.clientID.startsWith(PREFIX)

/** Writes settings for their owner only. Another's are never written over: they may hold the only copy of a key. */
const writeSettings = (
  file: string,
  settings: object,
  isOwn: (there: unknown) => boolean,
  next: { readonly foreign: string; readonly failed: string },
): TE.TaskEither<Problem, void> =>
  pipe(
    TE.tryCatch(
      async () => {
        const there = await readSettings(file)
        if (there !== undefined) {
          if (!isOwn(there)) return false
          await rm(file, { force: true })
        }
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
        return true
      },
      () => problem(ExitCode.configuration, `${file} cannot be written`, next.failed),
    ),
    TE.filterOrElse(
      (written) => written,
      () => problem(ExitCode.configuration, `${file} is not a sandbox's`, next.foreign),
    ),
    TE.map(() => undefined),
  )

const removeProfile = async (sandbox: Sandbox, file: string): Promise<void> => {
  const there = await readSettings(file)
  if (OwnProfile.is(there) && there.tessera.baseUrl === sandbox.url) await rm(file, { force: true })
}

const tell = ({ output, self }: Invocation, { url, endpoints, client }: Sandbox, name: string, file: string): void => {
  const { bold, dim } = output.reportColors
  output.result(undefined, { url, client_id: client.id, endpoints, settings: file })
  const row = (label: string, text: string): void => output.line(`  ${dim(label.padEnd(11))}${text}`)
  output.line(`▸ a local Box-compatible server listens on ${bold(url)}`)
  row('authorize', endpoints.authorize)
  row('token', endpoints.token)
  row('revoke', endpoints.revoke)
  row('device', endpoints.deviceAuthorization)
  row('api', endpoints.api)
  row('metadata', endpoints.metadata)
  row('settings', file)
  output.say(`try, in another terminal:`)
  output.say(`  ${self} token --profile ${name}`)
  output.say(`  ${self} login --profile ${name}`)
  output.say('Ctrl-C ends it')
}

const interruption = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** The file that the settings are written to besides the profile, and which file that is there gives way. */
const copyOf = ({ settings, write }: SandboxCommandOptions) => {
  if (settings !== undefined) return { file: settings, isOwn: () => false, option: '--settings' }
  return write === undefined ? undefined : { file: write, isOwn: isOwnSettings, option: '--write' }
}

/** Runs a server until Ctrl-C. */
export const sandbox: Command<SandboxCommandOptions> = (invocation, options) =>
  pipe(
    E.Do,
    E.apS('named', profileFile(invocation, 'sandbox')),
    TE.fromEither,
    TE.bind('kept', () => kept(options.settings)),
    TE.bind('server', ({ kept }) => started(options, kept, invocation)),
    TE.flatMap(({ named: { name, file }, kept, server }) => async () => {
      try {
        const settings = await server.settings()
        const profile = { ...settings, tessera: { sandbox: true, baseUrl: server.url } }
        const copy = copyOf(options)
        const written = await pipe(
          writeSettings(file, profile, isOwnProfile, {
            foreign: 'name another profile with --profile',
            failed: 'set XDG_CONFIG_HOME to a folder of your own',
          }),
          TE.flatMap(() =>
            copy === undefined || O.isSome(kept)
              ? TE.right(undefined)
              : writeSettings(copy.file, settings, copy.isOwn, {
                  foreign: `name another file with ${copy.option}`,
                  failed: `name a file in a folder of your own with ${copy.option}`,
                }),
          ),
        )()
        if (E.isLeft(written)) return written
        tell(invocation, server, name, copy?.file ?? file)
        await interruption(invocation.signal)
        return E.right(undefined)
      } finally {
        await removeProfile(server, file).finally(() => server.close())
      }
    }),
  )
