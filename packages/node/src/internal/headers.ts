import type { Dispatcher } from 'undici'

type Headers = Dispatcher.DispatchOptions['headers']
type Value = string | ReadonlyArray<string> | undefined

/** Any of the shapes that undici takes, as a flat list of names and values. */
export const flatten = (headers: Headers): string[] => {
  if (headers === null || headers === undefined) return []
  if (Array.isArray(headers)) return [...headers]
  const pairs: Iterable<readonly [string, Value]> = isIterable(headers) ? headers : Object.entries(headers)
  const flat: string[] = []
  for (const [name, value] of pairs) for (const one of [value ?? []].flat()) flat.push(name, one)
  return flat
}

const isIterable = (headers: object): headers is Iterable<readonly [string, Value]> => Symbol.iterator in headers
