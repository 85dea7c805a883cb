/** What befalls a database of SQLite, one file that processes share. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError } from '@tessera/core'
import { type OpenedSql, openSql, parseSqlUrl, type SqlPort } from '@tessera/store-sql'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { inProject } from '../../project.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { dealt } from '../random.js'
import type { Defer } from '../scoped.js'
import { COMMAND, type MakeStore } from '../sqlClients.js'
import { fileStore, sqliteIn } from '../sqliteFiles.js'
import { live, type Parts, RENEWAL } from '../sqlRows.js'
import { makeTally } from '../tally.js'
import { EXPECTED, injected, type OpenedStore, type Target, whileRenewing } from '../whileRenewing.js'
import { killing } from './fileKill.js'
import { eightWriters, WRITERS, WRITES } from './fileOther.js'

/** So many files have their faults at the same time. */
const LANES = 4

/** How SQLite keeps the old pages while it writes new ones. */
const MODES = ['delete', 'wal'] as const
type Mode = (typeof MODES)[number]

// -----------------------------------------------------------------------------
// databases
// -----------------------------------------------------------------------------

const must = async <A>(task: TE.TaskEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}

const open = (url: string): Promise<OpenedSql> =>
  must(
    pipe(
      TE.fromEither(parseSqlUrl(url, '/')),
      TE.mapLeft((why) => AuthError.misconfigured('url', why)),
      TE.flatMap(openSql),
    ),
  )

const run = ({ query }: SqlPort, text: string) => query(text, [], new AbortController().signal)

const folderFor = (defer: Defer): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-sqlite-'))
  defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A database in that mode, which its file keeps. */
const inMode = async (folder: string, mode: Mode): Promise<string> => {
  const url = sqliteIn(folder)
  const { port, close } = await open(url)
  await run(port, `pragma journal_mode = ${mode}`)
  await close()
  return url
}

/** The files of a database that others may read. */
const openToOthers = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)

// -----------------------------------------------------------------------------
// while a session is renewed
// -----------------------------------------------------------------------------

interface Kind {
  readonly injection: string
  readonly target: (ports: readonly [SqlPort, SqlPort], other: SqlPort) => Omit<Target, 'opens'>
}

const both = (ports: readonly [SqlPort, SqlPort], text: string) => async (): Promise<void> => {
  for (const port of ports) await run(port, text)
}

const KINDS: Readonly<Record<string, Kind>> = {
  'sqlite-busy': {
    injection: 'another process has the file for itself (SQLITE_BUSY), in a transaction that it then gives up',
    target: (_, other) => ({
      inject: async () => {
        await run(other, 'begin exclusive')
      },
      heal: async () => {
        await run(other, 'rollback')
      },
    }),
  },
  'sqlite-disk-full': {
    injection: 'the file may not grow (SQLITE_FULL), and all of its pages are full',
    target: (ports) => {
      const [first] = ports
      return {
        inject: async () => {
          await run(first, 'create table ballast (x blob)')
          await both(ports, 'pragma max_page_count = 1')()
          // Each half as large as the one before, until not even a small one fits.
          for (let size = 8_192; size > 16; ) {
            try {
              await run(first, `insert into ballast values (zeroblob(${size}))`)
            } catch {
              size >>= 1
            }
          }
        },
        heal: async () => {
          await both(ports, 'pragma max_page_count = 1073741823')()
          await run(first, 'drop table ballast')
        },
      }
    },
  },
  'sqlite-read-only': {
    injection: 'the database takes no writes (SQLITE_READONLY), and takes them again',
    target: (ports) => ({
      inject: both(ports, 'pragma query_only = on'),
      heal: both(ports, 'pragma query_only = off'),
    }),
  },
}

const opening =
  (name: string, { port, close }: OpenedSql, store: MakeStore) =>
  async (): Promise<OpenedStore> => ({ name, store: store(port, COMMAND), close })

const renewing = (name: string, { injection, target }: Kind, { store, patience }: Parts): Fault => ({
  name,
  injection: injected(injection, 'one file, with a rollback journal or write-ahead log'),
  expected: EXPECTED,
  count: 50,
  seconds: 25,
  run: whileRenewing({
    name,
    lanes: LANES,
    patience,
    renewal: RENEWAL,
    start: async (defer) => {
      const folder = folderFor(defer)
      const url = await inMode(folder, MODES[folder.charCodeAt(folder.length - 1) % 2] ?? 'delete')
      const [first, second, other] = [await open(url), await open(url), await open(url)]
      defer(other.close)
      return {
        ...target([first.port, second.port], other.port),
        opens: [opening('one', first, store), opening('another', second, store)],
      }
    },
  }),
})

// -----------------------------------------------------------------------------
// processes
// -----------------------------------------------------------------------------

const MODULE = inProject('packages/trials/bin/sqliteFiles.js')

const sqliteKill: Fault = {
  name: 'sqlite-kill',
  injection: 'SIGKILL of a process that writes a record of 64 KiB into a database of SQLite, at any time',
  expected: 'the old record or the new one, whole; a record that was committed is never gone; the next writer comes in',
  count: 300,
  seconds: 60,
  run: killing({ module: MODULE, store: fileStore, deletes: false }),
}

const writers = async (context: Context): Promise<Findings> => {
  const { count, progress, random } = context
  const tally = makeTally()
  const root = mkdtempSync(join(tmpdir(), 'tessera-sqlite-'))
  try {
    for (const [index, mode] of dealt(random, MODES, count).entries()) {
      const folder = join(root, String(index))
      const { close } = await open(await inMode(folder, mode))
      await eightWriters({ parts: { module: MODULE, store: fileStore }, tally, folder })
      // What SQLite keeps beside it is there while it is open.
      for (const name of openToOthers(folder)) tally.problem(`${mode}: others can read ${name}`)
      await close()
      progress(index + 1)
    }
    return tally.findings(context, 0)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const sqliteWriters: Fault = {
  name: 'sqlite-writers',
  injection: `${WRITERS} processes write ${WRITES} times each to one record of a database, with a rollback journal or a write-ahead log`,
  expected: 'each committed write is there, onto the one before it; all files of the database have mode 0600',
  count: 20,
  seconds: 60,
  run: writers,
}

/** The rows, with a store that a test has broken. */
export const sqliteRowsWith = (parts: Parts): ReadonlyArray<Fault> => [
  ...Object.entries(KINDS).map(([name, kind]) => renewing(name, kind, parts)),
  sqliteKill,
  sqliteWriters,
]

export const sqliteRows = sqliteRowsWith(live)
