import { AuthError, raised } from '@tessera/core'
import type { SqlPort } from '../SqlPort.js'

/** The port; a typed error is thrown for what is none, from JavaScript: a pool itself, mostly. */
export const checkedPort = (name: string, port: SqlPort): SqlPort =>
  typeof port?.query === 'function' && typeof port.dialect === 'string'
    ? port
    : raised(
        AuthError.misconfigured(
          'port',
          `${name} takes (port, options?), where port is pgPool(pool), postgresJs(sql), mysql2(pool), betterSqlite3(db), …, or { dialect, query }`,
        ),
      )
