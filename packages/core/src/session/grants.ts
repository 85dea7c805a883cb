import type { Key } from '../TokenStore.js'

/**
 * What people grant, and what is revoked, in the sessions of one collection. Where a server ends all that a person has granted by one
 * token, a login must not begin while a revocation is under way, nor a revocation while a login is.
 */
export interface Grants {
  /** A login of a key, or of one that nobody knows yet, until what is returned is called, or its source is closed. */
  readonly begin: (key: Key | undefined, isClosed: () => boolean) => () => void
  /** A login is under way that may be of this key. */
  readonly isBeginning: (key: Key) => boolean
  readonly revoking: <A>(key: Key, revocation: Promise<A>) => Promise<A>
  /** The end of the revocations of a key, or of all that are under way now. */
  readonly settled: (key: Key | undefined) => Promise<void>
}

interface Login {
  readonly key: Key | undefined
  readonly isClosed: () => boolean
}

export const makeGrants = (): Grants => {
  const logins = new Set<Login>()
  const revocations = new Map<Promise<unknown>, Key>()
  const of = (key: Key | undefined): ReadonlyArray<Promise<unknown>> =>
    Array.from(revocations).flatMap(([revocation, its]) => (key === undefined || its === key ? [revocation] : []))
  return {
    begin: (key, isClosed) => {
      const login: Login = { key, isClosed }
      logins.add(login)
      return () => void logins.delete(login)
    },
    isBeginning: (key) => {
      for (const login of logins) if ((login.key === undefined || login.key === key) && !login.isClosed()) return true
      return false
    },
    revoking: (key, revocation) => {
      const forget = (): void => void revocations.delete(revocation)
      revocations.set(revocation, key)
      revocation.then(forget, forget)
      return revocation
    },
    settled: async (key) => {
      do await Promise.allSettled(of(key))
      while (key !== undefined && of(key).length > 0)
    },
  }
}
