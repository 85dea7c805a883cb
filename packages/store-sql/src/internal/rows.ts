import type { SqlRow } from '../SqlPort.js'

const isRow = (value: unknown): value is SqlRow => typeof value === 'object' && value !== null

/** What a driver brought as rows: a list of them, or what a statement without rows has changed. */
export const rowsOf = (value: unknown): ReadonlyArray<SqlRow> => (Array.isArray(value) ? value : [value]).filter(isRow)
