/**
 * A broker: the tokens of profiles, over a socket, for every tool of the machine.
 */
import { resolve } from 'node:path'
import { brokerSocket, isTaken, makeBroker, statusPage } from '@tessera/broker'
import { AuthError, type SourceEvent, seconds } from '@tessera/core'
import { systemClock } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { type Command, type Invocation, SECONDS, word } from '../invocation.js'
import { bySystem } from '../login/browser.js'
import { fileOf, type Named, profileFile, readProfileToUse, refuseWritable, usage } from '../profile.js'
import { type Problem, problem } from '../report.js'
import { linkOf, makeLogins } from '../serve/page.js'
import { type PlaceOptions, type Places, type Served, serveAt, socketOf } from '../serve/places.js'
import { ofProfile, type ProfileSessions, profileSessions, serveCommand } from '../serve/profileSessions.js'
import { type Manager, unitOf } from '../serve/units.js'

export interface ServeOptions extends PlaceOptions {
  /** Those that `--profile` names; none for all. */
  readonly profiles: ReadonlyArray<string>
  readonly printUnit?: Manager
  /** Whether the status page is opened in the browser. */
  readonly open: boolean
}

const saying = (error: AuthError): string =>
  error._tag === 'Misconfigured' ? error.message : AuthError.show.show(error)

const notListening =
  (invocation: Invocation, { profiles }: ServeOptions) =>
  (error: AuthError): Problem => {
    const again = serveCommand(invocation, profiles)
    return isTaken(error)
      ? problem(ExitCode.configuration, saying(error), `to have this one take its place: ${again} --replace`)
      : problem(ExitCode.configuration, `the broker cannot listen: ${saying(error)}`, `mend that, then: ${again}`)
  }

/** A profile that may be served. It tells of who else can read it. */
const readProfileToServe = (invocation: Invocation, named: Named): TE.TaskEither<Problem, unknown> =>
  pipe(
    refuseWritable(invocation, 'serve', named),
    TE.flatMap(() => readProfileToUse(invocation, 'serve', named)),
  )

/** Sees that the profiles that are named are there, and that nobody else can write them. */
const checked = (invocation: Invocation, profiles: ReadonlyArray<string>): TE.TaskEither<Problem, unknown> =>
  pipe(
    profiles,
    TE.traverseSeqArray((name) => {
      const own = ofProfile(invocation, name)
      return pipe(
        TE.fromEither(fileOf(own, name)),
        TE.flatMap((named) => readProfileToServe(own, named)),
      )
    }),
  )

/** The profiles that are named: one of a file of its own, or those of `--profile`. */
const namesOf = (
  invocation: Invocation,
  profiles: ReadonlyArray<string>,
): TE.TaskEither<Problem, ReadonlyArray<string>> =>
  invocation.shared.config === undefined
    ? pipe(
        checked(invocation, profiles),
        TE.map(() => profiles),
      )
    : pipe(
        TE.fromEither(profileFile(invocation)),
        TE.tap((named) => readProfileToServe(invocation, named)),
        TE.map(({ name }) => [name]),
      )

/** What leads programs to it that know nothing of it. */
const variablesOf = ({ port, agent }: Places, { gce }: ServeOptions): ReadonlyArray<string> => [
  ...(O.isSome(port) && gce ? [`GCE_METADATA_HOST=${new URL(port.value.url).host}`] : []),
  ...(O.isSome(port)
    ? [`IDENTITY_ENDPOINT=${port.value.url}/azure IDENTITY_HEADER="$(cat ${word(port.value.bearer)})"`]
    : []),
  ...(O.isSome(agent) ? [`OIDC_SOCK=${word(agent.value)}`] : []),
]

