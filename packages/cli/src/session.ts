/**
 * From a profile to a source of tokens that every process of this person's shares.
 */
import * as Box from '@tessera/box'
import {
  type AuthError,
  instant,
  type Limits,
  millis,
  RetryPolicy,
  Strategy,
  seconds,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, nodeEnv, signer, systemClock } from '@tessera/node'
import { type AuthorizationServer, type Client, refreshToken, type TokenEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { commandLine, type Invocation, SECONDS } from './invocation.js'
import { type Principal, showPrincipal } from './principal.js'
import { type Profile, readProfile, situationOf } from './profile.js'
import { type Problem, toProblem } from './report.js'
import { openSessions, type SessionStore } from './sessionStore.js'

/** All that a command works with. */
export interface Session {
  readonly profile: Profile
  readonly client: Client
  /** The base of the API, for resources. */
  readonly api: string
  readonly source: TokenSource
  readonly sessions: SessionStore
  /** The file of the session, where there is one. */
  readonly file: Task<O.Option<string>>
  readonly env: NodeEnv
  readonly limits: Limits
  readonly problem: (error: AuthError, presented?: string) => Problem
}

export const serverOf = ({ baseUrl }: Pick<Profile, 'baseUrl'>): AuthorizationServer =>
  pipe(
    baseUrl,
    O.match(
      () => Box.server(),
      // An `iss` in a callback, where there is one, has to be the server's own.
      (base) => Box.serverAt(base, { issuer: O.some(base) }),
    ),
  )

export const clientOf = (profile: Pick<Profile, 'baseUrl' | 'settings'>): Client =>
  Box.client({
    id: profile.settings.clientId,
    secret: profile.settings.clientSecret,
    server: serverOf(profile),
  })

/** A way to a token, and what the server is shown. */
export interface Acquisition {
  readonly strategy: Strategy<TokenEnv>
  readonly presented: string
}

const subjectOf = (principal: Principal, { enterpriseId }: Box.Settings): Box.SubjectChoice =>
  principal._tag === 'User' ? Box.user(principal.id) : Box.remembering({ enterprise: O.toUndefined(enterpriseId) })

/** The strategy of a profile: by the key where there is one, by client credentials otherwise, or by a person's login. */
export const acquisitionOf = (client: Client, { settings, principal }: Profile): E.Either<AuthError, Acquisition> => {
  if (principal._tag === 'Login') return E.right({ strategy: refreshToken({ client }), presented: 'the refresh token' })
  const subject = subjectOf(principal, settings)
  const retrying = Strategy.retrying(RetryPolicy.exponential({ first: millis(200), tries: 3 }))
  return O.isNone(settings.appAuth)
    ? E.right({
        strategy: pipe(Box.clientCredentials({ client, subject }), retrying),
        presented: 'the client credentials',
      })
    : pipe(
        Box.keyOf(settings),
        E.map((key) => ({
          strategy: pipe(Box.jwt({ client, signer: signer(key), subject }), retrying),
          presented: 'the assertion',
        })),
      )
}

/** Contains the server, the client, the principal and the enterprise, so that nobody's token serves anybody else. */
export const keyOf = (client: Client, { principal, settings }: Pick<Profile, 'principal' | 'settings'>): string =>
  JSON.stringify([
    client.server.tokenEndpoint,
    client.id,
    `${showPrincipal(principal)}:${O.getOrElse(() => '')(settings.enterpriseId)}`,
  ])

/** Opens the session of the profile that the options name. */
export const openSession = (invocation: Invocation, command: string): TE.TaskEither<Problem, Session> => {
  const { shared, signal, output } = invocation
  const timeout = seconds(shared.timeout ?? SECONDS)
  const limits = { deadline: instant(systemClock.now() + timeout), signal }
  const toldOf = (profile: Profile, client: Client) => (error: AuthError, presented: string) =>
    toProblem({
      ...situationOf(invocation, command, profile.file, profile.store),
      server: pipe(
        profile.baseUrl,
        O.match(
          () => 'Box',
          (url) => new URL(url).host,
        ),
      ),
      presented,
      clientId: O.some(client.id),
      keyId: pipe(
        profile.settings.appAuth,
        O.map(({ publicKeyId }) => publicKeyId),
      ),
    })(error)
  return pipe(
    readProfile(invocation, command),
    TE.bindTo('profile'),
    TE.let('client', ({ profile }) => clientOf(profile)),
    TE.let('told', ({ profile, client }) => toldOf(profile, client)),
    TE.bind('acquisition', ({ profile, client, told }) =>
      pipe(
        acquisitionOf(client, profile),
        E.mapLeft((error) => told(error, 'the request')),
        TE.fromEither,
      ),
    ),
    TE.bind('sessions', ({ profile }) => {
      const opening = openSessions(invocation, profile.store, commandLine(invocation, command))
      return () => output.during('waiting for the store', opening())
    }),
    TE.map(({ profile, client, told, acquisition: { strategy, presented }, sessions }): Session => {
      const env = nodeEnv({ userAgent: 'tessera-cli' })
      const source = pipe(
        strategy,
        TokenSource.make({
          store: sessions.store,
          key: keyOf(client, profile),
          revocation: Box.revocation({ client }),
          timeout: millis(Math.min(timeout, seconds(15))),
          // Whoever asked is gone before a renewal in the background would end.
          renewal: 'blocking',
        }),
      )(env)()
      return {
        profile,
        client,
        api: O.getOrElse(() => 'https://api.box.com')(profile.baseUrl),
        source,
        sessions,
        file: sessions.file(source.key),
        env,
        limits,
        problem: (error, other = presented) => told(error, other),
      }
    }),
  )
}

/** Uses a session and ends it: a renewal under way is committed first, nothing is revoked. */
export const withSession = (
  invocation: Invocation,
  command: string,
  use: (session: Session) => TE.TaskEither<Problem, void>,
): TE.TaskEither<Problem, void> =>
  pipe(
    openSession(invocation, command),
    TE.flatMap((session) => async () => {
      const { source, env, sessions, problem } = session
      const result = await use(session)()
      const closed = await source.close({ revoke: false })()
      await env.close()
      await sessions.close()
      return E.isLeft(result) || E.isRight(closed) ? result : E.left(problem(closed.left))
    }),
  )
