/**
 * The person outside Box whom a downscoped token's annotations are attributed to.
 *
 * @packageDocumentation
 */
import { alphanumeric, type ClockEnv, checking, plus, type RandomEnv, raised, Secret, seconds } from '@tessera/core'
import { base64url, type Client } from '@tessera/oauth2'
import type { IO } from 'fp-ts/lib/IO.js'
import { CLIENT, TEXT } from './internal/arguments.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** Whoever annotates, though unknown to Box. */
export interface Actor {
  /** The application that vouches for the person: its client id. */
  readonly issuer: string
  /** The token endpoint. */
  readonly audience: string
  /** Any id of the application's own. */
  readonly id: string
  /** Shown beside the annotations. */
  readonly name: string
}

/** The parameters of {@link actor}. */
export interface ActorOptions {
  readonly client: Client
  readonly id: string
  readonly name: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * An actor of an application.
 *
 * @throws A {@link AuthError.toError | typed error} where an option is missing.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * const client = Box.client({ id: 'app', secret: 's3cret' })
 * const exchange = Box.tokenExchange({ client, actor: Box.actor({ client, id: 'u-1', name: 'Ada' }) })
 * assert.strictEqual(typeof exchange, 'function')
 */
export const actor: (options: ActorOptions) => Actor = checking(
  'Box.actor takes { client, id, name }',
  { client: CLIENT, id: TEXT, name: TEXT },
  raised,
  ({ client, id, name }) => ({
    issuer: client.id,
    audience: client.server.tokenEndpoint,
    id,
    name,
  }),
)

// -----------------------------------------------------------------------------
// token
// -----------------------------------------------------------------------------

const LIFETIME = seconds(45)

/**
 * The actor's token: an unsigned JWT (RFC 7519 §6), new at each exchange, as Box's own SDK for Node.js makes it. It proves
 * nothing, and needs not: the subject's token is the proof, and the actor is a label.
 *
 * Source: Box's guide “Annotator Tokens”, whose claims and lifetime these are.
 */
export const actorToken =
  ({ issuer, audience, id, name }: Actor) =>
  ({ clock, random }: ClockEnv & RandomEnv): IO<Secret<'ActorToken'>> =>
  () => {
    const claims = {
      iss: issuer,
      sub: id,
      name,
      box_sub_type: 'external',
      aud: audience,
      jti: alphanumeric(43)(random)(),
      exp: Math.floor(plus(clock.now(), LIFETIME) / 1_000),
    }
    const parts = [{ alg: 'none', typ: 'JWT' }, claims].map((part) =>
      base64url(new TextEncoder().encode(JSON.stringify(part))),
    )
    return Secret.make('ActorToken', `${parts.join('.')}.`)
  }
