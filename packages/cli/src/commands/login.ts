import * as Box from '@tessera/box'
import { type AuthError, instant, iso, minutes, plus, type Strategy, seconds, type TokenSet } from '@tessera/core'
import { type BegunLogin, browserLogin, type NodeEnv } from '@tessera/node'
import { beginLogin, type Callback, deviceCode } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { scopesOf } from '../draft.js'
import { ExitCode } from '../exitCode.js'
import { when } from '../inspection.js'
import { type Command, commandLine, type Invocation } from '../invocation.js'
import { type Browser, byHand, bySystem } from '../login/browser.js'
import { type Prepared, prepareLogin } from '../login/loginProfile.js'
import { whoami } from '../login/whoami.js'
import { printable } from '../printable.js'
import { hostOf, loginParameters, loginScope } from '../provider.js'
import type { ProviderOptions } from '../providerOptions.js'
import { type Problem, problem } from '../report.js'
import { type Session, withSessionOf } from '../session.js'

export interface LoginOptions extends ProviderOptions {
  readonly device: boolean
  readonly browser: boolean
  readonly port: number
}

const PATIENCE = minutes(10)

const requestOf = (
  { client, profile: { provider } }: Session,
  scope: ReadonlyArray<string>,
  redirectUri: string,
): ReturnType<typeof beginLogin> =>
  provider._tag === 'Box'
    ? (env) =>
        TE.fromIOEither(
          Box.authorizationRequest({
            client,
            redirectUri,
            ...(scope.length > 0 && { scope: scope.map(Box.scope.other) }),
          })(env),
        )
    : beginLogin({
        client,
        redirectUri,
        scope,
        offline: true,
        extra: loginParameters(provider, scope),
      })

const beginOf =
  (session: Session, scope: ReadonlyArray<string>) =>
  (redirectUri: string) =>
  (env: NodeEnv): TE.TaskEither<AuthError, BegunLogin> =>
    pipe(
      requestOf(session, scope, redirectUri)(env),
      TE.map((transaction) => ({ client: session.client, transaction })),
    )

const strategyOf = (
  { output }: Invocation,
  session: Session,
  browser: Browser,
  { device, port, scope }: LoginOptions,
  onCallback: (callback: Callback) => void,
): Strategy<NodeEnv> => {
  const { client, profile } = session
  const named = scopesOf(scope)
  const asked = named.length > 0 || profile.provider._tag === 'Box' ? named : loginScope(profile.provider)
  if (device) {
    return deviceCode({
      client,
      ...(asked.length > 0 && { scope: asked }),
      offline: true,
      ...(profile.provider._tag === 'OAuth' && { extra: profile.provider.parameters }),
      onUserCode: ({ verificationUri, userCode }) =>
        output.tell(`open ${printable(verificationUri)} and type the code ${output.colors.bold(printable(userCode))}`),
    })
  }
  return browserLogin({
    port,
    begin: beginOf(session, asked),
    // Box gives one at each login. Elsewhere a login may be without, and ends with its access token.
    refreshTokenRequired: profile.provider._tag === 'Box',
    visit: browser.visit,
    onCallback,
  })
}

/** The endpoint that the login begins at has to be there. */
const withEndpoint = (
  invocation: Invocation,
  { client: { server }, profile }: Session,
  { device }: LoginOptions,
  isNew: boolean,
): E.Either<Problem, void> => {
  const host = hostOf(profile.provider)
  const [asked, other] = device
    ? [server.deviceAuthorizationEndpoint, server.authorizationEndpoint]
    : [server.authorizationEndpoint, server.deviceAuthorizationEndpoint]
  if (O.isSome(asked)) return E.right(undefined)
  const login = commandLine(invocation, 'login')
  const instead = device ? login : `${login} --device`
  const endpoint = device ? '--device-authorization-endpoint' : '--authorization-endpoint'
  const named = isNew
    ? `add ${endpoint} URL`
    : `${invocation.self} profile add ${profile.name} --update … ${endpoint} URL`
  return E.left(
    problem(
      ExitCode.configuration,
      `${host} has no login ${device ? 'by a code' : 'with the browser'}, as far as the profile knows`,
      O.isSome(other) ? instead : named,
    ),
  )
}

