/**
 * A source as the password of Postgres, through `pg`.
 *
 * @packageDocumentation
 */
import { memberOf, type PasswordOptions, passwords, type Retry } from './internal/passwords.js'

/** The token as what `pg` takes. */
export interface PgPassword {
  /** The `password` of a `Pool` or a `Client`: asked for at each connection. */
  readonly password: () => Promise<string>
  /** Renews a token that the server refuses: `retry(() => pool.query('select 1'))`. */
  readonly retry: Retry
}

// `invalid_password` and `invalid_authorization_specification` (PostgreSQL, appendix A): nothing of a statement was run.
const REFUSED = ['28P01', '28000']

/**
 * The access token as the password of a `Pool`: for Entra ID, IAM and other servers that take tokens. A connection that is open stays as it
 * is: Postgres looks at a password when one begins.
 *
 * @example
 * import { pgPassword } from '@tessera/adapters/pg'
 * import type { TokenSource } from '@tessera/core'
 * import { Pool } from 'pg'
 *
 * const query = (tokens: TokenSource) => {
 *   const { password, retry } = pgPassword({ tokens })
 *   const pool = new Pool({ host: 'db.example', user: 'app', ssl: true, password })
 *   return (text: string) => retry(() => pool.query(text))
 * }
 * assert.strictEqual(typeof query, 'function')
 */
export const pgPassword = ({ tokens }: PasswordOptions): PgPassword => {
  const { next, retry } = passwords(tokens, (error) => REFUSED.some((code) => code === memberOf(error, 'code')))
  return { password: async () => (await next()).text, retry }
}
