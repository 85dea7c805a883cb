import { recordCallbackStore, type StoredRecord, type TokenStore } from '@tessera/core'

/** A database with one table. Each call of `store` is another process's connection to it. */
export const sharedTable = () => {
  const rows = new Map<string, StoredRecord>()
  return {
    rows,
    store: (): TokenStore =>
      recordCallbackStore({
        load: async (key) => rows.get(key),
        compareAndSwap: async (key, expected, next) => {
          if ((rows.get(key)?.version ?? null) !== expected) return false
          rows.set(key, next)
          return true
        },
      }),
  }
}
