/** `step`, and the runtime around it, each broken at one place. */
import type { Strategy, TokenStore } from '@tessera/core'
import type { Focus, Property, Scenario } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Mode, Options } from '../copies/judging.js'
import type { Core, Patch } from '../copies/loadCore.js'

/** A deliberate break, and the property that must notice it. */
export interface Mutant {
  readonly name: string
  readonly killedBy: Property
  readonly mode: Mode
  readonly patches?: ReadonlyArray<Patch>
  readonly options?: Options
  /** What narrows the search. */
  readonly focus?: Focus
  /** Tests try it in every schedule, see `schedules`, and `npm run zoo` by interleavings too, which take more runs. */
  readonly isScheduled?: boolean
}

const inStep = (part: string, find: string, replace: string): ReadonlyArray<Patch> => [
  { file: `lifecycle/${part}.ts`, find, replace },
]
const inSession = (part: string, find: string, replace: string): ReadonlyArray<Patch> => [
  { file: `session/${part}.ts`, find, replace },
]

const lastWriteWins = (core: Core): TokenStore => {
  const store = core.memoryStore()
  return {
    ...store,
    compareAndSet: (key, _expected, next) => async () => {
      const there = await store.get(key)()
      return E.isLeft(there) ? there : store.compareAndSet(key, there.right.version, next)()
    },
  }
}

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

const CALM: Partial<Scenario> = { processes: 2, start: 'due', renewal: 'background', wakes: false, storeClock: null }

