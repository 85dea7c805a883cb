import type { Key } from '@tessera/core'
import type { Client } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'

/** Which application it is, to whatever may be shared with others: the store, the cipher, the host. */
export interface Application {
  readonly name: string
  /** A `sub` is unique at its issuer alone (OpenID Connect Core §2). A server without an issuer is where its tokens are. */
  readonly issuer: string
}

export const applicationOf = (name: string, { server: { issuer, tokenEndpoint } }: Client): Application => ({
  name,
  issuer: O.getOrElse(() => tokenEndpoint)(issuer),
})

// As JSON no two lists are one text, whatever is in them.
const prefixOf = ({ name, issuer }: Application): string => `${JSON.stringify([name, issuer]).slice(0, -1)},`

/** Names a person of the application's issuer, and the session of their tokens. */
export const keyOf = (application: Application, sub: string): Key => `${prefixOf(application)}${JSON.stringify(sub)}]`

/** Whether a key is of this application. */
export const isOwn = (application: Application, key: Key): boolean => key.startsWith(prefixOf(application))
