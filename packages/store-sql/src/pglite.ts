/**
 * Postgres in the process: PGlite.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'
import { ignore } from './internal/ignore.js'
import { rowsOf } from './internal/rows.js'
import type { SqlHeard, SqlPort } from './SqlPort.js'

/** What is needed of a `PGlite`. */
export interface Pglite {
  readonly query: (text: string, parameters: string[]) => Promise<{ readonly rows: ReadonlyArray<unknown> }>
  readonly listen: (channel: string, callback: (payload: string) => void) => Promise<() => Promise<void>>
}

const listenWith =
  (db: Pglite) =>
  (channel: string, { message, ready, ended }: SqlHeard): IO<void> => {
    let isOver = false
    // It puts the name into its statement as it is.
    const listening = db.listen(`"${channel}"`, (payload) => {
      if (!isOver) message(payload)
    })
    listening.then(
      () => {
        if (!isOver) ready()
      },
      () => {
        if (!isOver) ended()
      },
    )
    return () => {
      isOver = true
      listening.then((unlisten) => unlisten()).catch(ignore)
    }
  }

/**
 * A port over `@electric-sql/pglite`. One process has it: for tests, tools and trials.
 *
 * @example
 * import { type Pglite, pglite, sqlStore } from '@tessera/store-sql'
 *
 * // await PGlite.create('./data')
 * const storeOf = (db: Pglite) => sqlStore(pglite(db))
 * assert.strictEqual(typeof storeOf, 'function')
 */
export const pglite = (db: Pglite): SqlPort => ({
  dialect: 'postgres',
  query: async (text, parameters) => rowsOf((await db.query(text, [...parameters])).rows),
  listen: listenWith(db),
})
