import { type Dialect, list } from './Dialect.js'

const bytes = (): string => 'unhex(?)'

const MS = `cast(round(unixepoch('subsec') * 1000) as integer)`

const AGE = `cast((${MS} - t.written_at) / 1000 as text) as age`

export const sqlite: Dialect = {
  quote: '"',
  longestName: Number.POSITIVE_INFINITY,
  migration: (table) => [
    `create table if not exists ${table} (
  id blob primary key not null,
  key blob not null,
  version blob not null,
  record blob not null,
  written_at integer not null
)`,
  ],
  read: (table) =>
    `select nullif(hex(t.version), '') as version, hex(t.record) as record, cast(${MS} as text) as now
from (select ${bytes()} as id) as given left join ${table} as t on t.id = given.id`,
  create: (table) =>
    `insert into ${table} (id, key, version, record, written_at) values (${list(4, bytes)}, ${MS})
on conflict (id) do nothing returning 'yes' as written`,
  replace: (table) =>
    `update ${table} set version = ${bytes()}, record = ${bytes()}, written_at = ${MS}
where id = ${bytes()} and version = ${bytes()} returning 'yes' as written`,
  isWritten: ([row]) => row?.['written'] === 'yes',
  isReplica: () => false,
  versions: (table, count) =>
    `select hex(id) as id, hex(version) as version from ${table} where id in (${list(count, bytes)})`,
  age: (table) => `select ${AGE} from ${table} as t where id = ${bytes()}`,
  page: (table, size) =>
    `select hex(t.id) as id, hex(t.key) as key, ${AGE} from ${table} as t where t.id > ${bytes()} order by t.id limit ${size}`,
  count: (table) => `select cast(count(*) as text) as total from ${table}`,
  remove: (table) => `delete from ${table} where id = ${bytes()}`,
}
