import { type Dialect, list } from './Dialect.js'

const bytes = (number: number): string => `decode($${number}::text, 'hex')`

const NOW = `floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text as now, pg_is_in_recovery()::text as replica`

const AGE = `floor(extract(epoch from clock_timestamp() - t.written_at))::bigint::text as age`

/** What a write that was made answers. It is told in the same statement; a notification is heard after the commit. */
const made = (tells: boolean): string =>
  `returning 'yes' as written${tells ? ', pg_notify($5::text, $6::text)::text as told' : ''}`

export const postgres: Dialect = {
  quote: '"',
  longestName: 63,
  migration: (table) => [
    `create table if not exists ${table} (
  id bytea primary key,
  key bytea not null,
  version bytea not null,
  record bytea not null,
  written_at timestamptz not null
)`,
  ],
  read: (table) =>
    `select encode(t.version, 'hex') as version, encode(t.record, 'hex') as record, ${NOW}
from (values (${bytes(1)})) as given (id) left join ${table} as t on t.id = given.id`,
  create: (table, tells) =>
    `insert into ${table} (id, key, version, record, written_at) values (${list(4, bytes)}, clock_timestamp())
on conflict (id) do nothing ${made(tells)}`,
  replace: (table, tells) =>
    `update ${table} set version = ${bytes(1)}, record = ${bytes(2)}, written_at = clock_timestamp()
where id = ${bytes(3)} and version = ${bytes(4)} ${made(tells)}`,
  isWritten: ([row]) => row?.['written'] === 'yes',
  isReplica: ({ replica }) => replica === 'true',
  versions: (table, count) =>
    `select encode(id, 'hex') as id, encode(version, 'hex') as version, pg_is_in_recovery()::text as replica
from ${table} where id in (${list(count, bytes)})`,
  age: (table) => `select ${AGE} from ${table} as t where id = ${bytes(1)}`,
  page: (table, size) =>
    `select encode(t.id, 'hex') as id, encode(t.key, 'hex') as key, ${AGE}
from ${table} as t where t.id > ${bytes(1)} order by t.id limit ${size}`,
  count: (table) => `select count(*)::text as total from ${table}`,
  remove: (table) => `delete from ${table} where id = ${bytes(1)}`,
}
