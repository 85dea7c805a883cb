/** A database server of our own. */

/** Who comes, where to. */
export interface Login {
  readonly user: string
  readonly password: string
  readonly port: number
  readonly database: string
}

export interface Database {
  readonly port: number
  /** As the application, which owns the database; or as another user, or by another port. */
  readonly login: Login
  /** The URL of a login; without one, of the application's. */
  readonly url: (login?: Partial<Login>) => string
  /** One statement of the administrator's, over a connection of its own. */
  readonly query: (text: string, parameters?: ReadonlyArray<unknown>) => Promise<ReadonlyArray<Row>>
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => void
}

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>

export const HOST = '127.0.0.1'

/** How URLs of a kind are made. */
export const urls =
  (scheme: string, own: Login) =>
  (login: Partial<Login> = {}): string => {
    const { user, password, port, database } = { ...own, ...login }
    return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${HOST}:${port}/${database}`
  }
