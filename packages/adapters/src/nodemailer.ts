/**
 * A source as the XOAUTH2 of an SMTP server, through `nodemailer`.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { handOut, refuse } from './internal/handed.js'

/** The parameters of {@link smtpAuth}. */
export interface SmtpAuthOptions {
  readonly tokens: Tokens
  /** Whose mailbox it is: `ann@example.com`. */
  readonly user: string
}

/** The `auth` of a transport. */
export interface SmtpAuth {
  readonly type: 'OAuth2'
  readonly user: string
  /** Asked at each connection; `renew` says that the token before was refused. */
  readonly provisionCallback: (
    user: string,
    renew: boolean,
    done: (error: Error | null, accessToken?: string, expires?: number) => void,
  ) => void
}

// A time that has passed: a token that nodemailer kept would be sent after it has been renewed, or refused elsewhere.
const NOT_KEPT = 1

/**
 * The access token as the `auth` of `createTransport`. A token that the server refuses is renewed, and nodemailer logs in once more with
 * the next one.
 *
 * @example
 * import { smtpAuth } from '@tessera/adapters/nodemailer'
 * import type { TokenSource } from '@tessera/core'
 * import { createTransport } from 'nodemailer'
 *
 * const transport = (tokens: TokenSource) =>
 *   createTransport({
 *     host: 'smtp.example.com',
 *     port: 465,
 *     secure: true,
 *     auth: smtpAuth({ tokens, user: 'ann@example.com' }),
 *   })
 * assert.strictEqual(typeof transport, 'function')
 */
export const smtpAuth = ({ tokens, user }: SmtpAuthOptions): SmtpAuth => {
  let last: string | undefined
  const next = async (isRefused: boolean): Promise<string> => {
    if (isRefused && last !== undefined) await refuse(tokens, last)
    last = (await handOut(tokens)).text
    return last
  }
  return {
    type: 'OAuth2',
    user,
    provisionCallback: (_user, renew, done) => {
      next(renew).then((token) => done(null, token, NOT_KEPT), done)
    },
  }
}
