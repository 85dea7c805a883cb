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
  type Revoker,
  type SourceConfig,
  Strategy,
  seconds,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, signer, systemClock } from '@tessera/node'
import { type Client, clientCredentials, refreshToken, revocation, type TokenEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { openEnv } from './environment.js'
import { commandLine, type Invocation, SECONDS } from './invocation.js'
import type { Principal } from './principal.js'
import { type Profile, readProfile, situationOf } from './profile.js'
import { type BoxProvider, clientOf, hostOf, keyOf, type Provider } from './provider.js'
import { type Problem, toProblem } from './report.js'
import { openSessions, type SessionStore } from './sessionStore.js'

/** All that a command works with. */
export interface Session {
  readonly profile: Profile
  readonly client: Client
  readonly source: TokenSource
  readonly sessions: SessionStore
  /** The file of the session, where there is one. */
  readonly file: Task<O.Option<string>>
  readonly env: NodeEnv
  readonly limits: Limits
  readonly problem: (error: AuthError, presented?: string) => Problem
}

/** A way to a token, and what the server is shown. */
export interface Acquisition {
  readonly strategy: Strategy<TokenEnv>
  readonly presented: string
}

const subjectOf = (principal: Principal, { enterpriseId }: Box.Settings): Box.SubjectChoice =>
  principal._tag === 'User' ? Box.user(principal.id) : Box.remembering({ enterprise: O.toUndefined(enterpriseId) })

const retrying = Strategy.retrying(RetryPolicy.exponential({ first: millis(200), tries: 3 }))

const ofBox = (client: Client, { settings }: BoxProvider, principal: Principal): E.Either<AuthError, Acquisition> => {
  const subject = subjectOf(principal, settings)
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

/** The strategy of a profile: a person's login, or the application's own credentials; with Box by the key where there is one. */
export const acquisitionOf = (
  client: Client,
  { provider, principal }: Pick<Profile, 'provider' | 'principal'>,
): E.Either<AuthError, Acquisition> => {
  if (principal._tag === 'Login') return E.right({ strategy: refreshToken({ client }), presented: 'the refresh token' })
  if (provider._tag === 'Box') return ofBox(client, provider, principal)
  const { scope, parameters } = provider
  return E.right({
    strategy: pipe(clientCredentials({ client, scope, parameters }), retrying),
    presented: 'the client credentials',
  })
}

const revocationOf = (provider: Provider, client: Client): { readonly revocation?: Revoker<TokenEnv> } => {
  if (provider._tag === 'Box') return { revocation: Box.revocation({ client }) }
  return O.isSome(client.server.revocationEndpoint) ? { revocation: revocation({ client }) } : {}
}

const keyIdOf = (provider: Provider): O.Option<string> =>
  provider._tag === 'Box'
    ? pipe(
        provider.settings.appAuth,
        O.map(({ publicKeyId }) => publicKeyId),
      )
    : O.none

/** How a source is used: once, unless it says otherwise. */
export type Use = Pick<SourceConfig<unknown>, 'renewal' | 'observe'>

// Whoever asked is gone before a renewal in the background would end.
const ONCE: Use = { renewal: 'blocking' }

/** Opens the session of a profile. */
export const openSession = (
  invocation: Invocation,
  command: string,
  profile: Profile,
  use: Use = ONCE,
): TE.TaskEither<Problem, Session> => {
  const { shared, signal, output } = invocation
  const { provider } = profile
  const timeout = seconds(shared.timeout ?? SECONDS)
  const limits = { deadline: instant(systemClock.now() + timeout), signal }
  const client = clientOf(provider)
  const told = (error: AuthError, presented: string): Problem =>
    toProblem({
      ...situationOf(invocation, command, profile.file, profile.store),
      server: hostOf(provider),
      isBox: provider._tag === 'Box',
      presented,
      clientId: O.some(client.id),
      keyId: keyIdOf(provider),
    })(error)
  return pipe(
    acquisitionOf(client, profile),
    E.mapLeft((error) => told(error, 'the request')),
    TE.fromEither,
    TE.bindTo('acquisition'),
    TE.apS('env', TE.fromIOEither(openEnv(invocation.variables))),
    TE.bind('sessions', () => {
      const opening = openSessions(invocation, profile.store, commandLine(invocation, command))
      return () => output.during('waiting for the store', opening())
    }),
    TE.map(({ env, acquisition: { strategy, presented }, sessions }): Session => {
      const source = pipe(
        strategy,
        TokenSource.make({
          store: sessions.store,
          key: keyOf(provider, profile.principal, profile.owner),
          ...revocationOf(provider, client),
          timeout: millis(Math.min(timeout, seconds(15))),
          ...use,
        }),
      )(env)()
      return {
        profile,
        client,
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

const ENDING = 'waiting for the answer under way, lest the session be lost; Ctrl-C again ends at once'

/** Ends a session: a renewal under way is committed first, nothing is revoked. */
export const closeSession =
  ({ source, env, sessions, problem }: Session): TE.TaskEither<Problem, void> =>
  async () => {
    const closed = await source.close({ revoke: false })()
    await env.close()
    await sessions.close()
    return pipe(
      closed,
      E.mapLeft((error) => problem(error)),
    )
  }

/** Uses the session of a profile and ends it. */
export const withSessionOf =
  <A>(
    invocation: Invocation,
    command: string,
    use: (session: Session) => TE.TaskEither<Problem, A>,
  ): ((profile: Profile) => TE.TaskEither<Problem, A>) =>
  (profile) =>
    pipe(
      openSession(invocation, command, profile),
      TE.flatMap((session) => async () => {
        const result = await use(session)()
        const closing = closeSession(session)()
        const closed = await (invocation.signal.aborted ? invocation.output.during(ENDING, closing) : closing)
        return E.isLeft(result) || E.isRight(closed) ? result : closed
      }),
    )

/** The same for the profile that the options name. */
export const withSession = <A>(
  invocation: Invocation,
  command: string,
  use: (session: Session) => TE.TaskEither<Problem, A>,
): TE.TaskEither<Problem, A> =>
  pipe(readProfile(invocation, command), TE.flatMap(withSessionOf(invocation, command, use)))
