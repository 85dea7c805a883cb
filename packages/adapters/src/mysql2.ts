/**
 * A source as the password of MySQL or MariaDB, through `mysql2`.
 *
 * @packageDocumentation
 */
import { memberOf, type PasswordOptions, passwords, type Retry } from './internal/passwords.js'

/** Where a connection goes, as `mysql2` tells a `stream`. */
export interface MysqlTarget {
  readonly config: {
    readonly host?: string | undefined
    readonly port?: number | undefined
    readonly socketPath?: string | undefined
    password?: string | undefined
  }
}

/** A `Socket` of `node:net`, as far as it is used here. */
export interface MysqlSocket {
  readonly connect: (to: { readonly path: string } | { readonly host: string; readonly port: number }) => unknown
  readonly destroy: (error?: Error) => unknown
}

/** The parameters of {@link mysqlPassword}. */
export interface MysqlPasswordOptions<Socket extends MysqlSocket> extends PasswordOptions {
  /** Makes one that is not connected: `() => new Socket().setNoDelay()`, say. */
  readonly socket: () => Socket
}

/** The token as what `mysql2` takes. */
export interface MysqlPassword<Socket extends MysqlSocket> {
  /** The `stream` of a connection or a pool: it connects when there is a token, which is the password. */
  readonly stream: (target: MysqlTarget) => Socket
  /** Renews a token that the server refuses: `retry(() => pool.query('select 1'))`. */
  readonly retry: Retry
}

/**
 * The access token as the password of a pool. `mysql2` has no function for that, and an `authPlugins` is not asked by every server; but it
 * reads the password when the server has greeted it, and so after its `stream` has connected. A server that wants the token as it is
 * (Entra ID, IAM) takes `enableCleartextPlugin: true` and `ssl`.
 *
 * @example
 * import { Socket } from 'node:net'
 * import { mysqlPassword } from '@tessera/adapters/mysql2'
 * import type { TokenSource } from '@tessera/core'
 * import { createPool } from 'mysql2/promise'
 *
 * const query = (tokens: TokenSource) => {
 *   const { stream, retry } = mysqlPassword({ tokens, socket: () => new Socket().setNoDelay() })
 *   const pool = createPool({ host: 'db.example', user: 'app', ssl: {}, enableCleartextPlugin: true, stream })
 *   return (text: string) => retry(() => pool.query(text))
 * }
 * assert.strictEqual(typeof query, 'function')
 */
export const mysqlPassword = <Socket extends MysqlSocket>({
  tokens,
  socket: make,
}: MysqlPasswordOptions<Socket>): MysqlPassword<Socket> => {
  const { next, retry } = passwords(tokens, (error) => memberOf(error, 'code') === 'ER_ACCESS_DENIED_ERROR')
  return {
    stream: ({ config }) => {
      const { socketPath, host = 'localhost', port = 3306 } = config
      const socket = make()
      next().then(
        ({ text }) => {
          config.password = text
          socket.connect(socketPath === undefined ? { host, port } : { path: socketPath })
        },
        (error: Error) => socket.destroy(error),
      )
      return socket
    },
    retry,
  }
}
