/**
 * Where sessions are kept, as a person says it by a URL.
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Secret } from '@tessera/core'
import { isSqlUrl, parseSqlUrl, type SqlPlace } from '@tessera/store-sql'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RNEA from 'fp-ts/lib/ReadonlyNonEmptyArray.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A folder of this person's. */
export interface FolderPlace {
  readonly _tag: 'Folder'
  readonly folder: string
}

export interface Host {
  /** An IPv6 address is without its brackets. */
  readonly host: string
  readonly port: number
}

/** What answers at the hosts. */
export type Topology =
  | { readonly _tag: 'Server'; readonly host: Host; readonly database: number }
  | {
      readonly _tag: 'Sentinel'
      readonly sentinels: RNEA.ReadonlyNonEmptyArray<Host>
      readonly primary: string
      readonly database: number
    }
  | { readonly _tag: 'Cluster'; readonly nodes: RNEA.ReadonlyNonEmptyArray<Host> }

/** A Redis. */
export interface RedisPlace {
  readonly _tag: 'Redis'
  readonly tls: boolean
  readonly user: O.Option<Secret<'RedisUser'>>
  readonly password: O.Option<Secret<'RedisPassword'>>
  readonly topology: Topology
}

/** A database. */
export interface DatabasePlace {
  readonly _tag: 'Database'
  readonly database: SqlPlace
}

export type StorePlace = FolderPlace | RedisPlace | DatabasePlace

// -----------------------------------------------------------------------------
// parse
// -----------------------------------------------------------------------------

/** The forms, for `--help`. */
export const storesHelp = `
Stores (--store, else TESSERA_STORE, else the member tessera.store of the settings):
  file:FOLDER                                    files on this machine (file:~/.local/state/tessera)
  redis://HOST[:PORT][/DATABASE]                 one session for all machines
  redis+sentinel://HOST[:PORT],…/PRIMARY[/DATABASE]
  redis+cluster://HOST[:PORT],…
  rediss://…, rediss+sentinel://…, rediss+cluster://…   by TLS
  postgres://HOST[:PORT]/DATABASE                Postgres, mysql://… MySQL and MariaDB; see "tessera store migrate"
  sqlite:FILE                                    a database of this machine; ?table=NAME&schema=NAME after all of them

A user and a password go before the host (USER:PASSWORD@) or, where no other process sees them, to TESSERA_REDIS_USER and
TESSERA_REDIS_PASSWORD, for a database to TESSERA_SQL_USER and TESSERA_SQL_PASSWORD; those of Sentinels to
TESSERA_SENTINEL_USER and TESSERA_SENTINEL_PASSWORD. Sessions are encrypted: machines that share a store need the same
TESSERA_KEY.`

const FORMS = 'is not file:FOLDER, redis://HOST, postgres://HOST/DATABASE or another form that --help shows'

const toFolder = (rest: string, base: string): E.Either<string, StorePlace> => {
  const at = (path: string): E.Either<string, StorePlace> =>
    path === '' || path.includes('\0') ? E.left(FORMS) : E.right({ _tag: 'Folder', folder: resolve(base, path) })
  if (rest.startsWith('//')) {
    return pipe(
      E.tryCatch(
        () => fileURLToPath(`file:${rest}`),
        () => 'is not a file URL',
      ),
      E.flatMap(at),
    )
  }
  return at(rest === '~' || rest.startsWith('~/') ? join(homedir(), rest.slice(1)) : rest)
}

const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/

const toHost =
  (defaultPort: number) =>
  (text: string): E.Either<string, Host> => {
    const [whole, ipv6, name, port = String(defaultPort)] = HOST.exec(text) ?? []
    const host = ipv6 ?? name
    if (whole === undefined || host === undefined) return E.left('has a host that is none')
    return Number(port) >= 1 && Number(port) <= 65_535
      ? E.right({ host, port: Number(port) })
      : E.left('has a port that is none')
  }

const toHosts = (text: string, defaultPort: number): E.Either<string, RNEA.ReadonlyNonEmptyArray<Host>> => {
  const [first = '', ...more] = text.split(',')
  return RNEA.traverse(E.Applicative)(toHost(defaultPort))([first, ...more])
}

const toDatabase = (text: string): E.Either<string, number> =>
  /^\d{0,4}$/.test(text) ? E.right(Number(text)) : E.left('has a database that is no number')

