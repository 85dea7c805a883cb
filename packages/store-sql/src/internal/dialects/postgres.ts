import { type Dialect, list } from './Dialect.js'

const bytes = (number: number): string => `decode($${number}::text, 'hex')`

const NOW = `floor(extract(epoch from clock_timestamp()) * 1000)::bigint::text as now, pg_is_in_recovery()::text as replica`

const AGE = `floor(extract(epoch from clock_timestamp() - t.written_at))::bigint::text as age`

/** Told in the same statement; a notification is heard after the commit. */
const notified = (tells: boolean): string =>
  tells ? ', (select pg_notify($5::text, $6::text)::text from written) as told' : ''

// What it says of the row that is there is what was there when the statement began, which is before it waited for another writer: the
// row that it lost to may be missing, or be an older one. See `run`.
const answer = (table: string, tells: boolean): string => `
select (select count(*) from written)::text as written,
  encode(t.version, 'hex') as version, encode(t.record, 'hex') as record, ${NOW}${notified(tells)}
from given left join ${table} as t on t.id = given.id and not exists (select from written)`

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
    `with given (id, key, version, record) as (values (${list(4, bytes)})),
written as (
  insert into ${table} as t (id, key, version, record, written_at)
  select id, key, version, record, clock_timestamp() from given
  on conflict (id) do nothing returning 1
)${answer(table, tells)}`,
  replace: (table, tells) =>
    `with given (version, record, id, expected) as (values (${list(4, bytes)})),
written as (
  update ${table} as t set version = given.version, record = given.record, written_at = clock_timestamp()
  from given where t.id = given.id and t.version = given.expected returning 1
)${answer(table, tells)}`,
  isWritten: ([row]) => row?.['written'] === '1',
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
