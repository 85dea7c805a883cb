/** Thrown in here where a driver's own errors do not say it. */
export interface StoreProblem extends Error {
  readonly name: 'StoreProblem'
}

/** An error whose message is ours, and so may be shown. */
export const problem = (message: string): StoreProblem =>
  Object.assign(new Error(message), { name: 'StoreProblem' as const })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

// -----------------------------------------------------------------------------
// what a driver says
// -----------------------------------------------------------------------------

/** What `node:sqlite` tells by numbers only (sqlite.org/rescode.html). */
const SQLITE: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
}

/** Said without a code: word for word, so that nothing else is shown. */
const MESSAGES = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Cannot use a pool after calling end on the pool',
  'Client has encountered a connection error and is not queryable',
  'Pool is closed.',
  'Queue limit reached.',
  'No connections available.',
  'The database connection is not open',
  'database is not open',
])

const CODE = /^[A-Z0-9_]{2,60}$/

/** What one error says, without what it wraps. */
const wordOf = (error: Readonly<Record<string, unknown>>): string | undefined => {
  const { errcode, originalCode, code, message } = error
  if (typeof message === 'string' && /\bno such (?:table|column)\b|\bhas no column named\b/.test(message))
    return 'SQLITE_SCHEMA'
  const number = typeof errcode === 'number' ? SQLITE[errcode & 0xff] : undefined
  if (number !== undefined) return number
  // A driver may say no more of a statement that it could not prepare.
  if (message === 'database is locked') return 'SQLITE_BUSY'
  for (const each of [originalCode, code]) if (typeof each === 'string' && CODE.test(each)) return each
  return typeof message === 'string' && MESSAGES.has(message) ? message : undefined
}

/** Where an ORM puts the error of its driver. */
const wrappedBy = ({ cause, meta, driverAdapterError, error }: Readonly<Record<string, unknown>>): unknown =>
  [cause, meta, driverAdapterError, error].find(isObject)

const DEEPEST = 8

const wordIn = (error: unknown, depth = 0): string | undefined =>
  isObject(error) && depth < DEEPEST ? (wordIn(wrappedBy(error), depth + 1) ?? wordOf(error)) : undefined

// -----------------------------------------------------------------------------
// what that means
// -----------------------------------------------------------------------------

const NOT_MIGRATED = new Set([
  '42P01',
  '42703',
  '3F000',
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR',
  '1146',
  '1054',
  'SQLITE_SCHEMA',
])

/** Of these a database says that nothing was done, and that it may be tried again. */
const PASSING =
  /^(?:40001|40P01|55P03|ER_LOCK_DEADLOCK|ER_LOCK_WAIT_TIMEOUT|1213|1205|P2034|SQLITE_BUSY(?:_\w+)?|SQLITE_LOCKED(?:_\w+)?)$/

/** Whether the same statement may do when it is run again. */
export const isPassing = (error: unknown): boolean => PASSING.test(wordIn(error) ?? '')

/** Of these Postgres says that another made the same table at the same time, which it does in spite of `if not exists`. */
const MADE_MEANWHILE = new Set(['23505', '42710', '42P07', 'XX000'])

export const isMadeMeanwhile = (error: unknown): boolean => MADE_MEANWHILE.has(wordIn(error) ?? '')

/**
 * Why a statement failed, without a secret: a driver's error carries the parameters, and a server's message may quote them. So only
 * codes are shown: the SQLSTATE, that of the driver, or that of the operating system.
 */
export const reasonOf = (error: unknown): string => {
  if (error instanceof Error && error.name === 'StoreProblem') return error.message
  const word = wordIn(error)
  if (word === undefined) return 'the driver failed'
  return NOT_MIGRATED.has(word) ? `${word}: the table is not there, or of another shape; run the migration first` : word
}
