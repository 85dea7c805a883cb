/**
 * The server of a provider, by its metadata or by its endpoints.
 */
import { type AuthError, seconds } from '@tessera/core'
import { AuthorizationServer, discovery } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { openEnv } from './environment.js'
import { commandLine, type Invocation, SECONDS } from './invocation.js'
import { situationOf, usage } from './profile.js'
import { type Problem, toProblem } from './report.js'

/** The endpoints that options name. */
export interface Endpoints {
  readonly tokenEndpoint?: string
  readonly authorizationEndpoint?: string
  readonly revocationEndpoint?: string
  readonly deviceAuthorizationEndpoint?: string
}

/** How options name a server. */
export interface ServerOptions extends Endpoints {
  readonly issuer?: string
  readonly allowHttp?: ReadonlyArray<string>
}

/** A server, and whether it is to be looked up anew at each login. */
export interface Found {
  readonly server: AuthorizationServer
  readonly discovered: boolean
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)

const told =
  (invocation: Invocation, command: string, issuer: string) =>
  (error: AuthError): Problem => {
    const again = `${commandLine(invocation, command)} … --issuer ${issuer}`
    const url = URL.canParse(issuer) ? new URL(issuer) : undefined
    const problem = toProblem({
      ...situationOf(invocation, command, ''),
      server: url?.host ?? 'the issuer',
      isBox: false,
      presented: 'to tell its metadata',
    })(error)
    if (error._tag === 'Misconfigured' && url?.protocol === 'http:' && !isLoopback(url.hostname)) {
      return {
        ...problem,
        what: `${url.origin} is not https, so that whoever is on the way reads every secret`,
        next: `where that network is your own: ${again} --allow-http ${url.origin}`,
      }
    }
    return {
      ...problem,
      next: `see that the issuer is right, to the letter, or name --token-endpoint and --authorization-endpoint, then: ${again}`,
    }
  }

/** Reads the metadata of a server (RFC 8414, OpenID Connect Discovery). */
export const discover = (
  invocation: Invocation,
  command: string,
  { issuer, allowHttp }: ServerOptions & { readonly issuer: string },
): TE.TaskEither<Problem, AuthorizationServer> => {
  const { shared, signal, output } = invocation
  const timeout = seconds(shared.timeout ?? SECONDS)
  return pipe(
    TE.fromIOEither(openEnv(invocation.variables)),
    TE.flatMap((env) =>
      pipe(
        () => {
          const found = discovery({ issuer, timeout, signal, allowHttp })(env)()
          return output.during('waiting for the metadata of the server', found).finally(env.close)
        },
        TE.mapLeft(told(invocation, command, issuer)),
      ),
    ),
  )
}

const optional = <Name extends string>(name: Name, value: string | undefined) =>
  value === undefined ? {} : { [name]: O.some(value) }

/** The endpoints that are named beside an issuer. */
const given = (options: ServerOptions): Partial<AuthorizationServer> => ({
  ...optional('authorizationEndpoint', options.authorizationEndpoint),
  ...optional('revocationEndpoint', options.revocationEndpoint),
  ...optional('deviceAuthorizationEndpoint', options.deviceAuthorizationEndpoint),
})

/** The server that options describe: by its endpoints where they name the one for tokens, by its metadata otherwise. */
export const serverFrom = (
  invocation: Invocation,
  command: string,
  options: ServerOptions,
): TE.TaskEither<Problem, Found> => {
  const { issuer, tokenEndpoint } = options
  if (tokenEndpoint !== undefined) {
    return TE.right({ server: AuthorizationServer.make({ ...options, tokenEndpoint }), discovered: false })
  }
  if (issuer === undefined) {
    return TE.left(usage('name the provider by --provider, by --issuer, or by --token-endpoint', invocation))
  }
  const named = given(options)
  return pipe(
    discover(invocation, command, { ...options, issuer }),
    // What was named by hand is not to be forgotten at the next discovery.
    TE.map((server) => ({ server: { ...server, ...named }, discovered: Object.keys(named).length === 0 })),
  )
}
