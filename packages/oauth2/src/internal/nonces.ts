/** How many servers are remembered: a program that talks to more of them is told a nonce once more. */
const MOST = 100

/** What a server may write, and no more of it than fits into a header (RFC 9449 §8.1). */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,2048}$/

/** The last nonce of each server. */
export interface Nonces {
  readonly get: (url: string) => string | undefined
  /** Whether it is one. */
  readonly keep: (url: string, nonce: string) => boolean
}

/** Nonces, by the origin of the server that gave them. */
export const makeNonces = (): Nonces => {
  // A Map keeps the order of insertion.
  const nonces = new Map<string, string>()
  return {
    get: (url) => nonces.get(new URL(url).origin),
    keep: (url, nonce) => {
      if (!NONCE.test(nonce)) return false
      const { origin } = new URL(url)
      nonces.delete(origin)
      nonces.set(origin, nonce)
      for (const oldest of nonces.keys()) {
        if (nonces.size <= MOST) break
        nonces.delete(oldest)
      }
      return true
    },
  }
}
