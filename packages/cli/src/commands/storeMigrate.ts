/**
 * The table of sessions in a database.
 */
import { migration, tableOf } from '@tessera/store-sql'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { type Command, commandLine, type Invocation } from '../invocation.js'
import { readPlace, situationOf } from '../profile.js'
import { type Problem, problem, toProblem } from '../report.js'
import { openDatabase } from '../sessionStore.js'
import { type DatabasePlace, showStore } from '../storePlace.js'

export interface StoreMigrateOptions {
  /** Prints what makes the table, and asks no server. */
  readonly print: boolean
}

const migrateIn = (
  invocation: Invocation,
  place: DatabasePlace,
  { print }: StoreMigrateOptions,
): TE.TaskEither<Problem, void> => {
  const { output } = invocation
  const { dialect, shown } = place.database
  const again = commandLine(invocation, 'store migrate')
  const ddl = migration({ dialect, ...tableOf(place.database) })
  const told = (migrated: boolean): void => {
    output.result(print ? ddl.trimEnd() : undefined, { store: dialect, place: shown, migrated, ddl })
    if (migrated) output.say(`${shown} has the table`)
  }
  if (print) return TE.fromIO(() => told(false))
  return pipe(
    openDatabase(invocation, place, again),
    TE.flatMap((sessions) => async () => {
      const result = await output.during('making the table', sessions.migrate())
      await sessions.close()
      return pipe(result, E.mapLeft(toProblem(situationOf(invocation, 'store migrate', '', place))))
    }),
    TE.map(() => told(true)),
  )
}

/** Makes the table of sessions in a database where there is none; again it changes nothing. */
export const storeMigrate: Command<StoreMigrateOptions> = (invocation, options) =>
  pipe(
    readPlace(invocation, 'store migrate'),
    TE.flatMap((place) =>
      place._tag === 'Database'
        ? migrateIn(invocation, place, options)
        : TE.left(
            problem(
              ExitCode.usage,
              `${showStore(place)} is no database, and has no table`,
              `${invocation.self} store migrate --store postgres://HOST/DATABASE`,
            ),
          ),
    ),
  )
