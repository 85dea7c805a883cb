/** Breaks of what runs around the transitions, `session`. */
import { CALM } from './calm.js'
import type { Mutant } from './Mutant.js'

export const session: ReadonlyArray<Mutant> = [
  {
    name: 'a token that waited is not late',
    patches: [{ file: 'session/beginning.ts', find: 'isOver(found) || isLate(found) ?', replace: 'isOver(found) ?' }],
    judges: {
      schedules: {
        property: 'nothing resurrected',
        scenario: 'a token to adopt and a revoke, a late store answer',
        stalls: 1,
        isSlow: true,
      },
    },
  },
  {
    name: 'a login is asked of whatever there is when it ends',
    patches: [
      {
        file: 'session/beginning.ts',
        find: 'from ??= isOver(found) || isLate(found) ? NOWHERE : Lifecycle.placeOf(found.cell)',
        replace: 'from = Lifecycle.placeOf(found.cell)',
      },
    ],
    judges: {
      interleavings: { property: 'nothing resurrected', mode: 'strict' },
      schedules: { property: 'nothing resurrected', scenario: 'login and revoke' },
    },
  },
  {
    name: 'the memory goes back',
    patches: [
      { file: 'session/cache.ts', find: 'const overlaps = begun < adopted', replace: 'const overlaps = false' },
    ],
    judges: {
      interleavings: {
        property: 'refused is not served',
        mode: 'grace until use',
        focus: { acts: ['login', 'refuse'], serverFaults: [], storeFaults: [], fixed: CALM },
        isSlow: true,
      },
      schedules: { property: 'refused is not served', scenario: 'ask and refuse by one' },
    },
  },
  {
    name: 'lease shorter than the flight',
    patches: [
      { file: 'session/context.ts', find: 'const hold = holdOf(longest)', replace: 'const hold = millis(500)' },
    ],
    judges: {
      law: 'a request whose answer is lost is not sent again at once',
      interleavings: { property: 'no session lost', mode: 'strict', isSlow: true },
      schedules: { property: 'one redemption', scenario: '2 asks, a write that hangs' },
    },
  },
  {
    name: 'a revoke is asked of whatever there is when it is written',
    patches: [
      {
        file: 'session/ending.ts',
        find: 'if (from === undefined || (O.isSome(origin) && isEarlier(origin.value))) from',
        replace: 'from',
      },
    ],
    judges: {
      schedules: { property: 'no session lost', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a revoke does not end the login that was asked for before it',
    patches: [{ file: 'session/ending.ts', find: 'origins.has(origin) ||', replace: '' }],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'login, then revoke', isSlow: true },
    },
  },
  {
    name: 'the server is told of a revoke first',
    patches: [
      {
        file: 'session/ending.ts',
        find: '    const applied = await asked.turn.track(bury(asked, deadline))\n',
        replace:
          '    const there = await records.read(deadline)\n    if (E.isRight(there) && O.isSome(there.right.cell.token)) await owing.pay([there.right.cell.token.value], there.right, deadline)\n    const applied = await asked.turn.track(bury(asked, deadline))\n',
      },
      {
        file: 'session/owing.ts',
        find: "ends === 'grant' ? !Lifecycle.isHeld(view, token)(cell) :",
        replace: "ends === 'grant' ? true :",
      },
    ],
    judges: {
      interleavings: { property: 'no session lost', mode: 'strict' },
      schedules: { property: 'no session lost', scenario: 'ask and revoke' },
    },
  },
  {
    name: 'unknown is sent again',
    patches: [
      { file: 'session/failure.ts', find: 'cause.repeatable ? notSent(rest) : UNKNOWN', replace: 'notSent(rest)' },
    ],
    judges: {
      law: 'a request whose answer is lost is not sent again at once',
      interleavings: { property: 'one redemption', mode: 'grace until use', isSlow: true },
      schedules: { property: 'one redemption', scenario: '2 asks, a lost answer' },
    },
  },
  {
    name: 'a login begins before the revoke that was asked for before it',
    patches: [{ file: 'session/login.ts', find: '    await revokes\n', replace: '' }],
    judges: {
      schedules: { property: 'no session lost', scenario: 'revoke, then login', isSlow: true },
    },
  },
  {
    name: 'a login begins after the revoke that was asked for after it',
    patches: [
      {
        file: 'session/login.ts',
        find: "E.isRight(start) && isOver(start.right) ? fail('Revoked') : start",
        replace: 'start',
      },
    ],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'login, then revoke', isSlow: true },
    },
  },
  {
    name: 'a login that came second is served',
    patches: [
      {
        file: 'session/login.ts',
        find: 'if (isThere && (isValid(context, token) || of.validate !== undefined))',
        replace: 'if (isValid(context, token))',
      },
    ],
    judges: {
      interleavings: { property: 'persisted before returned', mode: 'strict' },
      schedules: { property: 'persisted before returned', scenario: 'login and revoke' },
    },
  },
  {
    name: 'a failed write redeems again',
    patches: [
      {
        file: 'session/outbox.ts',
        find: 'const added = add(acquired)\n    added.isWriting = true',
        replace: 'const added: Waiting = { acquired, isWriting: true }\n    acquired.committed()',
      },
    ],
    judges: {
      law: 'a token that the store does not take is kept, and not redeemed again',
      interleavings: {
        property: 'one redemption',
        mode: 'grace until use',
        focus: { acts: [], serverFaults: [], storeFaults: ['failed'] },
        isSlow: true,
      },
      schedules: { property: 'one redemption', scenario: '2 asks, a write that hangs' },
    },
  },
  {
    name: 'what is pending is forgotten',
    patches: [
      {
        file: 'session/outbox.ts',
        find: 'if (E.isLeft(applied)) return heldBack(applied.left)\n    remove(waiting, added)',
        replace:
          'if (E.isLeft(applied)) {\n      acquired.committed()\n      remove(waiting, added)\n      return heldBack(applied.left)\n    }\n    remove(waiting, added)',
      },
    ],
    judges: {
      law: 'a token that the store does not take is kept, and not redeemed again',
      schedules: { property: 'one redemption', scenario: '2 asks, a write that hangs' },
    },
  },
  {
    name: 'a revocation is taken for confirmed',
    patches: [
      {
        file: 'session/owing.ts',
        find: 'const ended = tokens.filter((_, at) => isEnded(at))',
        replace: 'const ended = tokens',
      },
    ],
    judges: {
      schedules: { property: 'nothing resurrected', scenario: 'ask and revoke, lost revocations' },
    },
  },
  {
    name: 'sends without an acknowledged lease',
    patches: [
      {
        file: 'session/records.ts',
        find: 'found = await take(answer.right.found, answer.right.begun, deadline)\n    }',
        replace:
          'found = await take(answer.right.found, answer.right.begun, deadline)\n      if (E.isRight(found)) return E.right({ decision, snapshot: found.right })\n    }',
      },
    ],
    judges: {
      law: 'whoever wants a token for longer than it lives gets the next one: many of several sources, by one request',
      interleavings: { property: 'one redemption', mode: 'grace for a time', isSlow: true },
      schedules: { property: 'one redemption', scenario: '2 asks' },
    },
  },
  {
    name: 'no re-read after the wait',
    patches: [
      {
        file: 'session/records.ts',
        find: 'found = await take(answer.right.found, answer.right.begun, deadline)\n    }',
        replace:
          'const there = await take(answer.right.found, answer.right.begun, deadline)\n      found = E.isLeft(there) ? there : E.right({ ...there.right, cell: at.cell, stored: at.stored })\n    }',
      },
    ],
    judges: {
      law: 'whoever wants a token for longer than it lives gets the next one: many of several sources, by one request',
      interleavings: { property: 'lineage kept', mode: 'grace until use', isSlow: true },
      schedules: { property: 'lineage kept', scenario: '2 asks' },
    },
  },
  {
    name: 'a write that failed counts as written',
    patches: [
      {
        file: 'session/records.ts',
        find: "if (E.isLeft(answer)) return answer\n      if (answer.right._tag === 'Committed') return",
        replace:
          "if (E.isLeft(answer)) return E.right({ decision, snapshot: at })\n      if (answer.right._tag === 'Committed') return",
      },
    ],
    judges: {
      law: 'a token that the store does not take is kept, and not redeemed again',
      interleavings: { property: 'persisted before returned', mode: 'strict' },
      schedules: { property: 'persisted before returned', scenario: '2 asks, a failed and a lost write' },
    },
  },
  {
    name: 'publish before persist',
    patches: [
      {
        file: 'session/redeem.ts',
        find: 'const committed = await outbox.commit(',
        replace: 'flying.offer(result.right)\n    const committed = await outbox.commit(',
      },
    ],
    judges: {
      law: 'a token that the store does not take is kept, and not redeemed again',
      interleavings: { property: 'persisted before returned', mode: 'grace until use' },
      schedules: { property: 'persisted before returned', scenario: '2 asks' },
    },
  },
  {
    name: 'late answers are dropped',
    patches: [
      { file: 'session/redeem.ts', find: 'if (E.isLeft(result) && result.left === late) {', replace: 'if (false) {' },
    ],
    judges: {
      interleavings: {
        property: 'no session lost',
        mode: 'strict',
        focus: { acts: [], serverFaults: ['late answer'], storeFaults: [] },
        isSlow: true,
      },
      schedules: { property: 'no session lost', scenario: 'an ask again, a late answer' },
    },
  },
  {
    name: 'a late answer is asked for again',
    patches: [
      { file: 'session/redeem.ts', find: 'if (answered.includes(name) || isElsewhere) return again', replace: '' },
    ],
    judges: {
      interleavings: {
        property: 'one redemption',
        mode: 'grace until use',
        focus: { acts: [], serverFaults: ['late answer'], storeFaults: [], fixed: CALM },
        isSlow: true,
      },
      schedules: { property: 'one redemption', scenario: 'an ask again, a late answer' },
    },
  },
  {
    name: 'an old lease is used',
    patches: [
      {
        file: 'session/redeem.ts',
        find: "if (clock.now() >= sendBy) return failed(AuthError.timedOut('the token store'))",
        replace: '',
      },
    ],
    judges: {
      schedules: { property: 'one redemption', scenario: '2 asks of a token that is due', stalls: 2, isSlow: true },
    },
  },
  {
    name: 'a late rejection is dropped',
    patches: [
      {
        file: 'session/redeem.ts',
        find: ': exclusively(after(timeout), async () => E.right(await failed(answer.left, true))),',
        replace: ': Promise.resolve(answer),',
      },
    ],
    judges: {
      schedules: { property: 'served in the end', scenario: 'an ask again, a lost and a late answer' },
    },
  },
  {
    name: 'an answer that comes after the close is dropped',
    patches: [
      {
        file: 'session/redeem.ts',
        find: 'const committed = await outbox.commit(',
        replace: 'if (isClosed()) return failed(AuthError.closed)\n    const committed = await outbox.commit(',
      },
    ],
    judges: {
      law: 'a closed source serves nobody, and what is under way is committed',
      interleavings: { property: 'one redemption', mode: 'grace until use' },
      schedules: { property: 'one redemption', scenario: 'ask and close' },
    },
  },
  {
    name: 'a login is answered as it was written, however late',
    patches: [
      {
        file: 'session/login.ts',
        find: 'if (context.clock.now() < cache.readUntil) return written',
        replace: 'if (written !== undefined) return written',
      },
    ],
    judges: { schedules: { property: 'nothing resurrected', scenario: '2 logins', stalls: 2, isSlow: true } },
  },
]
