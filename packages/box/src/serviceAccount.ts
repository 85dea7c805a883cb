/**
 * An application's own tokens, from its settings file alone.
 *
 * @packageDocumentation
 */
import { type AuthError, checking, Secret, Strategy } from '@tessera/core'
import type { SignerEnv, TokenEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type App, type AppOptions, app } from './app.js'
import { clientCredentials } from './clientCredentials.js'
import { named, optional, SERVER } from './internal/arguments.js'
import { jwt } from './jwt.js'
import { settings as check, isRead, isSettings, type Key, keyOf, parseSettings, type Settings } from './settings.js'

/** The parameters of {@link serviceAccount}. */
export interface ServiceAccountOptions extends Omit<AppOptions, 'settings'> {
  /**
   * The text of the settings file, as a text or a Secret; what is in it, parsed; or what {@link settings} made of it, with
   * overrides, say.
   */
  readonly settings: unknown
}

const read = (given: unknown): E.Either<AuthError, Settings> => {
  if (typeof given === 'string' || Secret.is(given)) return parseSettings(given)
  if (isRead(given)) return given
  return isSettings(given) ? E.right(given) : check(given)
}

// A key is parsed by the first signature of its signer: one signer for each environment, not one for each token.
const signing = (made: App, key: Key): Strategy<TokenEnv & SignerEnv> => {
  const strategies = new WeakMap<SignerEnv['signer'], Strategy<TokenEnv>>()
  return Strategy.make({}, (attempt) => (env) => {
    const strategy = strategies.get(env.signer) ?? jwt({ ...made, signer: env.signer(key) })
    strategies.set(env.signer, strategy)
    return strategy(attempt)(env)
  })
}

/**
 * Tokens of an application, from its settings: by a signed assertion where they have a key pair ({@link jwt}), by client
 * credentials otherwise ({@link clientCredentials}). They stand for `user`, or for the settings' enterprise: the service account.
 *
 * What is wrong with the settings is the error of each attempt, as {@link settings} says it, and nothing is sent. The key is parsed
 * once in an environment.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import { memoryStore, TokenSource } from '@tessera/core'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const text = '{"boxAppSettings":{"clientID":"app","clientSecret":"s3cret"},"enterpriseID":"42"}'
 * const service = pipe(Box.serviceAccount({ settings: text }), TokenSource.make({ store: memoryStore() }))
 * assert.strictEqual(typeof service, 'function')
 */
export const serviceAccount: (options: ServiceAccountOptions) => Strategy<TokenEnv & SignerEnv> = checking(
  'Box.serviceAccount takes { settings, user?, server?, device? }',
  { settings: named('settings'), server: optional(SERVER) },
  Strategy.left,
  ({ settings, ...options }): Strategy<TokenEnv & SignerEnv> =>
    pipe(
      read(settings),
      E.flatMap((known): E.Either<AuthError, Strategy<TokenEnv & SignerEnv>> => {
        const made = app({ ...options, settings: known })
        if (O.isNone(known.appAuth)) return E.right(clientCredentials(made))
        return pipe(
          keyOf(known),
          E.map((key) => signing(made, key)),
        )
      }),
      E.getOrElse((error): Strategy<TokenEnv & SignerEnv> => Strategy.left(error)),
    ),
)
