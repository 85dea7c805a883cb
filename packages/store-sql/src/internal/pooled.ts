import type { SqlQuery, SqlRow } from '../SqlPort.js'
import { problem } from './reason.js'

/** How a pool lends its connections. */
export interface Pooled<Connection> {
  readonly acquire: () => Promise<Connection>
  readonly run: (
    connection: Connection,
    text: string,
    parameters: ReadonlyArray<string>,
  ) => Promise<ReadonlyArray<SqlRow>>
  readonly release: (connection: Connection) => void
  /** Closes it, so that the pool opens another one. */
  readonly destroy: (connection: Connection) => void
}

/**
 * A query on a connection of a pool, held for one statement. Who had to wait for a connection for too long sends nothing; a
 * connection that does not answer is closed, since a pool is soon full of those.
 */
export const pooled =
  <Connection>({ acquire, run, release, destroy }: Pooled<Connection>): SqlQuery =>
  async (text, parameters, signal) => {
    const connection = await acquire()
    let isOver = false
    const once = (end: (connection: Connection) => void) => (): void => {
      if (isOver) return
      isOver = true
      end(connection)
    }
    const giveBack = once(release)
    if (signal.aborted) {
      giveBack()
      throw problem('aborted')
    }
    const giveUp = once(destroy)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await run(connection, text, parameters)
    } finally {
      signal.removeEventListener('abort', giveUp)
      giveBack()
    }
  }
