/** Breaks that show only where something stands around core: a store, or another strategy. */
import type { Strategy, TokenStore } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Core } from '../copies/loadCore.js'
import type { Mutant } from './Mutant.js'

const lastWriteWins = (store: TokenStore): TokenStore => ({
  ...store,
  compareAndSet: (key, _expected, next) => async () => {
    const there = await store.get(key)()
    return E.isLeft(there) ? there : store.compareAndSet(key, there.right.version, next)()
  },
})

/** It says that it tells of changes, and tells of none. */
const silent = (store: TokenStore): TokenStore => ({ ...store, changes: () => () => undefined })

/** A fall-back to another account, which a well-behaved `alt` reaches only when nothing was sent. */
export const withAnotherAccount = (core: Core, strategy: Strategy<unknown>): Strategy<unknown> =>
  pipe(
    strategy,
    core.Strategy.alt(
      core.Strategy.make<unknown>(
        { needsRefreshToken: true },
        () => () => async () =>
          E.right(
            core.TokenSet.make(core.Secret.make('AccessToken', 'another account'), {
              refreshToken: O.some(core.Secret.make('RefreshToken', 'another account')),
            }),
          ),
      ),
    ),
  )

export const around: ReadonlyArray<Mutant> = [
  {
    name: 'last-write-wins store',
    patches: [],
    around: { store: lastWriteWins },
    judges: {
      interleavings: { property: 'lineage kept', mode: 'strict' },
      schedules: { property: 'one redemption', scenario: '2 asks' },
    },
  },
  {
    name: 'alt after a time-out',
    patches: [
      {
        file: 'AuthError.ts',
        find: "_tag === 'NotApplicable' || _tag === 'Unreachable' || _tag === 'TimedOut'",
        replace:
          "_tag === 'NotApplicable' || _tag === 'Unreachable' || _tag === 'TimedOut' || _tag === 'OutcomeUnknown'",
      },
    ],
    around: { decorate: withAnotherAccount },
    judges: {
      interleavings: { property: 'lineage kept', mode: 'grace until use' },
      schedules: { property: 'lineage kept', scenario: '2 asks, a lost answer' },
    },
  },
  {
    name: 'only a message ends the wait, and it is lost',
    patches: [
      {
        file: 'session/changes.ts',
        find: 'const deadline = plus(clock.now(), millis(Math.max(1, Math.min(poll, between(clock.now(), until)))))',
        replace:
          'const deadline = plus(clock.now(), millis(end === undefined ? Math.max(1, Math.min(poll, between(clock.now(), until))) : Number.POSITIVE_INFINITY))',
      },
    ],
    around: { store: silent },
    judges: {
      interleavings: {
        property: 'served in the end',
        mode: 'grace until use',
        focus: { acts: ['crash'], serverFaults: ['lost answer'], storeFaults: [], fixed: { wakes: true } },
      },
      schedules: { property: 'served in the end', scenario: '2 asks, a lost answer, then no connection' },
    },
  },
]