const toTopology = (kind: string | undefined, hosts: string, path: string): E.Either<string, Topology> => {
  if (kind === 'cluster') {
    return path === ''
      ? pipe(
          toHosts(hosts, 6_379),
          E.map((nodes) => ({ _tag: 'Cluster', nodes })),
        )
      : E.left('has a path, which a Cluster does not')
  }
  if (kind === 'sentinel') {
    // As a Sentinel takes it. Nothing else could be shown: it may be a piece of a password with a slash in it.
    const [, primary, database = ''] = /^([A-Za-z0-9._-]+)(?:\/([^/]*))?$/.exec(path) ?? []
    if (primary === undefined) return E.left('does not name the primary, as in redis+sentinel://HOST/PRIMARY')
    return pipe(
      E.Do,
      E.apS('sentinels', toHosts(hosts, 26_379)),
      E.apS('database', toDatabase(database)),
      E.map((rest) => ({ _tag: 'Sentinel', primary, ...rest })),
    )
  }
  return pipe(
    E.Do,
    E.apS('host', toHost(6_379)(hosts)),
    E.apS('database', toDatabase(path)),
    E.map((rest) => ({ _tag: 'Server', ...rest })),
  )
}

const decoded = <Kind extends string>(
  kind: Kind,
  text: string | undefined,
): E.Either<string, O.Option<Secret<Kind>>> =>
  text === undefined || text === ''
    ? E.right(O.none)
    : E.tryCatch(
        () => O.some(Secret.make(kind, decodeURIComponent(text))),
        () => 'has a user or password with a % that must be written %25',
      )

const REDIS = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?([^@/?#]*)(?:\/([^@?#]*))?$/

/**
 * Reads where sessions are to be kept; a relative folder counts from `base`. What is wrong is said without the text, which may hold
 * a password.
 */
export const parseStore = (text: string, base: string): E.Either<string, StorePlace> => {
  if (text.startsWith('file:')) return toFolder(text.slice('file:'.length), base)
  if (isSqlUrl(text)) {
    return pipe(
      parseSqlUrl(text, base),
      E.map((database): StorePlace => ({ _tag: 'Database', database })),
    )
  }
  const [whole, s, kind, user, password, hosts = '', path = ''] = REDIS.exec(text) ?? []
  if (whole === undefined) {
    return E.left(
      /^rediss?(\+\w+)?:/.test(text)
        ? `${FORMS}; of a user or password, characters such as @ : / ? # are written %40 %3A %2F %3F %23`
        : FORMS,
    )
  }
  return pipe(
    E.Do,
    E.apS('user', decoded('RedisUser', user)),
    E.apS('password', decoded('RedisPassword', password)),
    E.apS('topology', toTopology(kind, hosts, path)),
    E.map((rest): StorePlace => ({ _tag: 'Redis', tls: s === 's', ...rest })),
  )
}

// -----------------------------------------------------------------------------
// show
// -----------------------------------------------------------------------------

const showHost = ({ host, port }: Host): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

const showTopology = (topology: Topology): readonly [string, string] => {
  switch (topology._tag) {
    case 'Server':
      return ['', `${showHost(topology.host)}/${topology.database}`]
    case 'Sentinel':
      return ['+sentinel', `${topology.sentinels.map(showHost).join(',')}/${topology.primary}/${topology.database}`]
    case 'Cluster':
      return ['+cluster', topology.nodes.map(showHost).join(',')]
  }
}

const format = (place: StorePlace, login: string): string => {
  if (place._tag === 'Folder') return `file:${place.folder}`
  if (place._tag === 'Database') return place.database.shown
  const [kind, rest] = showTopology(place.topology)
  return `redis${place.tls ? 's' : ''}${kind}://${login}${rest}`
}

/** The URL of a place again, without user and password. */
export const showStore = (place: StorePlace): string => format(place, '')

/** With user and password, which must not be shown. */
export const openStoreUrl = (place: RedisPlace): Secret<'StoreUrl'> => {
  const encoded = O.match(
    () => '',
    (secret: Secret) => encodeURIComponent(Secret.open(secret)),
  )
  const login = `${encoded(place.user)}:${encoded(place.password)}@`
  return Secret.make('StoreUrl', format(place, login === ':@' ? '' : login))
}

/** With user and password, which must not be shown, and what is said of the table. */
export const openDatabaseUrl = ({ database: { dialect, target, shown } }: DatabasePlace): Secret => {
  if (dialect === 'sqlite') return Secret.make('StoreUrl', shown)
  const url = new URL(shown)
  const { username, password } = new URL(Secret.open(target))
  return Secret.make('StoreUrl', Object.assign(url, { username, password }).href)
}

/** The password in the URL of a database. */
export const passwordIn = (url: Secret): O.Option<string> => {
  const text = Secret.open(url)
  const { password } = URL.canParse(text) ? new URL(text) : { password: '' }
  return password === '' ? O.none : O.some(decodeURIComponent(password))
}
