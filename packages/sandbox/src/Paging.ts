/**
 * Pages of a list, as Box has them: https://developer.box.com/guides/api-calls/pagination. The failure says which parameter is wrong.
 */
import { fail, ok, type Result } from './Result.js'

/** A parameter of the query by its name. */
export type Get = (name: string) => string | undefined

const usualLimit = 100
const mostLimit = 1000
const farthestOffset = 10_000

/** A limit that exceeds the greatest one is the greatest one. */
const limitOf = (get: Get): Result<string, number> => {
  const text = get('limit') ?? String(usualLimit)
  return /^0*[1-9]\d*$/.test(text) ? ok(Math.min(Number(text), mostLimit)) : fail('limit is a number from 1')
}

const offsetOf = (get: Get): Result<string, number> => {
  const text = get('offset') ?? '0'
  return /^\d+$/.test(text) && Number(text) <= farthestOffset
    ? ok(Number(text))
    : fail(`offset is a number from 0 to ${farthestOffset}`)
}

export interface OffsetPage<A> {
  readonly total_count: number
  readonly entries: ReadonlyArray<A>
  readonly offset: number
  readonly limit: number
  readonly order: ReadonlyArray<Order>
}

export interface Order {
  readonly by: string
  readonly direction: string
}

/** The page that `offset` and `limit` ask for, of a list that is in this order. */
export const byOffset = <A>(
  list: ReadonlyArray<A>,
  order: ReadonlyArray<Order>,
  get: Get,
): Result<string, OffsetPage<A>> => {
  const limit = limitOf(get)
  if (!limit.ok) return limit
  const offset = offsetOf(get)
  if (!offset.ok) return offset
  return ok({
    total_count: list.length,
    entries: list.slice(offset.value, offset.value + limit.value),
    offset: offset.value,
    limit: limit.value,
    order,
  })
}

export interface MarkerPage<A> {
  readonly entries: ReadonlyArray<A>
  readonly limit: number
  /** `null` on the last page. */
  readonly next_marker: string | null
}

const isMarker = (text: string): boolean => Buffer.from(text, 'base64url').toString('base64url') === text

/**
 * The page that `marker` and `limit` ask for, of a list that is in the order of its keys. A marker is the key of the entry that came last,
 * so that nothing is left out or comes twice where entries are deleted meanwhile.
 */
export const byMarker = <A>(
  list: ReadonlyArray<A>,
  keyOf: (entry: A) => string,
  get: Get,
): Result<string, MarkerPage<A>> => {
  const limit = limitOf(get)
  if (!limit.ok) return limit
  const marker = get('marker') ?? ''
  if (!isMarker(marker)) return fail('marker is none that this server gave')
  const last = Buffer.from(marker, 'base64url').toString('utf8')
  const rest = list.filter((entry) => keyOf(entry) > last)
  const entries = rest.slice(0, limit.value)
  const end = entries.at(-1)
  return ok({
    entries,
    limit: limit.value,
    next_marker:
      end === undefined || entries.length === rest.length ? null : Buffer.from(keyOf(end)).toString('base64url'),
  })
}
