import { AuthError, type Limits, Secret, TokenSet, type Tokens } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

/** Tokens `t1`, `t2`, …: the next one after each refusal of the present one. What it is asked is written down. */
export interface Scripted extends Tokens {
  readonly asked: ReadonlyArray<string>
  readonly accepted: ReadonlyArray<string>
}

export interface Script {
  /** Says what `get` answers the n-th time (from 0) instead. */
  readonly get?: (time: number) => AuthError | string | undefined
  /** Refusals change nothing: the source stands by its token. */
  readonly stubborn?: boolean
  /** Signals are not listened to. */
  readonly deaf?: boolean
  /** Waits for it before each answer. */
  readonly wait?: () => Promise<void>
}

export const scripted = ({ get, stubborn = false, deaf = false, wait }: Script = {}): Scripted => {
  const asked: string[] = []
  const accepted: string[] = []
  let generation = 1
  let gets = 0
  const within = ({ signal }: Limits): Tokens => ({
    get: async () => {
      asked.push('get')
      const scripted = get?.(gets++)
      await wait?.()
      if (signal?.aborted && !deaf) return E.left(AuthError.aborted)
      if (typeof scripted === 'object') return E.left(scripted)
      return E.right(TokenSet.make(Secret.make('AccessToken', scripted ?? `t${generation}`)))
    },
    invalidate: (used) => async () => {
      asked.push(`refuse ${Secret.open(used)}`)
      if (!stubborn && Secret.open(used) === `t${generation}`) generation++
      return E.right(undefined)
    },
    accept: (used) => {
      accepted.push(Secret.open(used))
    },
    peek: () => O.none,
    within,
  })
  return { ...within({}), asked, accepted }
}
