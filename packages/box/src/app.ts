/**
 * An application, from its settings.
 *
 * @packageDocumentation
 */
import { checking, raised } from '@tessera/core'
import type { AuthorizationServer, Client } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import { client, type Device } from './client.js'
import { optional, SERVER, SETTINGS } from './internal/arguments.js'
import type { Settings } from './settings.js'
import { remembering, type SubjectChoice } from './subject.js'

/** What the strategies of an application share. */
export interface App {
  readonly client: Client
  /** The remembered user, else the given one, else the settings' enterprise. */
  readonly subject: SubjectChoice
}

/** The parameters of {@link app}. */
export interface AppOptions {
  readonly settings: Settings
  readonly user?: string | undefined
  readonly device?: Device
  readonly server?: AuthorizationServer
}

/**
 * The client and the subject of settings, to be spread into a strategy.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given no settings.
 *
 * @example
 * import * as Box from '@tessera/box'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const strategy = pipe(
 *   Box.settings({ boxAppSettings: { clientID: 'app', clientSecret: 's3cret' }, enterpriseID: '42' }),
 *   E.map((settings) => Box.clientCredentials(Box.app({ settings }))),
 * )
 * assert.ok(E.isRight(strategy))
 */
export const app: (options: AppOptions) => App = checking(
  'Box.app takes { settings, user?, device?, server? }',
  { settings: SETTINGS, server: optional(SERVER) },
  raised,
  ({ settings: { clientId, clientSecret, enterpriseId }, user, ...options }) => ({
    client: client({ id: clientId, secret: clientSecret, ...options }),
    subject: remembering({ enterprise: O.toUndefined(enterpriseId), user }),
  }),
)
