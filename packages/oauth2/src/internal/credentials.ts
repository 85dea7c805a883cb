import { type AuthError, type Limits, Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Client } from '../Client.js'
import type { Parameter } from '../Grant.js'
import type { HttpRequest } from '../Http.js'
import type { TokenEnv } from '../TokenEnv.js'
import { assertion, expiry, jti } from './assertion.js'
import { encoded, text, wrong } from './form.js'
import { readSubject } from './subject.js'

/** A client's authentication, as it goes into one request. */
export interface Credentials {
  readonly parameters: ReadonlyArray<Parameter>
  readonly headers: HttpRequest['headers']
  /** Those of the headers. */
  readonly secrets: ReadonlyArray<Secret>
}

/** Where the credentials of a request come from: they are always the same, or they are made for each. */
export type Authenticate =
  | { readonly _tag: 'Always'; readonly credentials: E.Either<AuthError, Credentials> }
  | {
      readonly _tag: 'Each'
      readonly make: (url: string, limits: Required<Limits>, env: TokenEnv) => TaskEither<AuthError, Credentials>
    }

/** In the form alone. */
const posted = (parameters: ReadonlyArray<Parameter>): Credentials => ({ parameters, headers: [], secrets: [] })
/** By an assertion (RFC 7523 §2.2). */
const asserted =
  (id: string) =>
  (assertion: Secret): Credentials =>
    posted([
      ['client_id', id],
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ['client_assertion', assertion],
    ])

const always = (credentials: E.Either<AuthError, Credentials>): Authenticate => ({ _tag: 'Always', credentials })

/** No client at all: Box exchanges tokens without one. */
export const anonymous: Authenticate = always(E.right(posted([])))

/** In UTF-8 (RFC 7617 §2.1); what is form-encoded is ASCII. */
const base64 = (credentials: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))

/** A colon ends the id (RFC 7617 §2). */
const userId = (id: string): E.Either<AuthError, string> =>
  pipe(
    text('client_id', id),
    E.flatMap((user) =>
      user.includes(':')
        ? E.left(wrong('client_id has a colon, which Basic has no place for where it is sent as it is'))
        : E.right(user),
    ),
  )

/** What does not change is made once. */
export const authenticate = ({ id, authentication, server }: Client): Authenticate => {
  switch (authentication._tag) {
    // The certificate is the connection's (RFC 8705 §2).
    case 'Tls':
    case 'None':
      return always(E.right(posted([['client_id', id]])))
    case 'Post':
      return always(
        E.right(
          posted([
            ['client_id', id],
            ['client_secret', authentication.secret],
          ]),
        ),
      )
    case 'Basic': {
      const { secret } = authentication
      const isVerbatim = server.provider.basic === 'verbatim'
      const user = isVerbatim ? userId(id) : encoded('client_id', id)
      if (E.isLeft(user)) return always(user)
      const password = (isVerbatim ? text : encoded)('client_secret', secret)
      if (E.isLeft(password)) return always(password)
      const credentials = base64(`${user.right}:${password.right}`)
      return always(
        E.right({
          parameters: [],
          headers: [['authorization', Secret.make('Authorization', `Basic ${credentials}`)]],
          secrets: [secret, Secret.make('Credentials', credentials)],
        }),
      )
    }
    case 'ClientSecretJwt':
    case 'PrivateKeyJwt': {
      const sign = assertion(authentication.signer)
      return {
        _tag: 'Each',
        make:
          (url, limits, { clock, random }) =>
          async () => {
            const claims = {
              iss: id,
              sub: id,
              // Never the URL of another endpoint: whoever made that up would be handed an assertion for it.
              aud: O.getOrElse(() => url)(server.issuer),
              jti: jti(random)(),
              exp: expiry(clock.now(), seconds(60)),
            }
            return pipe(await sign(claims, limits, clock)(), E.map(asserted(id)))
          },
      }
    }
    case 'Assertion': {
      const { assertion: read } = authentication
      return {
        _tag: 'Each',
        make: (_, limits, env) => async () => pipe(await readSubject(read, limits, env)(), E.map(asserted(id))),
      }
    }
  }
}
