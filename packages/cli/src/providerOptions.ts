/**
 * The options that describe a provider. One that would do nothing is refused, by its name.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Endpoints } from './discover.js'
import { ExitCode } from './exitCode.js'
import type { Provider, SecretMethod } from './provider.js'
import { type Problem, problem } from './report.js'

export interface ProviderOptions extends Endpoints {
  /** The name of a provider that is known. */
  readonly provider?: string
  /** Its variables. */
  readonly set?: Readonly<Record<string, string>>
  readonly issuer?: string
  readonly clientId?: string
  /** The secret is read from standard input. */
  readonly secretStdin?: boolean
  readonly authentication?: SecretMethod
  readonly scope?: ReadonlyArray<string>
  readonly parameter?: Readonly<Record<string, string>>
  readonly origin?: ReadonlyArray<string>
  readonly allowHttp?: ReadonlyArray<string>
}

type Option = keyof ProviderOptions

const SHOWN: Readonly<Record<Option, string>> = {
  provider: '--provider',
  set: '--set',
  issuer: '--issuer',
  clientId: '--client-id',
  secretStdin: '--secret-stdin',
  authentication: '--authentication',
  scope: '--scope',
  parameter: '--parameter',
  origin: '--origin',
  allowHttp: '--allow-http',
  tokenEndpoint: '--token-endpoint',
  authorizationEndpoint: '--authorization-endpoint',
  revocationEndpoint: '--revocation-endpoint',
  deviceAuthorizationEndpoint: '--device-authorization-endpoint',
}

/** Where options do nothing, and what to do instead. */
interface Place {
  readonly where: string
  readonly next: string
}

/** The error that names the first of the options that do nothing. */
export const refusing = (
  options: ProviderOptions,
  without: ReadonlyArray<Option>,
  { where, next }: Place,
): E.Either<Problem, void> => {
  const first = without.find((name) => options[name] !== undefined)
  return first === undefined
    ? E.right(undefined)
    : E.left(problem(ExitCode.usage, `${SHOWN[first]} has no effect ${where}`, next))
}

const ENDPOINTS = [
  'tokenEndpoint',
  'authorizationEndpoint',
  'revocationEndpoint',
  'deviceAuthorizationEndpoint',
] as const satisfies ReadonlyArray<Option>

/** What no profile of Box's says. */
export const NOT_OF_BOX: ReadonlyArray<Option> = ['issuer', 'set', 'authentication', 'scope', 'parameter', ...ENDPOINTS]

const isWithin = (all: ReadonlyArray<string>, some: ReadonlyArray<string> = []): boolean =>
  some.every((each) => all.includes(each))

const isAmong = (some: Readonly<Record<string, string>> = {}, all: Readonly<Record<string, string>>): boolean =>
  Object.entries(some).every(([name, value]) => all[name] === value)

/** Which options say something else than a profile that is there, though the profile is what counts. A scope is of one login. */
export const otherwise = (options: ProviderOptions, provider: Provider): ReadonlyArray<Option> => {
  const both: ReadonlyArray<Option> = [
    'secretStdin',
    ...(isWithin(provider.origins, options.origin) ? [] : ['origin' as const]),
    ...(isWithin(provider.allowHttp, options.allowHttp) ? [] : ['allowHttp' as const]),
  ]
  if (provider._tag === 'Box') return [...both, ...NOT_OF_BOX.filter((name) => name !== 'scope')]
  const { server, authentication, parameters, chosen } = provider
  const variables = O.isSome(chosen) ? chosen.value.variables : {}
  const saved: Endpoints = {
    tokenEndpoint: server.tokenEndpoint,
    ...(O.isSome(server.authorizationEndpoint) && { authorizationEndpoint: server.authorizationEndpoint.value }),
    ...(O.isSome(server.revocationEndpoint) && { revocationEndpoint: server.revocationEndpoint.value }),
    ...(O.isSome(server.deviceAuthorizationEndpoint) && {
      deviceAuthorizationEndpoint: server.deviceAuthorizationEndpoint.value,
    }),
  }
  return [
    ...both,
    ...(isAmong(options.set, variables) ? [] : ['set' as const]),
    ...(options.authentication === O.toUndefined(authentication) ? [] : ['authentication' as const]),
    ...(isAmong(options.parameter, parameters) ? [] : ['parameter' as const]),
    ...ENDPOINTS.filter((name) => options[name] !== saved[name]),
  ]
}
