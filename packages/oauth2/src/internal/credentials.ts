import { type AuthError, type ClockEnv, type Limits, type RandomEnv, Secret, seconds } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Client } from '../Client.js'
import type { HttpRequest } from '../Http.js'
import { assertion, expiry, jti } from './assertion.js'
import { encode, form } from './form.js'

/** A client's authentication, as it goes into one request. */
export interface Credentials {
  /** Encoded. */
  readonly form: string
  readonly headers: HttpRequest['headers']
  readonly secrets: ReadonlyArray<Secret>
}

/** Where the credentials of a request come from: they are always the same, or they are made for each. */
export type Authenticate =
  | { readonly _tag: 'Always'; readonly credentials: Credentials }
  | {
      readonly _tag: 'Each'
      readonly make: (
        url: string,
        limits: Required<Limits>,
        env: ClockEnv & RandomEnv,
      ) => TE.TaskEither<AuthError, Credentials>
    }

const always = (credentials: Credentials): Authenticate => ({ _tag: 'Always', credentials })

/** No client at all: Box exchanges tokens without one. */
export const anonymous: Authenticate = always({ form: '', headers: [], secrets: [] })

/** What does not change is encoded once. */
export const authenticate = ({ id, authentication, server }: Client): Authenticate => {
  switch (authentication._tag) {
    case 'None':
      return always({ form: form([['client_id', id]]), headers: [], secrets: [] })
    case 'Post':
      return always({
        form: form([
          ['client_id', id],
          ['client_secret', authentication.secret],
        ]),
        headers: [],
        secrets: [authentication.secret],
      })
    case 'Basic': {
      const credentials = btoa(`${encode(id)}:${encode(Secret.open(authentication.secret))}`)
      const value = Secret.make('Authorization', `Basic ${credentials}`)
      return always({
        form: '',
        headers: [['authorization', value]],
        secrets: [authentication.secret, Secret.make('Credentials', credentials)],
      })
    }
    case 'PrivateKeyJwt': {
      const sign = assertion(authentication.signer)
      return {
        _tag: 'Each',
        make: (url, limits, { clock, random }) =>
          pipe(
            // Read when it runs: each request has a `jti` of its own.
            TE.fromIO(() => ({
              iss: id,
              sub: id,
              // Never the URL of another endpoint: whoever made that up would be handed an assertion for it.
              aud: O.getOrElse(() => url)(server.issuer),
              jti: jti(random)(),
              exp: expiry(clock.now(), seconds(60)),
            })),
            TE.flatMap((claims) => sign(claims, limits, clock)),
            TE.map((signed) => ({
              form: form([
                ['client_id', id],
                ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
                ['client_assertion', signed],
              ]),
              headers: [],
              secrets: [signed],
            })),
          ),
      }
    }
  }
}
