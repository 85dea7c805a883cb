/** Breaks of the renewal of a token, `lifecycle/renewal.ts`. */
import type { Mutant } from './Mutant.js'

const FILE = 'lifecycle/renewal.ts'

export const renewal: ReadonlyArray<Mutant> = [
  {
    name: 'commit fenced by the lease',
    patches: [
      {
        file: FILE,
        find: '  const next: Cell<T> = {\n    ...holding',
        replace:
          "  if (O.isNone(cell.lease) || event.now >= cell.lease.value.until) return [{ serve: O.none, action: { _tag: 'Discard' } }, cell]\n  const next: Cell<T> = {\n    ...holding",
      },
    ],
    judges: {
      interleavings: {
        property: 'no session lost',
        mode: 'strict',
        focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'no session lost', scenario: '2 asks, a late answer' },
      livelock: 'no refresh token',
    },
  },
  {
    name: 'commit into a dead epoch',
    patches: [
      { file: FILE, find: 'if (!isEpochOf(parent, cell)) return discarded', replace: 'if (false) return discarded' },
    ],
    judges: {
      interleavings: { property: 'nothing resurrected', mode: 'grace until use' },
      schedules: { property: 'nothing resurrected', scenario: 'ask and revoke' },
    },
  },
  {
    name: 'a failed recovery forgets the orphan',
    patches: [
      {
        file: FILE,
        find: 'lease: lease.recovery ? O.some({ ...lease, nonce: O.none, until: now }) : O.none,',
        replace: 'lease: O.none,',
      },
    ],
    judges: {
      interleavings: {
        property: 'one redemption',
        mode: 'grace until use',
        focus: { acts: [], serverFaults: ['lost answer', 'not sent'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'one redemption', scenario: '2 asks, a lost answer, then no connection' },
    },
  },
  {
    name: "status on another token's invalid_grant",
    patches: [
      { file: FILE, find: 'if (!isParent(event.parent, cell)) return [AGAIN, cell]', replace: '' },
      {
        file: FILE,
        find: 'const concerned = O.isSome(refresh) && view.equals(refresh.value, failure.refresh)',
        replace: 'const concerned = true',
      },
    ],
    judges: {
      interleavings: { property: 'no session lost', mode: 'strict', isSlow: true },
      schedules: { property: 'nothing resurrected', scenario: 'ask and revoke' },
    },
  },
  {
    name: 'lease ignored',
    patches: [{ file: FILE, find: 'O.isSome(cell.lease) && now < cell.lease.value.until', replace: 'false' }],
    judges: {
      law: 'whoever wants a token for longer than it lives gets the next one: many of several sources, by one request',
      interleavings: { property: 'one redemption', mode: 'grace until use' },
      schedules: { property: 'one redemption', scenario: '2 asks' },
    },
  },
  {
    name: 'a take-over is not declared',
    patches: [{ file: FILE, find: 'const recovery = O.isSome(cell.lease)', replace: 'const recovery = false' }],
    judges: {
      interleavings: { property: 'one redemption', mode: 'grace until use', isSlow: true },
      schedules: { property: 'one redemption', scenario: '2 asks, a crash anywhere' },
    },
  },
  {
    name: 'commit to any generation',
    patches: [{ file: FILE, find: 'if (cell.generation !== parent.generation)\n', replace: 'if (false)\n' }],
    judges: {
      interleavings: {
        property: 'lineage kept',
        mode: 'grace for a time',
        focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'lineage kept', scenario: '2 asks, a failed and a lost write' },
    },
  },
  {
    name: 'the status does not block',
    patches: [{ file: FILE, find: "if (status._tag === 'LogInAgain') return", replace: 'if (false) return' }],
    judges: {
      law: 'once the server has said so, nothing is sent until a login, and a login begins anew',
      interleavings: { property: 'terminal until a login', mode: 'strict' },
      schedules: { property: 'terminal until a login', scenario: '2 asks, a lost answer' },
      livelock: 'strict',
    },
  },
  {
    name: 'the cool-down is ignored',
    patches: [{ file: FILE, find: "status._tag === 'CoolingDown' && now < status.until", replace: 'false' }],
    judges: {
      law: 'a busy server is left alone for as long as it asks',
      interleavings: { property: 'terminal until a login', mode: 'grace until use', isSlow: true },
      schedules: { property: 'terminal until a login', scenario: '2 asks, no connection, then a 429' },
    },
  },
  {
    name: 'a commit keeps refused',
    patches: [
      {
        file: FILE,
        find: 'generation: cell.generation + 1,\n    refused: false,\n    lease: O.none,\n    status: NO_STATUS,\n  }',
        replace: 'generation: cell.generation + 1,\n    lease: O.none,\n    status: NO_STATUS,\n  }',
      },
    ],
    judges: {
      law: 'any sequence of calls does what the lifecycle and the server say',
      interleavings: { property: 'fresh is served from memory', mode: 'grace until use' },
      schedules: { property: 'fresh is served from memory', scenario: '2 asks and a refusal' },
      livelock: 'strict',
    },
  },
  {
    name: 'unknown is a status',
    patches: [
      {
        file: FILE,
        find: "case 'Unknown':\n      return [NOTHING, cell]",
        replace: "case 'Unknown':\n      return [NOTHING, { ...cell, lease: O.none, status: { _tag: 'LogInAgain' } }]",
      },
    ],
    judges: {
      law: 'any sequence of calls does what the lifecycle and the server say',
      interleavings: { property: 'no session lost', mode: 'grace until use' },
      schedules: { property: 'no session lost', scenario: '2 asks, a lost answer' },
    },
  },
  {
    name: 'nobody takes over',
    patches: [
      { file: FILE, find: 'O.isSome(cell.lease) && now < cell.lease.value.until', replace: 'O.isSome(cell.lease)' },
    ],
    judges: {
      law: 'a request whose answer is lost is not sent again at once',
      interleavings: {
        property: 'served in the end',
        mode: 'grace until use',
        focus: { acts: ['crash'], serverFaults: ['lost answer'], storeFaults: [] },
      },
      schedules: { property: 'served in the end', scenario: '2 asks, a failed and a lost write' },
      livelock: 'strict',
    },
  },
  {
    name: 'an unknown outcome releases the lease',
    patches: [
      {
        file: FILE,
        find: "case 'Unknown':\n      return [NOTHING, cell]",
        replace: "case 'Unknown':\n      return released(event.nonce, now, 0 as Duration, cell)",
      },
    ],
    judges: {
      law: 'a request whose answer is lost is not sent again at once',
      interleavings: { property: 'one redemption', mode: 'strict' },
      schedules: { property: 'one redemption', scenario: '2 asks, a lost answer' },
    },
  },
  {
    name: "anybody's failure releases the lease",
    patches: [
      {
        file: FILE,
        find: 'if (!(O.isSome(lease.nonce) && lease.nonce.value === nonce)) return [AGAIN, cell]',
        replace: '',
      },
    ],
    judges: {
      schedules: {
        property: 'a lease ends when it said',
        scenario: '2 asks of a token that is due',
        stalls: 2,
        isSlow: true,
      },
    },
  },
  {
    name: 'a cool-down without an end',
    patches: [
      {
        file: FILE,
        find: "status._tag === 'CoolingDown' && now < status.until",
        replace: "status._tag === 'CoolingDown'",
      },
    ],
    judges: {
      law: 'a failure is not for ever',
      interleavings: { property: 'served in the end', mode: 'strict' },
      schedules: { property: 'served in the end', scenario: '2 asks, no connection, then a 429' },
      livelock: 'strict',
    },
  },
  {
    name: 'a token of the same epoch is revoked when it is dropped',
    patches: [
      {
        file: FILE,
        find: "return [same ? AGAIN : { serve: O.none, action: { _tag: 'Discard' } }, cell]",
        replace: "return [same ? AGAIN : { serve: O.none, action: { _tag: 'DiscardAndRevoke', token } }, cell]",
      },
    ],
    judges: {
      interleavings: {
        property: 'no session lost',
        mode: 'grace for a time',
        focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'no session lost', scenario: '2 asks, a late answer, at a server with grace' },
    },
  },
  {
    name: 'a commit keeps the status',
    patches: [{ file: FILE, find: 'lease: O.none,\n    status: NO_STATUS,\n  }', replace: 'lease: O.none,\n  }' }],
    judges: {
      interleavings: {
        property: 'no session lost',
        mode: 'strict',
        focus: { acts: [], serverFaults: ['late answer', 'throttled'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'no session lost', scenario: '2 asks, a late answer' },
    },
  },
  {
    name: 'nobody is served during a renewal',
    patches: [
      {
        file: FILE,
        find: "return [\n    { serve, action: { _tag: 'Redeem',",
        replace: "return [\n    { serve: O.none, action: { _tag: 'Redeem',",
      },
    ],
    judges: {
      schedules: { property: 'fresh is served from memory', scenario: '2 asks of a token that is due' },
    },
  },
  {
    name: 'a start without a person forgets what a tombstone owes',
    patches: [
      {
        file: FILE,
        find: '      status: NO_STATUS,\n      lease: O.some(',
        replace: '      status: NO_STATUS,\n      owed: O.none,\n      lease: O.some(',
      },
    ],
    judges: {
      schedules: {
        property: 'nothing resurrected',
        scenario: 'a revoke by one who needs no refresh token, a lost revocation',
      },
    },
  },
  {
    name: 'only the holder brings the status',
    patches: [
      {
        file: FILE,
        find: "return concerned && cell.status._tag !== 'LogInAgain'",
        replace:
          "return concerned && cell.status._tag !== 'LogInAgain' && O.isSome(cell.lease) && O.toNullable(cell.lease.value.nonce) === event.nonce",
      },
    ],
    judges: {
      interleavings: {
        property: 'no session lost',
        mode: 'strict',
        focus: { acts: [], serverFaults: ['lost answer', 'late answer'], storeFaults: [] },
        isSlow: true,
      },
      livelock: 'strict',
    },
  },
]
