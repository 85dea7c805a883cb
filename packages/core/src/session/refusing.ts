import * as E from 'fp-ts/lib/Either.js'
import * as Secret from '../Secret.js'
import type { Result } from './records.js'

/** So many are remembered that the store did not take: who refuses more than that has none of them from the record. */
const MOST = 8

/** A token that was refused, as long as the record may still call it good. */
interface Refused {
  readonly token: Secret.Secret
  /** The write of it; none once that has failed. */
  writing: Promise<Result<void>> | undefined
}

/** The refused tokens of which the record does not say so yet: none of them is served, whatever a read brings. */
export interface Refusing {
  readonly has: (token: Secret.Secret) => boolean
  readonly tokens: () => ReadonlyArray<Secret.Secret>
  /** The record was asked. */
  readonly forget: (token: Secret.Secret) => void
  /** It was the last one that a record took. */
  readonly isLast: (token: Secret.Secret) => boolean
  /** What a write that is under way will answer. */
  readonly writing: (token: Secret.Secret) => Promise<Result<void>> | undefined
  /** One write, which answers whether the refusal was heard. What it could not write stays refused. */
  readonly write: (token: Secret.Secret, run: () => Promise<Result<boolean>>) => Promise<Result<void>>
  /** The ends of the writes that are under way. */
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
