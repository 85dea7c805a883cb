/**
 * Downscoping: a token that may do less.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type ClockEnv,
  type Target as CoreTarget,
  checking,
  type DownscopeConfig,
  type Exchange,
  Strategy,
  TokenSource,
  type Tokens,
} from '@tessera/core'
import { type AuthorizationServer, type Client, tokenExchange as oauth2Exchange, type TokenEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { type Actor, actorToken } from './actor.js'
import { CLIENT_OR_SERVER, SCOPES } from './internal/arguments.js'
import type { Scope } from './scope.js'
import { server as boxServer } from './server.js'

// -----------------------------------------------------------------------------
// exchange
// -----------------------------------------------------------------------------

/** The parameters of {@link tokenExchange}. */
export interface TokenExchangeOptions {
  /** Where yours is to be named. Default: none. */
  readonly client?: Client | undefined
  /** Where there is no client. Default: `Box.server()`. */
  readonly server?: AuthorizationServer | undefined
  /** Whom annotations are attributed to. */
  readonly actor?: Actor | undefined
}

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

const check = (target: CoreTarget): E.Either<AuthError, CoreTarget> => {
  // A space in one scope would make two of it.
  if (!target.scope.every((each) => SCOPE.test(each))) {
    return E.left(AuthError.misconfigured('scope', 'a scope is printable ASCII without space, quote and backslash'))
  }
  return target.resource !== undefined && target.parameters?.['box_shared_link'] !== undefined
    ? E.left(AuthError.misconfigured('resource', 'Box takes a resource or a shared link, not both'))
    : E.right(target)
}

/**
 * Exchanges a token for one with less scope, for one item (RFC 8693): what `TokenSource.downscoped` of core takes. Box
 * authenticates no client here: the subject's token is the proof. Give a client where yours is to be named anyway, or a
 * server where it is not Box's.
 *
 * `Misconfigured` where a scope is not one, or both a resource and a shared link are given.
 *
 * Source: Box's guide “Downscope a Token”.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import { memoryStore, TokenSource } from '@tessera/core'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const preview = pipe(
 *   Box.developerToken(),
 *   TokenSource.make({ store: memoryStore() }),
 *   TokenSource.downscoped({
 *     exchange: Box.tokenExchange(),
 *     scope: [Box.scope.itemPreview],
 *     resource: Box.file('123'),
 *   }),
 * )
 * assert.strictEqual(typeof preview, 'function')
 */
export const tokenExchange: (options?: TokenExchangeOptions) => Exchange<TokenEnv> = checking(
  'Box.tokenExchange takes { client | server, actor? }',
  CLIENT_OR_SERVER,
  (error) => () => Strategy.left(error),
  ({ client, server = boxServer(), actor }: TokenExchangeOptions = {}): Exchange<TokenEnv> => {
    const exchange = oauth2Exchange(client === undefined ? { server } : { client })
    return (subject, target) => {
      const checked = check(target)
      if (E.isLeft(checked)) return () => RTE.left(checked.left)
      if (actor === undefined) return exchange(subject, target)
      return (attempt) => (env) => () => {
        const acting = { actor_token: actorToken(actor)(env)(), actor_token_type: ID_TOKEN }
        return exchange(subject, { ...target, parameters: { ...target.parameters, ...acting } })(attempt)(env)()
      }
    }
  },
)

// -----------------------------------------------------------------------------
// source
// -----------------------------------------------------------------------------

/** What a downscoped token may do: core's target, with scopes of Box's. */
export interface Target extends Omit<CoreTarget, 'scope'> {
  readonly scope: ReadonlyArray<Scope>
}

/** The parameters of {@link downscoped}. */
export interface DownscopeOptions extends Target, TokenExchangeOptions, Pick<DownscopeConfig<TokenEnv>, 'timeout'> {}

/**
 * `TokenSource.downscoped` with Box's {@link tokenExchange}, piped after a source.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import { memoryStore, TokenSource } from '@tessera/core'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const client = Box.client({ id: 'app', secret: 's3cret' })
 * const preview = pipe(
 *   Box.clientCredentials({ client, subject: Box.enterprise('42') }),
 *   TokenSource.make({ store: memoryStore() }),
 *   Box.downscoped({ scope: [Box.scope.itemPreview], parameters: Box.sharedLink('https://app.box.com/s/abc') }),
 * )
 * assert.strictEqual(typeof preview, 'function')
 */
export const downscoped: (
  options: DownscopeOptions,
) => <S>(parent: ReaderIO<S, Tokens>) => ReaderIO<TokenEnv & S & ClockEnv, Tokens> = checking(
  'Box.downscoped takes { scope, resource?, client | server, … }',
  { scope: SCOPES, ...CLIENT_OR_SERVER },
  (error) => TokenSource.downscoped({ exchange: () => Strategy.left(error), scope: [] }),
  ({ client, server, actor, ...target }) =>
    TokenSource.downscoped({ exchange: tokenExchange({ client, server, actor }), ...target }),
)
