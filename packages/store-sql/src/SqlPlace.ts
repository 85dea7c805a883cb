/**
 * Where a database is, as a URL says it.
 *
 * @packageDocumentation
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type PlaceOptions, placeOf } from './internal/place.js'
import type { SqlDialect } from './SqlPort.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A database, and the table in it. */
export interface SqlPlace {
  readonly dialect: SqlDialect
  /** The URL as a driver takes it, or the path of a file. It may hold a password. */
  readonly target: Secret<'SqlTarget'>
  /** The same without user and password. */
  readonly shown: string
  /** Whether there is a user or a password in it. */
  readonly hasLogin: boolean
  /** Those of `?table=…&schema=…`, which drivers are not shown. */
  readonly table: O.Option<string>
  readonly schema: O.Option<string>
}

// -----------------------------------------------------------------------------
// parse
// -----------------------------------------------------------------------------

const FORMS =
  'is not postgres://USER:PASSWORD@HOST[:PORT]/DATABASE, mysql://USER:PASSWORD@HOST[:PORT]/DATABASE or sqlite:FILE'

const ENCODED = 'of a user or password, characters such as @ : / ? # % are written %40 %3A %2F %3F %23 %25'

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
}

/** Takes what is ours out of the parameters of a URL. */
const ownOf = (parameters: URLSearchParams): Pick<SqlPlace, 'table' | 'schema'> => {
  const taken = (name: string): O.Option<string> => {
    const value = O.fromNullable(parameters.get(name))
    parameters.delete(name)
    return value
  }
  return { table: taken('table'), schema: taken('schema') }
}

/** Whether it may hold a secret, which belongs before the host. */
const isSecret = ([name, value]: readonly [string, string]): boolean =>
  name === 'user' || /pass|secret|token/i.test(name) || /"(?:key|pfx|passphrase)"/.test(value)

const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)$/

const isDecodable = (text: string): boolean => {
  try {
    return decodeURIComponent(text) !== ''
  } catch {
    return false
  }
}

const ofServer = (text: string): E.Either<string, SqlPlace> => {
  if (!URL.canParse(text)) return E.left(`${FORMS}; ${ENCODED}`)
  const url = new URL(text)
  const dialect = DIALECTS[url.protocol]
  const { host, hostname, pathname, username, password } = url
  const database = pathname.slice(1)
  if (dialect === undefined || !HOST.test(hostname) || url.hash !== '') return E.left(`${FORMS}; ${ENCODED}`)
  // What in a password was not encoded ends the host, or the path: nothing of such a text may be shown.
  if (!/^[^/@:]+$/.test(database) || url.search.includes('@'))
    return E.left(`does not name one database after its host; ${ENCODED}`)
  if (![`x${username}`, `x${password}`, database].every(isDecodable)) return E.left(`has a % that is none; ${ENCODED}`)
  if ([...url.searchParams].some(isSecret))
    return E.left('has a secret among its parameters; put user and password before the host')
  const rest = `${dialect}://${host}/${database}${url.search}`
  const own = ownOf(url.searchParams)
  const login = username === '' && password === '' ? '' : `${username}:${password}@`
  const target = `${dialect}://${login}${host}/${database}${url.search}`
  return E.right({ dialect, target: Secret.make('SqlTarget', target), shown: rest, hasLogin: login !== '', ...own })
}

const ofFile = (text: string, base: string): E.Either<string, SqlPlace> => {
  const [path = '', ...rest] = text.replace(/^\/\/(?=\/)/, '').split('?')
  if (path === '' || path.startsWith('//') || path.startsWith(':') || path.includes('\0')) return E.left(FORMS)
  const file = path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(base, path)
  return E.right({
    dialect: 'sqlite',
    target: Secret.make('SqlTarget', file),
    shown: ['sqlite:', file, ...rest.map((parameters) => `?${parameters}`)].join(''),
    hasLogin: false,
    ...ownOf(new URLSearchParams(rest.join('?'))),
  })
}

/** The table of a place, as `sqlStore`, `migrate` and `sqlSessions` take it. */
export const tableOf = ({ table, schema }: SqlPlace): PlaceOptions => ({
  ...(O.isSome(table) && { table: table.value }),
  ...(O.isSome(schema) && { schema: schema.value }),
})

/** A place whose table has a name. */
const withTable = (place: SqlPlace): E.Either<string, SqlPlace> =>
  pipe(
    E.tryCatch(
      () => placeOf(place.dialect, tableOf(place)),
      (error) => `names a table or a schema that is none: ${messageOf(error)}`,
    ),
    E.map(() => place),
  )

const messageOf = (error: unknown): string =>
  AuthError.isException(error) && error.error._tag === 'Misconfigured' ? error.error.message : 'the name is wrong'

/** Whether a text means to be the URL of a database, right or wrong. */
export const isSqlUrl = (text: string): boolean => /^(?:postgres(?:ql)?|mysql|mariadb|sqlite):/.test(text)

/**
 * Reads where a database is: `postgres://USER:PASSWORD@HOST[:PORT]/DATABASE`, `mysql://…` (of MariaDB too) or `sqlite:FILE`, whose
 * relative path counts from `base`. Parameters after `?` are the driver's, but for `table` and `schema`, which name the table of the
 * records. What is wrong is said so that it can follow the name of an option, and without the text, which may hold a password.
 *
 * @example
 * import { parseSqlUrl } from '@tessera/store-sql'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const place = parseSqlUrl('postgres://ann:secret@db.example/app?table=sessions', '/')
 * assert.strictEqual(E.isRight(place) && place.right.shown, 'postgres://db.example/app?table=sessions')
 */
export const parseSqlUrl = (text: string, base: string): E.Either<string, SqlPlace> =>
  pipe(text.startsWith('sqlite:') ? ofFile(text.slice('sqlite:'.length), base) : ofServer(text), E.flatMap(withTable))

/** The same as a typed error of the option `store`. */
export const sqlPlaceOf = (url: string | Secret): E.Either<AuthError, SqlPlace> =>
  pipe(
    parseSqlUrl(typeof url === 'string' ? url : Secret.open(url), process.cwd()),
    E.mapLeft((why) => AuthError.misconfigured('store', `the URL ${why}`)),
  )
