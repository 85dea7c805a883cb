/**
 * A token as a password that a host asks for when it connects.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { type Handed, handOut, renewed } from './handed.js'

/** Whose token it is. */
export interface PasswordOptions {
  readonly tokens: Tokens
}

/**
 * Runs what uses the host: `() => pool.query('select 1')`. Where the other side says that the token is refused, another one is asked for,
 * and it runs again, once. It must be something that has done nothing where the connection is refused.
 */
export type Retry = <A>(use: () => Promise<A>) => Promise<A>

/** Tokens that were handed to one host. */
export interface Passwords {
  readonly next: () => Promise<Handed>
  readonly retry: Retry
}

/** One that began with an older token may be sent again for nothing; this many times in all. */
const MOST_TRIES = 3

/**
 * No host says which token was refused. It is taken for the one that was handed out last, unless that happened after the use had begun:
 * then the use may have met the one before, and tries the new one first.
 */
export const passwords = (tokens: Tokens, isRefusal: (error: unknown) => boolean): Passwords => {
  let last: string | undefined

  const next = async (): Promise<Handed> => {
    const handed = await handOut(tokens)
    last = handed.text
    return handed
  }

  /** Whether it is worth another try. */
  const isRenewed = async (before: string | undefined): Promise<boolean> => {
    if (last === undefined) return false
    if (before !== undefined && before !== last) return true
    return (await renewed(tokens, last)) !== undefined
  }

  const attempt = async <A>(use: () => Promise<A>, tries: number): Promise<A> => {
    const before = last
    try {
      return await use()
    } catch (error) {
      if (tries === 1 || !isRefusal(error) || !(await isRenewed(before))) throw error
    }
    return attempt(use, tries - 1)
  }

  return { next, retry: (use) => attempt(use, MOST_TRIES) }
}

/** A member of an error that was thrown, whatever that is. */
export const memberOf = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
