/** Breaks of the other transitions of a session: epochs, refusals, what is owed, places. */
import { CALM } from './calm.js'
import type { Mutant } from './Mutant.js'

export const lifecycle: ReadonlyArray<Mutant> = [
  {
    name: 'a login undoes a revoke',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'if (isEpochOf(from, cell)) {\n    const next',
        replace: 'if (true) {\n    const next',
      },
    ],
    judges: {
      interleavings: { property: 'nothing resurrected', mode: 'grace until use', isSlow: true },
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a login keeps the epoch',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'epoch: cell.epoch + 1,\n      generation: cell.generation + 1,',
        replace: 'epoch: cell.epoch,\n      generation: cell.generation + 1,',
      },
    ],
    judges: {
      law: 'any sequence of calls does what the lifecycle and the server say',
      interleavings: { property: 'lineage kept', mode: 'grace until use', isSlow: true },
      schedules: { property: 'lineage kept', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a tombstone is a delete',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: '        ...cell,\n        epoch: cell.epoch + 1,\n        origin: O.some(nonce),',
        replace:
          '        ...cell,\n        epoch: 0,\n        generation: 0,\n        since: O.none,\n        origin: O.some(nonce),',
      },
    ],
    judges: {
      law: 'any sequence of calls does what the lifecycle and the server say',
      interleavings: { property: 'lineage kept', mode: 'grace until use', isSlow: true },
      schedules: { property: 'lineage kept', scenario: 'ask and revoke' },
    },
  },
  {
    name: 'a tombstone keeps the epoch',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'epoch: cell.epoch + 1,\n        origin: O.some(nonce),',
        replace: 'epoch: cell.epoch,\n        origin: O.some(nonce),',
      },
    ],
    judges: {
      law: 'any sequence of calls does what the lifecycle and the server say',
      interleavings: { property: 'nothing resurrected', mode: 'grace until use', isSlow: true },
      schedules: { property: 'no session lost', scenario: 'ask and revoke' },
    },
  },
  {
    name: 'a tombstone waits for the lease',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'if (isEpochOf(from, cell)) {\n    return [',
        replace: 'if (isEpochOf(from, cell) && O.isNone(cell.lease)) {\n    return [',
      },
    ],
    judges: {
      interleavings: { property: 'nothing resurrected', mode: 'grace until use', isSlow: true },
      schedules: { property: 'nothing resurrected', scenario: 'ask, revoke, and ask again' },
    },
  },
  {
    name: 'a revoke of nothing opens no epoch',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'if (isEpochOf(from, cell)) {\n    return [',
        replace: 'if (isEpochOf(from, cell) && (O.isSome(cell.token) || O.isSome(cell.lease))) {\n    return [',
      },
    ],
    judges: {
      interleavings: {
        property: 'nothing resurrected',
        mode: 'grace until use',
        focus: { acts: ['login', 'revoke'], serverFaults: [], storeFaults: [], fixed: CALM },
        isSlow: true,
      },
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke twice' },
    },
  },
  {
    name: 'a login forgets the grant that it replaces',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: "const replaced = cell.status._tag === 'LogInAgain' ? O.none : cell.token",
        replace: 'const replaced: O.Option<T> = O.none',
      },
    ],
    judges: {
      interleavings: {
        property: 'nothing resurrected',
        mode: 'grace until use',
        focus: { acts: ['login'], serverFaults: [], storeFaults: [], fixed: CALM },
        isSlow: true,
      },
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a revoke of any epoch',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'if (isEpochOf(from, cell)) {\n    return [',
        replace: 'if (!isOrigin(nonce, cell)) {\n    return [',
      },
    ],
    judges: {
      schedules: { property: 'no session lost', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a tombstone forgets the token',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: 'owed: O.isSome(retryAt) ? newlyOwed(tokens, retryAt.value) : O.none,',
        replace: 'owed: cell.owed,',
      },
    ],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'ask and revoke, lost revocations' },
    },
  },
  {
    name: 'a login forgets what a tombstone owes',
    patches: [
      {
        file: 'lifecycle/epoch.ts',
        find: '...holding(view, token, cell),\n      epoch',
        replace: '...holding(view, token, { ...cell, owed: O.none }),\n      epoch',
      },
    ],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke, lost revocations' },
    },
  },
  {
    name: 'what came too late is not revoked',
    patches: [
      {
        file: 'lifecycle/owed.ts',
        find: 'const owes = owing(view, token, retryAt, cell)\n',
        replace: 'const owes: O.Option<Cell<T>> = O.none\n',
      },
    ],
    judges: {
      interleavings: { property: 'nothing resurrected', mode: 'grace until use', isSlow: true },
      schedules: { property: 'nothing resurrected', scenario: 'ask and revoke' },
    },
  },
  {
    name: 'what came too late is owed by nobody',
    patches: [
      {
        file: 'lifecycle/owed.ts',
        find: "action: { _tag: 'DiscardAndRevoke', token } }, owes.value]",
        replace: "action: { _tag: 'DiscardAndRevoke', token } }, cell]",
      },
    ],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'ask and revoke, lost revocations' },
    },
  },
  {
    name: 'one confirmation is taken for all that is owed',
    patches: [{ file: 'lifecycle/owed.ts', find: 'owed: toOwed(left, cell.owed.value) }', replace: 'owed: O.none }' }],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke, lost revocations' },
    },
  },
  {
    name: 'every place is the one that is there',
    patches: [
      {
        file: 'lifecycle/place.ts',
        find: 'cell.epoch === epoch && (O.isNone(origin) || O.isNone(cell.origin) || isOrigin(origin.value, cell))',
        replace: 'true',
      },
    ],
    judges: {
      interleavings: { property: 'nothing resurrected', mode: 'strict' },
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a refusal clears the lease',
    patches: [
      {
        file: 'lifecycle/refusal.ts',
        find: '{ ...cell, refused: true,',
        replace: '{ ...cell, lease: O.none, refused: true,',
      },
    ],
    judges: {
      interleavings: {
        property: 'one redemption',
        mode: 'grace until use',
        focus: { acts: ['refuse'], storeFaults: [], fixed: CALM },
        isSlow: true,
      },
      schedules: { property: 'one redemption', scenario: '2 asks and a refusal' },
    },
  },
  {
    name: 'a refusal clears the status',
    patches: [
      {
        file: 'lifecycle/refusal.ts',
        find: "status: cell.status._tag === 'CoolingDown' ? NO_STATUS : cell.status",
        replace: 'status: NO_STATUS',
      },
    ],
    judges: {
      interleavings: {
        property: 'terminal until a login',
        mode: 'strict',
        focus: { acts: ['refuse', 'crash'], serverFaults: ['lost answer'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'terminal until a login', scenario: 'an ask again and a refusal, a lost answer' },
    },
  },
  {
    name: 'a refusal moves the end of the lease',
    patches: [
      {
        file: 'lifecycle/refusal.ts',
        find: '{ ...cell, refused: true,',
        replace:
          '{ ...cell, lease: O.isSome(cell.lease) ? O.some({ ...cell.lease.value, until: (cell.lease.value.until + 20_000) as Instant }) : O.none, refused: true,',
      },
    ],
    judges: {
      interleavings: {
        property: 'a lease ends when it said',
        mode: 'grace until use',
        focus: { acts: ['refuse'], storeFaults: [], fixed: CALM },
      },
      schedules: { property: 'a lease ends when it said', scenario: '2 asks and a refusal' },
      livelock: 'strict',
    },
  },
  {
    name: 'a refused token is served',
    patches: [{ file: 'lifecycle/usable.ts', find: '!cell.refused && isBefore', replace: 'isBefore' }],
    judges: {
      law: 'a token that was refused is not served again',
      interleavings: {
        property: 'refused is not served',
        mode: 'grace until use',
        focus: { acts: ['refuse'], storeFaults: [], fixed: CALM },
      },
      schedules: { property: 'refused is not served', scenario: '2 asks and a refusal' },
    },
  },
]
