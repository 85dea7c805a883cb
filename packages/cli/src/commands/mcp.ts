/**
 * Sessions with MCP servers, each known by its URL alone.
 */
import { AuthError, instant, iso, minutes, plus, Secret, seconds, type TokenSet } from '@tessera/core'
import { byBrowser, byDevice, connectMcp, type Login, type McpConnection } from '@tessera/mcp'
import type { NodeEnv } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { openEnv, openFetch } from '../environment.js'
import { ExitCode } from '../exitCode.js'
import { when } from '../inspection.js'
import { type Command, commandLine, type Invocation, SECONDS, word } from '../invocation.js'
import { type Browser, byHand, bySystem } from '../login/browser.js'
import { printable } from '../printable.js'
import { CLIENT_SECRET } from '../profile.js'
import { type Problem, problem, toProblem } from '../report.js'
import { openSessions, placeOf, storeSituation } from '../sessionStore.js'
import { tokenJson } from '../tokenJson.js'

/** Which MCP server. */
export interface McpTokenOptions {
  readonly url: string
  readonly allowHttp?: ReadonlyArray<string>
}

export interface McpLoginOptions extends McpTokenOptions {
  readonly device: boolean
  readonly browser: boolean
  /** Of its own choice where there is none. */
  readonly port?: number
  readonly scope?: ReadonlyArray<string>
  readonly clientId?: string
  /** Where that client is registered. */
  readonly issuer?: string
  readonly clientMetadataUrl?: string
}

/** What a command works with. */
interface Opened {
  readonly mcp: McpConnection
  readonly env: NodeEnv
  readonly told: (error: AuthError) => Problem
}

const command = (name: string, url: string): string => `mcp ${name} ${word(url)}`

/** A profile's name tells the logins of one person at one server apart. */
const keyOf = ({ shared }: Invocation, url: string): string =>
  shared.profile === undefined ? `mcp ${url}` : `mcp ${url} ${shared.profile}`

const secretOf = ({ variables }: Invocation): O.Option<string> =>
  pipe(
    O.fromNullable(variables[CLIENT_SECRET]),
    O.filter((secret) => secret !== ''),
  )

const clientOf = (invocation: Invocation, { clientId: id, issuer }: Partial<McpLoginOptions>) =>
  id === undefined ? undefined : { id, issuer, secret: O.toUndefined(secretOf(invocation)) }

/** A secret goes to the server that it is of, and not to whichever the MCP server names. */
const withIssuer = (invocation: Invocation, { clientId, issuer, url }: McpLoginOptions): E.Either<Problem, void> =>
  clientId !== undefined && issuer === undefined && O.isSome(secretOf(invocation))
    ? E.left(
        problem(
          ExitCode.usage,
          `${CLIENT_SECRET} is set, and nothing says which authorization server it is for`,
          `${commandLine(invocation, command('login', url))} --client-id ${word(clientId)} --issuer URL, or unset ${CLIENT_SECRET}`,
        ),
      )
    : E.right(undefined)

const ENDING = 'waiting for the answer under way, lest the session be lost; Ctrl-C again ends at once'