export const mutants: ReadonlyArray<Mutant> = [
  { name: 'last-write-wins store', killedBy: 'lineage kept', mode: 'strict', options: { store: lastWriteWins } },
  {
    name: 'lease shorter than the flight',
    isScheduled: true,
    killedBy: 'no session lost',
    mode: 'strict',
    patches: inSession('context', 'const hold = holdOf(longest)', 'const hold = millis(500)'),
  },
  {
    name: 'publish before persist',
    killedBy: 'persisted before returned',
    mode: 'grace until use',
    patches: inSession(
      'redeem',
      'const committed = await outbox.commit(',
      'flying.offer(result.right)\n    const committed = await outbox.commit(',
    ),
  },
  {
    name: 'sends without an acknowledged lease',
    isScheduled: true,
    killedBy: 'one redemption',
    mode: 'grace for a time',
    patches: [
      {
        file: 'session/records.ts',
        find: 'found = await take(answer.right.found, answer.right.begun, deadline)\n    }',
        replace:
          'found = await take(answer.right.found, answer.right.begun, deadline)\n      if (E.isRight(found)) return E.right({ decision, snapshot: found.right })\n    }',
      },
    ],
  },
  {
    name: 'no re-read after the wait',
    isScheduled: true,
    killedBy: 'lineage kept',
    mode: 'grace until use',
    patches: [
      {
        file: 'session/records.ts',
        find: 'found = await take(answer.right.found, answer.right.begun, deadline)\n    }',
        replace:
          'const there = await take(answer.right.found, answer.right.begun, deadline)\n      found = E.isLeft(there) ? there : E.right({ ...there.right, cell: at.cell, stored: at.stored })\n    }',
      },
    ],
  },
  {
    name: 'commit fenced by the lease',
    isScheduled: true,
    killedBy: 'no session lost',
    focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
    mode: 'strict',
    patches: inStep(
      'renewal',
      '  const next: Cell<T> = {\n    ...holding',
      "  if (O.isNone(cell.lease) || event.now >= cell.lease.value.until) return [{ serve: O.none, action: { _tag: 'Discard' } }, cell]\n  const next: Cell<T> = {\n    ...holding",
    ),
  },
  {
    name: 'commit into a dead epoch',
    killedBy: 'nothing resurrected',
    mode: 'grace until use',
    patches: inStep('renewal', 'if (!isEpochOf(parent, cell)) return discarded', 'if (false) return discarded'),
  },
  {
    name: 'a failed recovery forgets the orphan',
    isScheduled: true,
    killedBy: 'one redemption',
    focus: { acts: [], serverFaults: ['lost answer', 'not sent'], storeFaults: [] },
    mode: 'grace until use',
    patches: inStep(
      'renewal',
      'lease: lease.recovery ? O.some({ ...lease, nonce: O.none, until: now }) : O.none,',
      'lease: O.none,',
    ),
  },
  {
    name: 'unknown is sent again',
    isScheduled: true,
    killedBy: 'one redemption',
    mode: 'grace until use',
    patches: [
      { file: 'session/failure.ts', find: 'cause.repeatable ? notSent(rest) : UNKNOWN', replace: 'notSent(rest)' },
    ],
  },
  {
    name: 'a login undoes a revoke',
    isScheduled: true,
    killedBy: 'nothing resurrected',
    mode: 'grace until use',
    patches: inStep('epoch', 'if (isEpochOf(from, cell)) {\n    const next', 'if (true) {\n    const next'),
  },
  {
    name: 'a failed write redeems again',
    isScheduled: true,
    killedBy: 'one redemption',
    focus: { acts: [], serverFaults: [], storeFaults: ['failed'] },
    mode: 'grace until use',
    patches: [
      ...inSession(
        'outbox',
        'add(acquired)\n    writing.add(acquired)',
        'acquired.committed()\n    writing.add(acquired)',
      ),
    ],
  },
  {
    name: 'alt after a time-out',
    killedBy: 'lineage kept',
    mode: 'grace until use',
    patches: [
      {
        file: 'AuthError.ts',
        find: "_tag === 'NotApplicable' || _tag === 'Unreachable' || _tag === 'TimedOut'",
        replace:
          "_tag === 'NotApplicable' || _tag === 'Unreachable' || _tag === 'TimedOut' || _tag === 'OutcomeUnknown'",
      },
    ],
    options: { decorate: withAnotherAccount },
  },
  {
    name: "status on another token's invalid_grant",
    isScheduled: true,
    killedBy: 'no session lost',
    mode: 'strict',
    patches: [
      ...inStep('renewal', 'if (!isParent(event.parent, cell)) return [AGAIN, cell]', ''),
      ...inStep(
        'renewal',
        'const concerned = O.isSome(refresh) && view.equals(refresh.value, failure.refresh)',
        'const concerned = true',
      ),
    ],
  },
  {
    name: 'lease ignored',
    killedBy: 'one redemption',
    mode: 'grace until use',
    patches: inStep('renewal', 'O.isSome(cell.lease) && now < cell.lease.value.until', 'false'),
  },
  {
    name: 'a refusal clears the lease',
    isScheduled: true,
    killedBy: 'one redemption',
    focus: { acts: ['refuse'], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: inStep('refusal', '{ ...cell, refused: true,', '{ ...cell, lease: O.none, refused: true,'),
  },
  {
    name: 'a take-over is not declared',
    isScheduled: true,
    killedBy: 'one redemption',
    mode: 'grace until use',
    patches: inStep('renewal', 'const recovery = O.isSome(cell.lease)', 'const recovery = false'),
  },
  {
    name: 'a login keeps the epoch',
    isScheduled: true,
    killedBy: 'lineage kept',
    mode: 'grace until use',
    patches: inStep(
      'epoch',
      'epoch: cell.epoch + 1,\n      generation: cell.generation + 1,',
      'epoch: cell.epoch,\n      generation: cell.generation + 1,',
    ),
  },
  {
    name: 'commit to any generation',
    isScheduled: true,
    killedBy: 'lineage kept',
    focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
    mode: 'grace for a time',
    patches: inStep('renewal', 'if (cell.generation !== parent.generation)\n', 'if (false)\n'),
  },
  {
    name: 'a tombstone is a delete',
    isScheduled: true,
    killedBy: 'lineage kept',
    mode: 'grace until use',
    patches: inStep(
      'epoch',
      '        ...cell,\n        epoch: cell.epoch + 1,\n        origin: O.some(nonce),',
      '        ...cell,\n        epoch: 0,\n        generation: 0,\n        since: O.none,\n        origin: O.some(nonce),',
    ),
  },
  {
    name: 'a tombstone keeps the epoch',
    isScheduled: true,
    killedBy: 'nothing resurrected',
    mode: 'grace until use',
    patches: inStep(
      'epoch',
      'epoch: cell.epoch + 1,\n        origin: O.some(nonce),',
      'epoch: cell.epoch,\n        origin: O.some(nonce),',
    ),
  },
  {
    name: 'a tombstone waits for the lease',
    isScheduled: true,
    killedBy: 'nothing resurrected',
    mode: 'grace until use',
    patches: inStep(
      'epoch',
      'if (isEpochOf(from, cell)) {\n    return [',
      'if (isEpochOf(from, cell) && O.isNone(cell.lease)) {\n    return [',
    ),
  },
  {
    name: 'a revoke of nothing opens no epoch',
    isScheduled: true,
    killedBy: 'nothing resurrected',
    focus: { acts: ['login', 'revoke'], serverFaults: [], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: inStep(
      'epoch',
      'if (isEpochOf(from, cell)) {\n    return [',
      'if (isEpochOf(from, cell) && (O.isSome(cell.token) || O.isSome(cell.lease))) {\n    return [',
    ),
  },
  {
    name: 'the status does not block',
    killedBy: 'terminal until a login',
    mode: 'strict',
    patches: inStep('renewal', "if (status._tag === 'LogInAgain') return", 'if (false) return'),
  },
  {
    name: 'the cool-down is ignored',
    isScheduled: true,
    killedBy: 'terminal until a login',
    mode: 'grace until use',
    patches: inStep('renewal', "status._tag === 'CoolingDown' && now < status.until", 'false'),
  },
  {
    name: 'a refusal clears the status',
    isScheduled: true,
    killedBy: 'terminal until a login',
    focus: { acts: ['refuse', 'crash'], serverFaults: ['lost answer'], storeFaults: [] },
    mode: 'strict',
    patches: inStep(
      'refusal',
      "status: cell.status._tag === 'CoolingDown' ? NO_STATUS : cell.status",
      'status: NO_STATUS',
    ),
  },
  {
    name: 'a commit keeps refused',
    killedBy: 'fresh is served from memory',
    mode: 'grace until use',
    patches: inStep(
      'renewal',
      'generation: cell.generation + 1,\n    refused: false,\n    lease: O.none,\n    status: NO_STATUS,\n  }',
      'generation: cell.generation + 1,\n    lease: O.none,\n    status: NO_STATUS,\n  }',
    ),
  },
  {
    name: 'unknown is a status',
    killedBy: 'no session lost',
    mode: 'grace until use',
    patches: inStep(
      'renewal',
      "case 'Unknown':\n      return [NOTHING, cell]",
      "case 'Unknown':\n      return [NOTHING, { ...cell, lease: O.none, status: { _tag: 'LogInAgain' } }]",
    ),
  },
  {
    name: 'a refused token is served',
    killedBy: 'refused is not served',
    focus: { acts: ['refuse'], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: inStep('usable', '!cell.refused && isBefore', 'isBefore'),
  },
  {
    name: 'nobody takes over',
    killedBy: 'served in the end',
    focus: { acts: ['crash'], serverFaults: ['lost answer'], storeFaults: [] },
    mode: 'grace until use',
    patches: inStep('renewal', 'O.isSome(cell.lease) && now < cell.lease.value.until', 'O.isSome(cell.lease)'),
  },
  {
    name: 'late answers are dropped',
    isScheduled: true,
    killedBy: 'no session lost',
    focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
    mode: 'strict',
    patches: inSession('redeem', 'if (E.isLeft(result) && result.left === late) {', 'if (false) {'),
  },
  {
    name: 'a late answer is asked for again',
    isScheduled: true,
    killedBy: 'one redemption',
    focus: { acts: [], serverFaults: ['late answer'], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: inSession('redeem', 'if (answered.has(name) || isElsewhere) return again', ''),
  },
  {
    name: 'a login forgets the grant that it replaces',
    isScheduled: true,
    killedBy: 'nothing resurrected',
    focus: { acts: ['login'], serverFaults: [], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: inStep(
      'epoch',
      "const replaced = cell.status._tag === 'LogInAgain' ? O.none : cell.token",
      'const replaced: O.Option<T> = O.none',
    ),
  },
  {
    name: 'what came too late is not revoked',
    isScheduled: true,
    killedBy: 'nothing resurrected',
    mode: 'grace until use',
    patches: inStep(
      'owed',
      'const owes = owing(view, token, retryAt, cell)\n',
      'const owes: O.Option<Cell<T>> = O.none\n',
    ),
  },
  {
    name: 'a refusal moves the end of the lease',
    killedBy: 'a lease ends when it said',
    focus: { acts: ['refuse'], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: inStep(
      'refusal',
      '{ ...cell, refused: true,',
      '{ ...cell, lease: O.isSome(cell.lease) ? O.some({ ...cell.lease.value, until: (cell.lease.value.until + 20_000) as Instant }) : O.none, refused: true,',
    ),
  },
  {
    name: 'only a message ends the wait, and it is lost',
    killedBy: 'served in the end',
    focus: { acts: ['crash'], serverFaults: ['lost answer'], storeFaults: [], fixed: { wakes: true } },
    mode: 'grace until use',
    options: {
      store: (core) => ({
        ...core.memoryStore(),
        changes: () => () => undefined,
      }),
    },
    patches: [
      {
        file: 'session/changes.ts',
        find: 'const deadline = plus(clock.now(), millis(Math.max(1, Math.min(poll, between(clock.now(), until)))))',
        replace:
          'const deadline = plus(clock.now(), millis(end === undefined ? Math.max(1, Math.min(poll, between(clock.now(), until))) : Number.POSITIVE_INFINITY))',
      },
    ],
  },
  {
    name: 'the memory goes back',
    isScheduled: true,
    killedBy: 'refused is not served',
    focus: { acts: ['login', 'refuse'], serverFaults: [], storeFaults: [], fixed: CALM },
    mode: 'grace until use',
    patches: [
      { file: 'session/cache.ts', find: 'const overlaps = begun < adopted', replace: 'const overlaps = false' },
    ],
  },
]
