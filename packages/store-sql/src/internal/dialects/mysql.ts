import { type Dialect, list } from './Dialect.js'

const bytes = (): string => 'unhex(?)'

// Of the time zone of a session, which another may set, nothing is asked.
const NOW = `cast(floor(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) / 1000) as char) as now`

const REPLICA = 'cast(@@global.read_only as char) as readonly, cast(@@global.innodb_read_only as char) as frozen'

const AGE = 'cast(timestampdiff(second, t.written_at, utc_timestamp(6)) as char) as age'

const isOff = (value: unknown): boolean => value === '0' || value === 'OFF'

export const mysql: Dialect = {
  quote: '`',
  longestName: 64,
  // `longblob`, since `insert ignore` cuts off what is too long for a shorter kind.
  migration: (table) => [
    `create table if not exists ${table} (
  id binary(32) primary key,
  \`key\` longblob not null,
  version longblob not null,
  record longblob not null,
  written_at datetime(6) not null
) engine = InnoDB`,
  ],
  read: (table) =>
    `select hex(t.version) as version, hex(t.record) as record, ${NOW}, ${REPLICA}
from (select 1 as one) as given left join ${table} as t on t.id = ${bytes()}`,
  // Counted in the same way whatever the driver asks to be counted; `on duplicate key update` is not.
  create: (table) =>
    `insert ignore into ${table} (id, \`key\`, version, record, written_at) values (${list(4, bytes)}, utc_timestamp(6))`,
  replace: (table) =>
    `update ${table} set version = ${bytes()}, record = ${bytes()}, written_at = utc_timestamp(6)
where id = ${bytes()} and version = ${bytes()}`,
  isWritten: ([row]) => Number(row?.['affectedRows']) > 0,
  isReplica: ({ readonly, frozen }) => !(isOff(readonly) && isOff(frozen)),
  versions: (table, count) =>
    `select hex(id) as id, hex(version) as version, ${REPLICA} from ${table} where id in (${list(count, bytes)})`,
  age: (table) => `select ${AGE} from ${table} as t where id = ${bytes()}`,
  page: (table, size) =>
    `select hex(t.id) as id, hex(t.\`key\`) as \`key\`, ${AGE}
from ${table} as t where t.id > ${bytes()} order by t.id limit ${size}`,
  count: (table) => `select cast(count(*) as char) as total from ${table}`,
  remove: (table) => `delete from ${table} where id = ${bytes()}`,
}
