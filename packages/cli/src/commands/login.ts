import { access } from 'node:fs/promises'
import * as Box from '@tessera/box'
import { minutes, plus, type Strategy, type TokenSet } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import { deviceCode } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { when } from '../inspection.js'
import { type Command, commandLine, type Invocation } from '../invocation.js'
import { askSettings } from '../login/askSettings.js'
import { browserLogin } from '../login/browserLogin.js'
import { openBrowser } from '../login/openBrowser.js'
import { printable } from '../printable.js'
import { profileFile } from '../profile.js'
import type { Problem } from '../report.js'
import { type Session, withSession } from '../session.js'

export interface LoginOptions {
  readonly device: boolean
  readonly browser: boolean
  readonly port: number
  readonly scope: ReadonlyArray<string>
}

const PATIENCE = minutes(10)

const byAddress = (url: string): string => `open this address in a browser:\n\n  ${url}\n`

/**
 * Opens the system's browser; says the address where that does not work. What opens it is a program of the system, to whose
 * arguments the address belongs: other users of this machine may see it, with its state and the challenge, and can log nobody
 * in by them.
 */
const visitBySystem =
  (invocation: Invocation) =>
  (url: string): void => {
    const { output } = invocation
    output.say(`opening the browser; if nothing happens: ${commandLine(invocation, 'login')} --no-browser`)
    openBrowser(url, invocation.variables).catch(() => output.tell(byAddress(url)))
  }

const strategyOf = (invocation: Invocation, { client }: Session, options: LoginOptions): Strategy<NodeEnv> => {
  const { output } = invocation
  const scope = options.scope.flatMap((text) => text.split(/[\s,]+/)).filter((each) => each !== '')
  if (options.device) {
    return deviceCode({
      client,
      ...(scope.length > 0 && { scope }),
      onUserCode: ({ verificationUri, userCode }) =>
        output.tell(`open ${printable(verificationUri)} and type the code ${output.colors.bold(printable(userCode))}`),
    })
  }
  return browserLogin({
    client,
    port: options.port,
    ...(scope.length > 0 && { scope: scope.map(Box.scope.other) }),
    visit: options.browser ? visitBySystem(invocation) : (url) => output.tell(byAddress(url)),
  })
}

const done = (
  invocation: Invocation,
  { profile, env, sessions }: Session,
  token: TokenSet,
  file: O.Option<string>,
): void => {
  const { output } = invocation
  const until = pipe(
    token.expiresAt,
    O.match(
      () => '',
      (at) => `; access token until ${when(at, env.clock.now())}`,
    ),
  )
  output.result(undefined, {
    profile: profile.name,
    logged_in: true,
    expires_at: pipe(
      token.expiresAt,
      O.map((at) => new Date(at).toISOString()),
      O.toNullable,
    ),
    scope: token.scope,
    store: sessions.kind,
    file: O.toNullable(file),
  })
  output.say(`${output.colors.green('logged in')} to profile ${profile.name}${until}`)
  output.say(`next: ${commandLine(invocation, 'token')}`)
}

/** On a terminal, a profile that is missing is asked for. */
const ensureProfile = (invocation: Invocation): TE.TaskEither<Problem, void> =>
  pipe(
    TE.fromEither(profileFile(invocation)),
    TE.flatMap(({ file }) => async () => {
      const there = await access(file).then(
        () => true,
        () => false,
      )
      return there || !invocation.interactive || invocation.shared.config !== undefined
        ? E.right(undefined)
        : askSettings(file, commandLine(invocation, 'login'), invocation.shared.baseUrl)()
    }),
  )

/** A person's login. It is the login's own session, whatever the profile gets tokens by. */
export const login: Command<LoginOptions> = (given, options) => {
  const invocation = { ...given, shared: { ...given.shared, as: 'login' } }
  return pipe(
    ensureProfile(invocation),
    TE.flatMap(() =>
      withSession(invocation, 'login', (session) => {
        const { source, env, problem } = session
        const limits = { deadline: plus(env.clock.now(), PATIENCE), signal: invocation.signal }
        return pipe(
          () =>
            invocation.output.during(
              'waiting for the login, 10 minutes at most',
              source.within(limits).login(strategyOf(invocation, session, options))(env)(),
            ),
          TE.bindTo('token'),
          TE.bind('file', () => TE.fromTask(session.file)),
          TE.bimap(
            (error) => problem(error, 'the login'),
            ({ token, file }) => done(invocation, session, token, file),
          ),
        )
      }),
    ),
  )
}
