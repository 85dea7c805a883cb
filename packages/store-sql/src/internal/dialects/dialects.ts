import type { SqlDialect } from '../../SqlPort.js'
import type { Dialect } from './Dialect.js'
import { mysql } from './mysql.js'
import { postgres } from './postgres.js'
import { sqlite } from './sqlite.js'

export const dialects: Readonly<Record<SqlDialect, Dialect>> = { postgres, mysql, sqlite }