const done = (
  { invocation, isNew }: Prepared,
  { profile, env, sessions }: Session,
  { token, file, user }: { readonly token: TokenSet; readonly file: O.Option<string>; readonly user: O.Option<string> },
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
    user: O.toNullable(user),
    expires_at: iso(token.expiresAt),
    scope: token.scope,
    store: sessions.kind,
    file: O.toNullable(file),
  })
  const who = O.isSome(user) ? ` as ${user.value}` : ''
  output.say(`${output.colors.green('logged in')}${who} to profile ${profile.name}${until}`)
  if (isNew) output.say(`the profile is saved in ${profile.file}`)
  if (O.isNone(token.refreshToken)) output.say('there is no refresh token: log in again when the access token ends')
  const { as: _, ...shared } = invocation.shared
  const next = profile.usual._tag === 'Login' ? { ...invocation, shared } : invocation
  output.say(`next: ${commandLine(next, 'token')}`)
}

/** What was not saved cannot be corrected where it is kept, and has to be said again. */
const unsaved =
  ({ invocation, isNew }: Prepared) =>
  (told: Problem): Problem => {
    if (!isNew) return told
    const next =
      told.exit === ExitCode.refused
        ? `nothing was saved: try again with the right client: ${commandLine(invocation, 'login')} …`
        : `${told.next}; nothing was saved, so give the same options again`
    return { ...told, next }
  }

const UNDO = seconds(15)

/** Saves the profile. A session of a new one that cannot be saved would be nobody's: it is revoked. */
const saved = (prepared: Prepared, { source, env, problem: told }: Session): TE.TaskEither<Problem, void> =>
  pipe(
    prepared.save,
    TE.orElse((failed) => {
      if (!prepared.isNew) return TE.left(failed)
      const limits = { deadline: instant(plus(env.clock.now(), UNDO)) }
      return pipe(
        source.within(limits).revoke,
        TE.matchE(
          (error) => {
            const { what } = told(error, 'the revocation')
            return TE.left({ ...failed, what: `${failed.what}; the login's session stays, since ${what}` })
          },
          (outcome) => {
            const ended =
              outcome === 'revoked' ? 'the login is revoked' : 'the login is forgotten, and not revoked at the server'
            return TE.left(unsaved(prepared)({ ...failed, what: `${failed.what}; ${ended}` }))
          },
        ),
      )
    }),
  )

const loggedIn = (prepared: Prepared, options: LoginOptions, session: Session): TE.TaskEither<Problem, void> => {
  const { invocation } = prepared
  const { source, env, problem: told } = session
  const { timeout } = invocation.shared
  const patience = timeout === undefined ? PATIENCE : seconds(timeout)
  const limits = { deadline: instant(plus(env.clock.now(), patience)), signal: invocation.signal }
  const browser = options.browser ? bySystem(invocation) : byHand(invocation)
  const waited = timeout === undefined ? '10 minutes' : `${timeout} s`
  return pipe(
    withEndpoint(invocation, session, options, prepared.isNew),
    TE.fromEither,
    TE.flatMap(() => async () => {
      let nonce: Callback['nonce']
      const strategy = strategyOf(invocation, session, browser, options, (callback) => {
        nonce = callback.nonce
      })
      const login = source.within(limits).login(strategy)(env)
      try {
        const token = await invocation.output.during(`waiting for the login, ${waited} at most`, login())
        return pipe(
          token,
          E.map((token) => ({ token, nonce })),
        )
      } finally {
        await browser.end()
      }
    }),
    TE.mapLeft((error) => unsaved(prepared)('_tag' in error ? told(error, 'the login') : error)),
    TE.tap(() => saved(prepared, session)),
    TE.bind('file', () => TE.fromTask(session.file)),
    TE.bind('user', ({ token, nonce }) => TE.fromTask(whoami(session, token, nonce))),
    TE.map((all) => done(prepared, session, all)),
  )
}

/** A person's login. It is the login's own session, whatever the profile gets tokens by. */
export const login: Command<LoginOptions> = (given, options) =>
  pipe(
    prepareLogin({ ...given, shared: { ...given.shared, as: 'login' } }, options),
    TE.flatMap((prepared) =>
      pipe(
        prepared.profile,
        withSessionOf(prepared.invocation, 'login', (session) => loggedIn(prepared, options, session)),
      ),
    ),
  )
