import * as E from 'fp-ts/lib/Either.js'
import * as Secret from '../Secret.js'
import type { Result } from './snapshot.js'

/** How many refusals that the store did not take are remembered. */
const MOST = 8

/** A token that was refused, as long as the record may still call it good. */
interface Refused {
  readonly token: Secret.Secret
  /** The write in progress. Undefined after it has failed. */
  writing: Promise<Result<void>> | undefined
}

/** The refused tokens that are not marked in the record yet. They are not served, whatever a read brings. */
export interface Refusing {
  readonly has: (token: Secret.Secret) => boolean
  readonly isEmpty: () => boolean
  readonly tokens: () => ReadonlyArray<Secret.Secret>
  /** To be called when the record has decided on the refusal. */
  readonly forget: (token: Secret.Secret) => void
  /** Whether it is the last token whose refusal the record took. */
  readonly isLast: (token: Secret.Secret) => boolean
  /** The write in progress, if there is one. */
  readonly writing: (token: Secret.Secret) => Promise<Result<void>> | undefined
  /** Runs one write, which answers whether the refusal was counted. If it fails, the token stays refused. */
  readonly write: (token: Secret.Secret, run: () => Promise<Result<boolean>>) => Promise<Result<void>>
  /** Settles when the writes in progress have ended. */
  readonly settled: () => Promise<unknown>
}

export const makeRefusing = (): Refusing => {
  let refused: ReadonlyArray<Refused> = []
  let last: Secret.Secret | undefined

  const find = (token: Secret.Secret) => refused.find((of) => Secret.eq.equals(of.token, token))
  const without = (token: Secret.Secret) => refused.filter((of) => !Secret.eq.equals(of.token, token))
  const forget: Refusing['forget'] = (token) => {
    refused = without(token)
  }

  return {
    has: (token) => find(token) !== undefined,
    isEmpty: () => refused.length === 0,
    tokens: () => refused.map(({ token }) => token),
    forget,
    isLast: (token) => last !== undefined && Secret.eq.equals(last, token),
    writing: (token) => find(token)?.writing,
    write: (token, run) => {
      const entry: Refused = { token, writing: undefined }
      refused = [...without(token), entry].slice(-MOST)
      entry.writing = run().then((heard) => {
        entry.writing = undefined
        if (E.isLeft(heard)) return heard
        forget(token)
        if (heard.right) last = token
        return E.right(undefined)
      })
      return entry.writing
    },
    settled: () => Promise.all(refused.map(({ writing }) => writing)),
  }
}
