import { AuthError, conflict, type Duration, plus, type Stamped, type TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { StoreFault } from '../../scenarios.js'
import type { Ledger } from './ledger.js'
import type { Stage } from './stage.js'

export interface StoreConfig {
  readonly memory: TokenStore
  readonly stage: Stage
  readonly ledger: () => Ledger
  readonly nextFault: () => StoreFault
  readonly wakes: boolean
  /** The store's clock minus everybody else's; none where it has no clock. */
  readonly offset: O.Option<Duration>
  /** A write of a new token has failed, or its answer was lost. */
  readonly onWriteFailed: () => void
}

/** The store as one process sees it, through the network. */
export const storeOf =
  ({ memory, stage, ledger, nextFault, wakes, offset, onWriteFailed }: StoreConfig) =>
  (process: number): TokenStore => {
    const stampedNow = (): ((found: Stamped) => Stamped) => {
      const now = pipe(
        offset,
        O.map((by) => plus(stage.now(), by)),
      )
      return (found) => (O.isNone(now) ? found : { ...found, now })
    }

    /** Messages, which a dead process does not hear. */
    const changes: NonNullable<TokenStore['changes']> = (key, onChange) =>
      memory.changes?.(key, (version) => {
        if (!stage.isDead(process)) onChange(version)
      }) ?? constVoid

    /** A lock that ends with its process. */
    const exclusive: NonNullable<TokenStore['exclusive']> = (key, use) => {
      const task = () => Promise.race([use(), stage.crashed(process).then(() => E.left(AuthError.aborted))])
      return memory.exclusive === undefined ? task : memory.exclusive(key, task)
    }

    return {
      guarantee: 'shared',
      ...(memory.mayLoseWrites !== undefined && { mayLoseWrites: memory.mayLoseWrites }),
      get: (key) => async () => {
        const fault = nextFault()
        if (fault !== 'none') return E.left(AuthError.storeFailed('get', fault))
        const read = stage.over(process, 'get', async () => {
          const stamp = stampedNow()
          return pipe(await memory.get(key)(), E.map(stamp))
        })
        return await read
      },
      ...(wakes && memory.changes !== undefined && { changes }),
      ...(memory.exclusive !== undefined && { exclusive }),
      compareAndSet: (key, expected, next) => async () => {
        const fault = nextFault()
        if (fault !== 'none' && ledger().isCommit(next.record)) onWriteFailed()
        if (fault === 'failed') return E.left(AuthError.storeFailed('compareAndSet', fault))
        const written = await stage.over(process, 'compareAndSet', () =>
          ledger().judged(process, memory.compareAndSet(key, expected, next)),
        )
        if (fault === 'answer lost') return E.left(AuthError.storeFailed('compareAndSet', fault))
        return pipe(
          written,
          E.map((answer) => (answer._tag === 'Conflict' ? conflict(stampedNow()(answer.found)) : answer)),
        )
      },
    }
  }
