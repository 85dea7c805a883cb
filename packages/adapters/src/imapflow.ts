/**
 * A source as the XOAUTH2 or OAUTHBEARER of an IMAP server, through `imapflow`.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { memberOf, passwords } from './internal/passwords.js'

/** `auth` of `ImapFlow`. */
export interface ImapAuth {
  readonly user: string
  readonly accessToken: string
}

/** `ImapFlow`, as far as it is used here. */
export interface ImapClient {
  readonly connect: () => Promise<void>
}

/** The parameters of {@link imapConnect}. */
export interface ImapConnectOptions<Client extends ImapClient> {
  readonly tokens: Tokens
  /** Whose mailbox it is: `ann@example.com`. */
  readonly user: string
  /** Makes a client that is not connected: each is good for one connection. */
  readonly client: (auth: ImapAuth) => Client
}

/**
 * A function that connects a client, which logs in with the access token. One that the server refuses is renewed, and another client
 * connects with the next one. A connection lasts as long as the server lets it: on its `close`, call it again.
 *
 * @example
 * import { imapConnect } from '@tessera/adapters/imapflow'
 * import type { TokenSource } from '@tessera/core'
 * import { ImapFlow } from 'imapflow'
 *
 * const mailbox = (tokens: TokenSource) =>
 *   imapConnect({
 *     tokens,
 *     user: 'ann@example.com',
 *     client: (auth) => new ImapFlow({ host: 'imap.example.com', port: 993, secure: true, auth }),
 *   })
 * assert.strictEqual(typeof mailbox, 'function')
 */
export const imapConnect = <Client extends ImapClient>({
  tokens,
  user,
  client: make,
}: ImapConnectOptions<Client>): (() => Promise<Client>) => {
  const { next, retry } = passwords(tokens, (error) => memberOf(error, 'authenticationFailed') === true)
  return () =>
    retry(async () => {
      const client = make({ user, accessToken: (await next()).text })
      await client.connect()
      return client
    })
}
