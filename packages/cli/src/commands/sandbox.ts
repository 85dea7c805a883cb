import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Rotation, type Sandbox, startSandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { ExitCode } from '../exitCode.js'
import type { Command, Invocation } from '../invocation.js'
import { profileFile } from '../profile.js'
import { type Problem, problem } from '../report.js'

export interface SandboxCommandOptions {
  readonly port: number
  readonly rotation: Exclude<Rotation, object>
  readonly write?: string
}

const OwnProfile = t.type({ tessera: t.type({ sandbox: t.literal(true), baseUrl: t.string }) })

const readProfile = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? undefined : null
  }
}

const started = (port: number, rotation: Rotation, { self }: Invocation): TE.TaskEither<Problem, Sandbox> =>
  TE.tryCatch(
    // A client id of its own: what an earlier sandbox gave must not be taken for this one's.
    () => startSandbox({ port, rotation, client: { id: `sandbox-${randomBytes(4).toString('hex')}` } }),
    (error) =>
      problem(
        ExitCode.configuration,
        `the sandbox cannot listen on port ${port}${error instanceof Error && 'code' in error ? ` (${error.code})` : ''}`,
        `leave the port out: ${self} sandbox`,
      ),
  )

/** A profile for this sandbox. Another's settings are never written over. */
const writeProfile = (sandbox: Sandbox, file: string): TE.TaskEither<Problem, void> =>
  pipe(
    TE.tryCatch(
      async () => {
        const there = await readProfile(file)
        if (there !== undefined && !OwnProfile.is(there)) return false
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        const settings = { ...(await sandbox.settings()), tessera: { sandbox: true, baseUrl: sandbox.url } }
        await rm(file, { force: true })
        await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
        return true
      },
      () => problem(ExitCode.configuration, `${file} cannot be written`, 'set XDG_CONFIG_HOME to a folder of your own'),
    ),
    TE.filterOrElse(
      (written) => written,
      () => problem(ExitCode.configuration, `${file} is not a sandbox's`, 'name another profile with --profile'),
    ),
    TE.map(() => undefined),
  )

const removeProfile = async (sandbox: Sandbox, file: string): Promise<void> => {
  const there = await readProfile(file)
  if (OwnProfile.is(there) && there.tessera.baseUrl === sandbox.url) await rm(file, { force: true })
}

const tell = ({ output, self }: Invocation, { url, endpoints, client }: Sandbox, name: string, file: string): void => {
  const { bold, dim } = output.colors
  output.result(undefined, { url, client_id: client.id, endpoints, settings: file })
  const row = (label: string, text: string): void => output.tell(`  ${dim(label.padEnd(11))}${text}`)
  output.tell(`▸ a local Box-compatible server listens on ${bold(url)}`)
  row('authorize', endpoints.authorize)
  row('token', endpoints.token)
  row('revoke', endpoints.revoke)
  row('device', endpoints.deviceAuthorization)
  row('api', endpoints.api)
  row('metadata', endpoints.metadata)
  row('settings', file)
  output.tell(`try, in another terminal:`)
  output.tell(`  ${self} token --profile ${name}`)
  output.tell(`  ${self} login --profile ${name}`)
  output.tell(`Ctrl-C ends it`)
}

const interruption = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Runs a server until Ctrl-C. */
export const sandbox: Command<SandboxCommandOptions> = (invocation, { port, rotation, write }) =>
  pipe(
    E.Do,
    E.apS('named', profileFile(invocation, 'sandbox')),
    TE.fromEither,
    TE.bind('server', () => started(port, rotation, invocation)),
    TE.flatMap(({ named: { name, file }, server }) => async () => {
      try {
        const written = await writeProfile(server, file)()
        if (E.isLeft(written)) return written
        if (write !== undefined) {
          const copied = await TE.tryCatch(
            () => server.writeSettings(write),
            () => problem(ExitCode.configuration, `${write} cannot be written`, `${invocation.self} sandbox`),
          )()
          if (E.isLeft(copied)) return copied
        }
        tell(invocation, server, name, write ?? file)
        await interruption(invocation.signal)
        await removeProfile(server, file)
        return E.right(undefined)
      } finally {
        await server.close()
      }
    }),
  )
