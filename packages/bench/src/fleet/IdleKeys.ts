/** What a process with many keys needs, in bytes. */
export interface IdleKeys {
  readonly count: number
  /** How many sources it keeps for those keys that were used last. */
  readonly kept: number
  /** With these sources. */
  readonly withSources: number
  /** Of the records alone, which are all that is kept of an idle key. */
  readonly idle: number
}

export const isIdleKeys = (value: unknown): value is IdleKeys =>
  typeof value === 'object' && value !== null && 'idle' in value && 'withSources' in value && 'kept' in value