/** Opens the session of a server, uses it, and ends it: a renewal under way is committed first, nothing is revoked. */
const withMcp = (
  invocation: Invocation,
  name: string,
  options: McpTokenOptions & Partial<McpLoginOptions>,
  login: Login | undefined,
  use: (opened: Opened) => TE.TaskEither<Problem, void>,
): TE.TaskEither<Problem, void> => {
  const { url, allowHttp, clientMetadataUrl, scope } = options
  const again = commandLine(invocation, command(name, url))
  return pipe(
    TE.fromEither(placeOf(invocation, () => E.right(O.none))),
    TE.bindTo('place'),
    TE.apS('env', TE.fromIOEither(openEnv(invocation.variables))),
    TE.bind('sessions', ({ place }) => {
      const opening = openSessions(invocation, place, again)
      return () => invocation.output.during('waiting for the store', opening())
    }),
    TE.flatMap(({ place, env, sessions }) => async () => {
      const told = toProblem({
        server: new URL(url).host,
        isBox: false,
        presented: 'the session',
        again,
        login: commandLine(invocation, command('login', url)),
        config: 'the options',
        store: storeSituation(invocation, place),
        baseUrl: O.none,
        clientId: O.fromNullable(options.clientId),
        keyId: O.none,
      })
      const mcp = connectMcp({
        url,
        store: sessions.store,
        key: keyOf(invocation, url),
        login,
        client: clientOf(invocation, options),
        clientMetadataUrl,
        clientName: 'tessera',
        scope,
        allowHttp,
        env,
        fetch: openFetch(),
      })
      const result = await use({ mcp, env, told })()
      const closing = mcp.source.close({ revoke: false })()
      const closed = await (invocation.signal.aborted ? invocation.output.during(ENDING, closing) : closing)
      await mcp.close({ revoke: false }).catch(() => undefined)
      await env.close()
      await sessions.close()
      return E.isLeft(result) || E.isRight(closed) ? result : E.left(told(closed.left))
    }),
  )
}

/** Prints a token that is valid now, and nothing else. */
export const mcpToken: Command<McpTokenOptions> = (invocation, options) =>
  withMcp(invocation, 'token', options, undefined, ({ mcp, env, told }) => {
    const { shared, signal, output } = invocation
    const limits = { signal, deadline: instant(plus(env.clock.now(), seconds(shared.timeout ?? SECONDS))) }
    return pipe(
      () => output.during('waiting for a token', mcp.source.within(limits).get()),
      TE.bimap(told, (got) => output.result(Secret.open(got.accessToken), tokenJson(got))),
    )
  })

const loginOf = ({ output }: Invocation, browser: Browser, { device, port }: McpLoginOptions): Login =>
  device
    ? byDevice({
        onUserCode: ({ verificationUri, userCode }) =>
          output.tell(
            `open ${printable(verificationUri)} and type the code ${output.colors.bold(printable(userCode))}`,
          ),
      })
    : byBrowser({ visit: browser.visit, port })

const PATIENCE = minutes(10)

const done = (invocation: Invocation, url: string, env: NodeEnv, token: TokenSet): void => {
  const { output } = invocation
  const until = O.isSome(token.expiresAt) ? `; access token until ${when(token.expiresAt.value, env.clock.now())}` : ''
  output.result(undefined, { url, logged_in: true, expires_at: iso(token.expiresAt), scope: token.scope })
  output.say(`${output.colors.green('logged in')} at ${printable(url)}${until}`)
  if (O.isNone(token.refreshToken)) output.say('there is no refresh token: log in again when the access token ends')
  output.say(`next: ${commandLine(invocation, command('token', url))}`)
}

const orThrow = (error: unknown): AuthError => {
  if (AuthError.isException(error)) return error.error
  throw error
}

/** A person's login at an MCP server, for every process of this person's. */
export const mcpLogin: Command<McpLoginOptions> = (invocation, options) => {
  const browser = options.browser ? bySystem(invocation) : byHand(invocation)
  const { shared, signal, output } = invocation
  const patience = shared.timeout === undefined ? PATIENCE : seconds(shared.timeout)
  const waited = shared.timeout === undefined ? '10 minutes' : `${shared.timeout} s`
  const logIn = withMcp(invocation, 'login', options, loginOf(invocation, browser, options), ({ mcp, env, told }) =>
    pipe(
      TE.tryCatch(async () => {
        const login = mcp.login({ signal, deadline: instant(plus(env.clock.now(), patience)) })
        try {
          return await output.during(`waiting for the login, ${waited} at most`, login)
        } finally {
          await browser.end()
        }
      }, orThrow),
      TE.bimap(told, (token) => done(invocation, options.url, env, token)),
    ),
  )
  return pipe(
    TE.fromEither(withIssuer(invocation, options)),
    TE.flatMap(() => logIn),
  )
}