const tell = (
  { output, variables }: Invocation,
  options: ServeOptions,
  profiles: ReadonlyArray<string>,
  places: Places,
): void => {
  const { bold, dim } = output.reportColors
  const { socket, port, agent } = places
  const row = (label: string, text: string): void => output.line(`  ${dim(label.padEnd(11))}${text}`)
  output.result(undefined, {
    socket,
    tcp: pipe(
      port,
      O.map(({ url, bearer }) => ({ url, bearer_file: bearer })),
      O.toNullable,
    ),
    oidc_agent: O.toNullable(agent),
    profiles: profiles.length === 0 ? null : profiles,
    pid: process.pid,
  })
  output.line(`▸ a broker gives tokens at ${bold(socket)}`)
  row('profiles', profiles.length === 0 ? 'all' : profiles.join(', '))
  if (O.isSome(port)) {
    row('tcp', port.value.url)
    row('bearer', `in ${port.value.bearer}`)
  }
  for (const variable of variablesOf(places, options)) row('', variable)
  if (variables['XDG_RUNTIME_DIR'] === undefined && socket === brokerSocket(variables)) {
    output.say('there is no folder of the login session (XDG_RUNTIME_DIR), so the socket is among the sessions')
  }
  output.say('try, in another terminal:')
  output.say(`  curl --unix-socket ${word(socket)} http://broker/token`)
  output.say('Ctrl-C ends it')
}

/** Until it is interrupted, or another broker has taken its place. */
const ended = (signals: ReadonlyArray<AbortSignal>): Promise<void> =>
  new Promise((done) => {
    for (const signal of signals) {
      if (signal.aborted) done()
      else signal.addEventListener('abort', () => done(), { once: true })
    }
  })

/** A browser reads the page that leads to the link for a moment after it was started. */
const opening = (signal: AbortSignal): Promise<void> => systemClock.sleep(seconds(5), signal)()

const serving =
  (invocation: Invocation, options: ServeOptions, profiles: ReadonlyArray<string>): TE.TaskEither<Problem, void> =>
  async () => {
    const { shared, variables, signal } = invocation
    let sessions: ProfileSessions | undefined
    const make = (observe: (profile: string, event: SourceEvent) => void): ProfileSessions => {
      sessions = profileSessions(invocation, profiles, observe)
      return sessions
    }
    const broker = makeBroker({ sessions: make, clock: systemClock, timeout: seconds(shared.timeout ?? SECONDS) })
    const logins = makeLogins(invocation, broker)
    const page = statusPage({ broker, logIn: logins.begin })
    let url: O.Option<string> = O.none
    const besides = { socket: [page.linkRoute(() => url)], port: [page.route] }
    const served = await serveAt(broker, options, variables, besides)()
    const browser = bySystem(invocation)
    try {
      if (E.isLeft(served)) {
        const there = options.open && isTaken(served.left) ? await linkOf(socketOf(options, variables))() : O.none
        if (O.isNone(there)) return E.left(notListening(invocation, options)(served.left))
        browser.visit(there.value)
        await opening(signal)
        return E.right(undefined)
      }
      const { places, missing, replaced, end }: Served = served.right
      try {
        url = pipe(
          places.port,
          O.map((port) => port.url),
        )
        for (const error of missing) invocation.output.say(`the broker serves at its socket only: ${saying(error)}`)
        tell(invocation, options, profiles, places)
        if (options.open && O.isSome(url)) browser.visit(url.value + page.link())
        await ended([signal, ...replaced])
        return E.right(undefined)
      } finally {
        await end()
      }
    } finally {
      logins.end()
      await browser.end()
      await sessions?.close()
    }
  }

/** The words by which this program is run, for who runs it from another place. */
const commandOf = (options: ServeOptions): ReadonlyArray<string> => [
  process.execPath,
  resolve(process.argv[1] ?? ''),
  'serve',
  ...options.profiles.flatMap((name) => ['--profile', name]),
  ...(options.tcp === undefined ? [] : ['--tcp', String(options.tcp)]),
  ...(options.gce ? ['--gce'] : []),
  ...(options.oidcAgent ? ['--oidc-agent'] : []),
]

/** The page is at a port. */
const withPort = (options: ServeOptions): ServeOptions =>
  options.open && options.tcp === undefined ? { ...options, tcp: 0 } : options

/** Serves until Ctrl-C, or until another broker takes over. */
export const serve: Command<ServeOptions> = (invocation, options) => {
  if (options.printUnit !== undefined) {
    invocation.output.raw(unitOf(options.printUnit, commandOf(options)))
    return TE.right(undefined)
  }
  if (options.gce && options.tcp === undefined) {
    return TE.left(usage('--gce is for programs that ask at a port: add --tcp', invocation))
  }
  return pipe(
    namesOf(invocation, options.profiles),
    TE.flatMap((profiles) => serving(invocation, withPort(options), profiles)),
  )
}
