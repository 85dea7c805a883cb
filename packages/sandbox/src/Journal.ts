/**
 * What the server was asked and what became of it, without any secret.
 */

/** The endpoints, as faults, gates and counts name them. */
export type Endpoint =
  | 'authorize'
  | 'token'
  | 'revoke'
  | 'device_authorization'
  | 'activate'
  | 'metadata'
  | 'api'
  | 'unknown'

/** One request: names, never values. */
export interface RequestRecord {
  /** The server's time, in milliseconds. */
  readonly at: number
  readonly endpoint: Endpoint
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** `grant_type` if it is one that the server knows. */
  readonly grantType: string | null
  /** Names of the parameters of the query and of the form, in the order in which they came. */
  readonly parameters: ReadonlyArray<string>
  readonly headers: ReadonlyArray<string>
  /** `null` while (or if) nothing was answered. */
  readonly status: number | null
  /** The kind of the fault that it met. */
  readonly fault: string | null
}

/** The writable side of a {@link RequestRecord}. */
export type OpenRecord = { -readonly [K in keyof RequestRecord]: RequestRecord[K] }

export interface Journal {
  readonly records: Array<OpenRecord>
  readonly byEndpoint: Map<Endpoint, number>
  readonly byGrantType: Map<string, number>
  accessIssued: number
  refreshIssued: number
  tokensRevoked: number
  redeemed: number
  repeated: number
  reuseRefused: number
  familiesKilled: number
  faults: number
  bugs: number
}

/** How many requests `requests()` remembers. */
const remembered = 1000

export const makeJournal = (): Journal => ({
  records: [],
  byEndpoint: new Map(),
  byGrantType: new Map(),
  accessIssued: 0,
  refreshIssued: 0,
  tokensRevoked: 0,
  redeemed: 0,
  repeated: 0,
  reuseRefused: 0,
  familiesKilled: 0,
  faults: 0,
  bugs: 0,
})

const increment = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

export const record = (journal: Journal, entry: OpenRecord): void => {
  increment(journal.byEndpoint, entry.endpoint)
  if (entry.grantType !== null) increment(journal.byGrantType, entry.grantType)
  if (journal.records.length >= remembered) journal.records.shift()
  journal.records.push(entry)
}
