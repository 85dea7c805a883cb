import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { instant, Lifecycle, millis } from '../src/index.js'

// A model's token: numbers instead of secrets.
interface Token {
  readonly access: number
  readonly refresh: number | null
  readonly end: number | null
  readonly start?: number
}
type Cell = Lifecycle.Cell<Token>
type Event = Lifecycle.Event<Token, number>

const view: Lifecycle.View<Token, number> = {
  issuedAt: ({ start }) => (start === undefined ? O.none : O.some(instant(start))),
  expiresAt: ({ end }) => (end === null ? O.none : O.some(instant(end))),
  access: ({ access }) => access,
  refresh: ({ refresh }) => O.fromNullable(refresh),
  equals: (a, b) => a === b,
}
const step = Lifecycle.step(view)
const HOLD = 30
const EARLY = 10

// -----------------------------------------------------------------------------
// arbitraries: small numbers, so that events meet the cell
// -----------------------------------------------------------------------------

const time = fc.nat(100).map(instant)
const nonce = fc.constantFrom('a', 'b', 'c')
const token: fc.Arbitrary<Token> = fc.record({
  access: fc.nat(3),
  refresh: fc.option(fc.nat(3)),
  end: fc.option(fc.nat(100)),
})
const someLease: fc.Arbitrary<Lifecycle.Lease> = fc.record({
  nonce: fc.option(nonce).map(O.fromNullable),
  firstAt: time,
  until: time,
  recovery: fc.boolean(),
})
const none: Lifecycle.Status = { _tag: 'None' }
const retryAt = fc.option(time).map(O.fromNullable)
const owed: fc.Arbitrary<Cell['owed']> = fc
  .option(
    fc.record({
      tokens: fc.uniqueArray(token, { minLength: 1, maxLength: 3, selector: ({ access }) => access }),
      retryAt: time,
      since: fc.option(time).map(O.fromNullable),
    }),
  )
  .map(O.fromNullable)
const someCell = fc.record({
  epoch: fc.integer({ min: 1, max: 3 }),
  generation: fc.integer({ min: 1, max: 3 }),
  origin: fc.option(nonce).map(O.fromNullable),
  since: fc.option(time).map(O.fromNullable),
  token: fc.option(token).map(O.fromNullable),
  refused: fc.boolean(),
  refusals: fc.option(fc.record({ count: fc.nat(3), accepted: fc.nat(3), at: time })).map(O.fromNullable),
  owed,
  later: fc.constant(O.none),
})
/** Cells of the shapes that hold: an owned lease has no status; log-in-again and revoked have no lease, revoked no token. */
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant<Cell>(Lifecycle.empty),
  fc.tuple(someCell, someLease).map(([of, owned]): Cell => ({ ...of, lease: O.some(owned), status: none })),
  fc
    .tuple(
      someCell,
      someLease.map((of) => ({ ...of, nonce: O.none })),
      fc.boolean(),
      time,
    )
    .map(
      ([of, orphan, isOrphaned, until]): Cell => ({
        ...of,
        lease: isOrphaned ? O.some(orphan) : O.none,
        status: { _tag: 'CoolingDown', until },
      }),
    ),
  fc.tuple(someCell, fc.constantFrom<Lifecycle.Status>({ _tag: 'LogInAgain' }, { _tag: 'Revoked' }, none)).map(
    ([of, status]): Cell => ({
      ...of,
      ...(status._tag === 'Revoked' && { token: O.none }),
      lease: O.none,
      status,
    }),
  ),
)
const place = fc.record({ epoch: fc.nat(3), origin: fc.option(nonce).map(O.fromNullable) })
const inEpoch = (epoch: number): Lifecycle.Place => ({ epoch, origin: O.none })
const parent = fc.record({
  epoch: fc.integer({ min: 1, max: 3 }),
  generation: fc.integer({ min: 1, max: 3 }),
  origin: fc.option(nonce).map(O.fromNullable),
})
const failure: fc.Arbitrary<Lifecycle.Failure<number>> = fc.oneof(
  fc.record({ _tag: fc.constant('NotSent' as const), backOff: fc.nat(5).map(millis) }),
  fc.record({ _tag: fc.constant('Throttled' as const), retryAfter: fc.nat(5).map(millis) }),
  fc.constant({ _tag: 'Unknown' as const }),
  fc.record({ _tag: fc.constant('InvalidGrant' as const), refresh: fc.nat(3) }),
)
const requested = fc.record({
  _tag: fc.constant('Requested' as const),
  nonce,
  now: time,
  renewBefore: fc.constantFrom(millis(0), millis(EARLY)),
  minValid: fc.constantFrom(millis(0), millis(30)),
  hold: fc.constant(millis(HOLD)),
  selfSufficient: fc.boolean(),
})
const event: fc.Arbitrary<Event> = fc.oneof(
  requested,
  fc.record({
    _tag: fc.constant('Redeemed' as const),
    parent,
    token,
    now: time,
    backOff: fc.constant(millis(5)),
    retryAt,
  }),
  fc.record({ _tag: fc.constant('Failed' as const), parent, nonce, now: time, failure }),
  fc.record({
    _tag: fc.constant('Refused' as const),
    access: fc.nat(3),
    now: time,
    accepted: fc.boolean(),
    minimumAge: fc.constantFrom(millis(0), millis(20)),
  }),
  fc.record({ _tag: fc.constant('Accepted' as const), access: fc.nat(3) }),
  fc.record({ _tag: fc.constant('LoggedIn' as const), from: place, nonce, token, retryAt }),
  fc.record({ _tag: fc.constant('RevokeAsked' as const), from: place, nonce, retryAt }),
  fc.record({ _tag: fc.constant('RevocationRetried' as const), now: time, retryAt: fc.constant(instant(200)) }),
  fc.record({ _tag: fc.constant('RevocationConfirmed' as const), revoked: fc.array(fc.nat(3)) }),
)

const RUNS = { numRuns: 5_000 }
const holds = (check: (cell: Cell, event: Event, decision: Lifecycle.Decision<Token>, next: Cell) => void): void => {
  fc.assert(
    fc.property(cell, event, (before, happens) => {
      const [decision, after] = step(happens)(before)
      check(before, happens, decision, after)
    }),
    RUNS,
  )
}
const stepped = (before: Cell, happens: Event) => {
  const [decision, after] = step(happens)(before)
  return { decision, after }
}

// -----------------------------------------------------------------------------
// what holds of every step
// -----------------------------------------------------------------------------

describe('every step', () => {
  test('never goes back: epoch, generation', () => {
    holds((before, _event, _decision, after) => {
      expect(after.epoch === before.epoch || after.epoch === before.epoch + 1).toBe(true)
      expect(after.generation === before.generation || after.generation === before.generation + 1).toBe(true)
    })
  })

  test('keeps the shape: an owned lease has no status, log-in-again and revoked have no lease', () => {
    holds((_before, _event, _decision, { lease: held, token: kept, status }) => {
      if (status._tag === 'LogInAgain' || status._tag === 'Revoked') expect(held).toEqual(O.none)
      if (status._tag === 'Revoked') expect(kept).toEqual(O.none)
      if (O.isSome(held) && O.isSome(held.value.nonce)) expect(status._tag).toBe('None')
    })
  })

  test('puts a token only by a commit of its child or by a login, with a new generation', () => {
    holds((before, { _tag }, _decision, after) => {
      if (O.isSome(after.token) && after.token !== before.token) {
        expect(['Redeemed', 'LoggedIn']).toContain(_tag)
        expect(after.generation).toBe(before.generation + 1)
      }
    })
  })

  test('opens an epoch only by a login or a revoke, and names its origin', () => {
    holds((before, happens, _decision, after) => {
      if (after.epoch === before.epoch) return
      expect(['LoggedIn', 'RevokeAsked']).toContain(happens._tag)
      expect(after.origin).toEqual(O.some('nonce' in happens ? happens.nonce : undefined))
    })
  })

  test('[A02] opens an epoch only onto the one that the login or the revoke began in: of its number and origin', () => {
    holds((before, happens, _decision, after) => {
      if (after.epoch === before.epoch || !('from' in happens)) return
      expect(happens.from.epoch).toBe(before.epoch)
      if (O.isSome(before.origin) && O.isSome(happens.from.origin)) expect(happens.from.origin).toEqual(before.origin)
    })
  })

  test('[A02] keeps the time of its epoch: who writes it gives an epoch its time', () => {
    holds((before, _event, _decision, after) => {
      expect(after.since).toBe(before.since)
    })
  })

  test('serves a token of the cell or the event, and nothing of a revoked or refused one on request', () => {
    holds((before, happens, { serve }) => {
      if (O.isNone(serve)) return
      if (happens._tag === 'Requested') {
        expect(serve).toBe(before.token)
        expect(before.refused).toBe(false)
        expect(before.status._tag).not.toBe('Revoked')
        expect(serve.value.end === null || happens.now < serve.value.end).toBe(true)
      } else expect('token' in happens && serve.value === happens.token).toBe(true)
    })
  })

  test('is idempotent in what it writes: the same commit, login or revoke again changes nothing', () => {
    holds((_before, happens, _decision, after) => {
      if (happens._tag === 'Requested' || happens._tag === 'Failed') return
      if (happens._tag === 'Redeemed' && after.refused) return
      const again = step(happens)(after)[1]
      if (happens._tag === 'Redeemed' && after.generation === happens.parent.generation) return
      if ((happens._tag === 'LoggedIn' || happens._tag === 'RevokeAsked') && after.epoch === happens.from.epoch) return
      expect(again).toBe(after)
    })
  })

  test('keeps what a later version wrote', () => {
    holds((before, _event, _decision, after) => {
      expect(after.later).toBe(before.later)
    })
  })
})

// -----------------------------------------------------------------------------
// the table, line by line
// -----------------------------------------------------------------------------

const T: Token = { access: 1, refresh: 1, end: 50 }
const U: Token = { access: 2, refresh: 2, end: 90 }
const RETRY_AT = O.some(instant(600))
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const owes = (...tokens: ReadonlyArray<Token>): Cell['owed'] => O.some({ tokens, retryAt: instant(600), since: O.none })
const held: Cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(T) }
const ask = (now: number, more: Partial<Extract<Event, { readonly _tag: 'Requested' }>> = {}): Event => ({
  _tag: 'Requested',
  nonce: 'n',
  now: instant(now),
  renewBefore: millis(EARLY),
  hold: millis(HOLD),
  selfSufficient: false,
  ...more,
})
const lease = (of: Partial<Lifecycle.Lease> = {}): O.Option<Lifecycle.Lease> =>
  O.some({ nonce: O.some('m'), firstAt: instant(0), until: instant(60), recovery: false, ...of })
const P = { epoch: 1, generation: 1, origin: O.none }

describe('Requested', () => {
  test('1 fresh: served, nothing to do', () => {
    const { decision, after } = stepped(held, ask(39))
    expect(decision).toEqual({ serve: O.some(T), action: { _tag: 'None' } })
    expect(after).toBe(held)
  })
  test('1 fresh, but valid for too short: what is to be done concerns whoever asks', () => {
    const longer = { minValid: millis(21) }
    expect(stepped(held, ask(29, longer)).decision.action).toEqual({ _tag: 'None' })
    expect(stepped(held, ask(30, longer)).decision).toMatchObject({ serve: O.some(T), action: { _tag: 'Redeem' } })
    const cooling: Cell = { ...held, status: { _tag: 'CoolingDown', until: instant(60) } }
    expect(stepped(cooling, ask(30, longer)).decision.action).toEqual({ _tag: 'Wait', until: 60 })
    const told: Cell = { ...held, status: { _tag: 'LogInAgain' } }
    expect(stepped(told, ask(30, longer)).decision.action).toEqual({ _tag: 'Fail', reason: 'LogInAgain' })
    expect(stepped({ ...held, lease: lease() }, ask(30, longer)).decision.action).toEqual({ _tag: 'Wait', until: 60 })
  })
  test('1 in the first tenth of its life no token is too short, nor is one without an end', () => {
    const young: Cell = { ...held, token: O.some({ ...T, start: 0, end: 50 }) }
    const longer = { minValid: millis(1_000) }
    expect(stepped(young, ask(4, longer)).decision.action).toEqual({ _tag: 'None' })
    expect(stepped(young, ask(5, longer)).decision.action._tag).toBe('Redeem')
    const endless: Cell = { ...held, token: O.some({ ...T, end: null }) }
    expect(stepped(endless, ask(90, longer)).decision.action).toEqual({ _tag: 'None' })
  })
  test('2 revoked: fails, unless the strategy is self-sufficient; then the old token is not carried on', () => {
    const revoked: Cell = { ...held, token: O.none, status: { _tag: 'Revoked' }, owed: owes(T) }
    expect(stepped(revoked, ask(0)).decision.action).toEqual({ _tag: 'Fail', reason: 'Revoked' })
    const { decision, after } = stepped(revoked, ask(0, { selfSufficient: true }))
    expect(decision).toMatchObject({ serve: O.none, action: { _tag: 'Redeem', previous: O.none } })
    expect(after).toMatchObject({ token: O.none, owed: owes(T) })
  })
  test('3 log in again: fails; a token that is still valid is served', () => {
    const told: Cell = { ...held, status: { _tag: 'LogInAgain' } }
    expect(stepped(told, ask(50)).decision).toEqual({ serve: O.none, action: { _tag: 'Fail', reason: 'LogInAgain' } })
    expect(stepped(told, ask(45)).decision).toEqual({ serve: O.some(T), action: { _tag: 'None' } })
  })
  test('4 nothing to redeem: fails, unless the strategy is self-sufficient', () => {
    const bare: Cell = { ...held, token: O.some({ ...T, refresh: null }) }
    expect(stepped(bare, ask(50)).decision.action).toEqual({ _tag: 'Fail', reason: 'NothingToRedeem' })
    expect(stepped(bare, ask(50, { selfSufficient: true })).decision.action._tag).toBe('Redeem')
  })
  test('5 cooling down: waits until its end, exclusive', () => {
    const cooling: Cell = { ...held, status: { _tag: 'CoolingDown', until: instant(60) } }
    expect(stepped(cooling, ask(59)).decision.action).toEqual({ _tag: 'Wait', until: 60 })
    expect(stepped(cooling, ask(60)).decision.action._tag).toBe('Redeem')
  })
  test('6 a lease: waits until its end, even if it is its own', () => {
    const leased: Cell = { ...held, lease: lease({ nonce: O.some('n') }) }
    expect(stepped(leased, ask(59)).decision.action).toEqual({ _tag: 'Wait', until: 60 })
    expect(stepped(leased, ask(45)).decision).toEqual({ serve: O.some(T), action: { _tag: 'None' } })
  })
  test('7 otherwise: redeems, and declares it before; the valid token is served meanwhile', () => {
    const { decision, after } = stepped(held, ask(45))
    expect(decision).toEqual({
      serve: O.some(T),
      action: { _tag: 'Redeem', parent: P, previous: O.some(T), recovery: false },
    })
    expect(after.lease).toEqual(O.some({ nonce: O.some('n'), firstAt: 45, until: 75, recovery: false }))
  })
  test('7 an ended lease: the take-over is a declared recovery and keeps the first time', () => {
    const { decision, after } = stepped({ ...held, lease: lease({ firstAt: instant(7) }) }, ask(60))
    expect(decision.action).toMatchObject({ _tag: 'Redeem', recovery: true })
    expect(after.lease).toEqual(O.some({ nonce: O.some('n'), firstAt: 7, until: 90, recovery: true }))
  })
  test('a status of a later version: held by another', () => {
    const foreign: Cell = { ...held, status: { _tag: 'Foreign', json: Object.create(null) } }
    expect(stepped(foreign, ask(45)).decision).toEqual({ serve: O.some(T), action: { _tag: 'None' } })
    expect(stepped(foreign, ask(50)).decision.action).toEqual({ _tag: 'Wait', until: 80 })
  })
})

describe('Redeemed', () => {
  const redeemed = (token: Token, of = P): Event => ({
    _tag: 'Redeemed',
    parent: of,
    token,
    now: instant(70),
    backOff: millis(5),
    retryAt: RETRY_AT,
  })
  test('1 another epoch: discarded and revoked', () => {
    const { decision, after } = stepped({ ...held, epoch: 2 }, redeemed(U))
    expect(decision.action).toEqual({ _tag: 'DiscardAndRevoke', token: U })
    expect(after).toEqual({ ...held, epoch: 2, owed: owes(U) })
  })
  test('2 committed already: again', () => {
    expect(stepped({ ...held, generation: 2, token: O.some(U) }, redeemed(U)).decision.action._tag).toBe('Again')
  })
  test("3 another's commit: discarded, never revoked", () => {
    expect(stepped({ ...held, generation: 2 }, redeemed(U)).decision.action._tag).toBe('Discard')
  })
  test("4 the lineage matches: committed under anybody's lease, and under log in again", () => {
    for (const before of [
      { ...held, lease: lease({ nonce: O.some('somebody else') }) },
      { ...held, status: { _tag: 'LogInAgain' as const } },
      { ...held, refused: true },
    ]) {
      const { decision, after } = stepped(before, redeemed(U))
      expect(decision).toEqual({ serve: O.some(U), action: { _tag: 'None' } })
      expect(after).toEqual({ ...held, generation: 2, token: O.some(U) })
    }
  })
  test('5 the refused token came again: kept refused, and cooled down', () => {
    const { decision, after } = stepped({ ...held, refused: true }, redeemed({ ...U, access: T.access }))
    expect(decision).toEqual({ serve: O.none, action: { _tag: 'None' } })
    expect(after).toMatchObject({ generation: 2, refused: true, status: { _tag: 'CoolingDown', until: 75 } })
  })
})

describe('Failed', () => {
  const failed = (of: Lifecycle.Failure<number>, by = 'm', from = P): Event => ({
    _tag: 'Failed',
    parent: from,
    nonce: by,
    now: instant(20),
    failure: of,
  })
  const leased: Cell = { ...held, lease: lease() }
  const recovering: Cell = { ...held, lease: lease({ recovery: true }) }
  const notSent: Lifecycle.Failure<number> = { _tag: 'NotSent', backOff: millis(0) }

  test('1 the lineage differs: again', () => {
    const { decision, after } = stepped({ ...leased, generation: 2 }, failed(notSent))
    expect(decision.action._tag).toBe('Again')
    expect(after.lease).toEqual(leased.lease)
  })
  test('2 unknown: the lease stays until its end', () => {
    const { decision, after } = stepped(leased, failed({ _tag: 'Unknown' }))
    expect(decision.action._tag).toBe('None')
    expect(after).toBe(leased)
  })
  test('3 not sent: the own lease is released', () => {
    expect(stepped(leased, failed(notSent)).after).toEqual(held)
  })
  test('3 throttled: released, and the fleet cools down', () => {
    const { after } = stepped(leased, failed({ _tag: 'Throttled', retryAfter: millis(9) }))
    expect(after).toEqual({ ...held, status: { _tag: 'CoolingDown', until: 29 } })
  })
  test('3 in a recovery the orphan is kept', () => {
    const { after } = stepped(recovering, failed(notSent))
    expect(after.lease).toEqual(O.some({ nonce: O.none, firstAt: 0, until: 20, recovery: true }))
    expect(stepped(after, ask(50)).decision.action).toMatchObject({ _tag: 'Redeem', recovery: true })
  })
  test("4 somebody else's lease is not released", () => {
    const { decision, after } = stepped(leased, failed({ _tag: 'Throttled', retryAfter: millis(9) }, 'other'))
    expect(decision.action._tag).toBe('Again')
    expect(after).toBe(leased)
  })
  test("5 invalid_grant to the cell's refresh token: the status, whoever holds the lease", () => {
    const { decision, after } = stepped(leased, failed({ _tag: 'InvalidGrant', refresh: 1 }, 'other'))
    expect(decision.action).toEqual({ _tag: 'Fail', reason: 'LogInAgain' })
    expect(after).toEqual({ ...held, status: { _tag: 'LogInAgain' } })
  })
  test('6 invalid_grant to another, or said already: again', () => {
    expect(stepped(leased, failed({ _tag: 'InvalidGrant', refresh: 2 })).decision.action._tag).toBe('Again')
    const told: Cell = { ...held, status: { _tag: 'LogInAgain' } }
    expect(stepped(told, failed({ _tag: 'InvalidGrant', refresh: 1 })).after).toBe(told)
  })
})

describe('Refused', () => {
  const refusal = (of: number, now = 7, accepted = false): Event => ({
    _tag: 'Refused',
    access: of,
    now: instant(now),
    accepted,
    minimumAge: millis(1_000),
  })
  const rowOf = (count: number, at = 7, ofAccepted = 0): Cell['refusals'] =>
    O.some({ count, accepted: ofAccepted, at: instant(at) })

  test('one more in a row, until a login or a revoke', () => {
    const once = stepped(held, refusal(1)).after
    expect(once.refusals).toEqual(rowOf(1))
    const twice = stepped({ ...once, refused: false }, refusal(1, 1_007)).after
    expect(twice.refusals).toEqual(rowOf(2, 1_007))
    expect(
      stepped(twice, { _tag: 'LoggedIn', from: inEpoch(1), nonce: 'n', token: T, retryAt: RETRY_AT }).after.refusals,
    ).toEqual(O.none)
    expect(
      stepped(twice, { _tag: 'RevokeAsked', from: inEpoch(1), nonce: 'n', retryAt: RETRY_AT }).after.refusals,
    ).toEqual(O.none)
  })
  test.each([
    [1, 1_000],
    [2, 2_000],
    [10, 512_000],
    [11, 600_000],
    [1e15, 600_000],
  ])('[A10] the one after %i is heard after %i ms; the row is over after twenty minutes', (count, backOff) => {
    const before: Cell = { ...held, refusals: rowOf(count, 0) }
    expect(stepped(before, refusal(1, backOff - 1)).after).toBe(before)
    expect(stepped(before, refusal(1, backOff)).after.refusals).toEqual(rowOf(count + 1, backOff))
    expect(stepped(before, refusal(1, 1_199_999)).after.refusals).toEqual(rowOf(count + 1, 1_199_999))
    expect(stepped(before, refusal(1, 1_200_000)).after.refusals).toEqual(rowOf(1, 1_200_000))
  })
  test.each([
    [0, 0],
    [1, 1_000],
    [2, 2_000],
    [11, 60_000],
  ])(
    '[A10] of a token that an API has accepted, the one after %i such is heard after %i ms; the row is over after two minutes',
    (before, backOff) => {
      const seen: Cell = { ...held, refusals: rowOf(9, 0, before) }
      const told: Cell = { ...held, refusals: rowOf(0, 0, before) }
      for (const [cell, isSeen] of [
        [seen, true],
        [told, false],
        [told, true],
      ] as const) {
        if (backOff > 0) expect(stepped(cell, refusal(1, backOff - 1, isSeen)).after).toBe(cell)
        expect(stepped(cell, refusal(1, backOff, isSeen)).after.refusals).toEqual(rowOf(1, backOff, before + 1))
        expect(stepped(cell, refusal(1, 119_999, isSeen)).after.refusals).toEqual(rowOf(1, 119_999, before + 1))
        expect(stepped(cell, refusal(1, 120_000, isSeen)).after.refusals).toEqual(rowOf(1, 120_000, 1))
      }
    },
  )
  test('[A10] one that no API accepted waits for both: also in a process that has not seen that others were', () => {
    const cell: Cell = { ...held, refusals: rowOf(1, 0, 4) }
    expect(stepped(cell, refusal(1, 7_999)).after).toBe(cell)
    expect(stepped(cell, refusal(1, 8_000)).after.refusals).toEqual(rowOf(2, 8_000, 4))
  })
  test('[A10] an accepted token ends the row of those that no API accepted, and is written once', () => {
    const before: Cell = { ...held, refusals: rowOf(9, 0, 2) }
    const acceptance: Event = { _tag: 'Accepted', access: 1 }
    const { after } = stepped(before, acceptance)
    expect(after).toEqual({ ...held, refusals: rowOf(0, 0, 2) })
    expect(stepped(after, acceptance).after).toBe(after)
    expect(stepped(held, acceptance).after).toBe(held)
    expect(stepped(before, { ...acceptance, access: 2 }).after).toBe(before)
    const refused: Cell = { ...before, refused: true }
    expect(stepped(refused, acceptance).after).toBe(refused)
    const none: Cell = { ...before, token: O.none }
    expect(stepped(none, acceptance).after).toBe(none)
  })
  test('[A10] a token that was renewed before anybody refused it ends a row whose back-off is long over', () => {
    const before: Cell = { ...held, refusals: rowOf(2, 0) }
    const renewal = (now: number): Event => ({
      _tag: 'Redeemed',
      parent: P,
      token: U,
      now: instant(now),
      backOff: millis(1_000),
      retryAt: RETRY_AT,
    })
    expect(stepped(before, renewal(3_999)).after.refusals).toEqual(rowOf(2, 0))
    expect(stepped(before, renewal(4_000)).after.refusals).toEqual(O.none)
    expect(stepped({ ...before, refused: true }, renewal(4_000)).after.refusals).toEqual(rowOf(2, 0))
  })
  test("the cell's token: refused; lease and status are kept", () => {
    const leased: Cell = { ...held, lease: lease() }
    expect(stepped(leased, refusal(1)).after).toEqual({ ...leased, refused: true, refusals: rowOf(1) })
    const told: Cell = { ...held, status: { _tag: 'LogInAgain' } }
    expect(stepped(told, refusal(1)).after).toEqual({ ...told, refused: true, refusals: rowOf(1) })
  })
  test('a cool-down ends with the token: it may be long, and was of a renewal that nobody needed yet', () => {
    const cooling: Cell = { ...held, status: { _tag: 'CoolingDown', until: instant(60) } }
    expect(stepped(cooling, refusal(1)).after).toEqual({ ...held, refused: true, refusals: rowOf(1) })
    expect(stepped(cooling, refusal(2)).after).toBe(cooling)
    const again: Cell = { ...cooling, refused: true }
    expect(stepped(again, refusal(1)).after).toBe(again)
  })
  test('another token, or refused already: unchanged', () => {
    expect(stepped(held, refusal(2)).after).toBe(held)
    const refused: Cell = { ...held, refused: true }
    expect(stepped(refused, refusal(1)).after).toBe(refused)
  })
})

describe('LoggedIn', () => {
  const loggedIn = (from: number): Event => ({
    _tag: 'LoggedIn',
    from: inEpoch(from),
    nonce: 'l',
    token: U,
    retryAt: RETRY_AT,
  })
  test('1 into the epoch it started from: a new epoch, all else cleared', () => {
    const before: Cell = { ...held, refused: true, status: { _tag: 'LogInAgain' } }
    const { decision, after } = stepped(before, loggedIn(1))
    expect(decision.serve).toEqual(O.some(U))
    expect(after).toEqual({ ...held, epoch: 2, generation: 2, origin: O.some('l'), token: O.some(U) })
    expect(decision.action._tag).toBe('None')
  })
  test('2 its own epoch: again', () => {
    expect(stepped({ ...held, epoch: 2, origin: O.some('l') }, loggedIn(1)).decision.action._tag).toBe('Again')
  })
  test('3 superseded: discarded and revoked', () => {
    expect(stepped({ ...held, epoch: 2 }, loggedIn(1)).decision.action).toEqual({ _tag: 'DiscardAndRevoke', token: U })
  })
})

describe('RevokeAsked and RevocationConfirmed', () => {
  const revokeAsked = (from: number): Event => ({
    _tag: 'RevokeAsked',
    from: inEpoch(from),
    nonce: 'r',
    retryAt: RETRY_AT,
  })
  const tombstone: Cell = {
    ...held,
    epoch: 2,
    origin: O.some('r'),
    token: O.none,
    status: { _tag: 'Revoked' },
    owed: owes(T),
  }
  test('1 a held session: a tombstone that does not wait for a lease and owes the token to the server', () => {
    const { decision, after } = stepped({ ...held, lease: lease() }, revokeAsked(1))
    expect(decision.action).toEqual({ _tag: 'RevokeAtServer', tokens: [T] })
    expect(after).toEqual(tombstone)
  })
  test('1 a lease without a token: a tombstone too', () => {
    const { after } = stepped({ ...held, token: O.none, lease: lease() }, revokeAsked(1))
    expect(after.status._tag).toBe('Revoked')
  })
  test('[A04] a tombstone that the server has not confirmed: another one, and revoked at the server once more', () => {
    const { decision, after } = stepped({ ...tombstone, origin: O.some('q') }, revokeAsked(2))
    expect(decision.action).toEqual({ _tag: 'RevokeAtServer', tokens: [T] })
    expect(after).toEqual({ ...tombstone, epoch: 3 })
  })
  test('[A04] nothing, or a tombstone that holds nothing: a tombstone too', () => {
    const { decision, after } = stepped(Lifecycle.empty, revokeAsked(0))
    expect(decision.action).toEqual({ _tag: 'RevokeAtServer', tokens: [] })
    expect(after).toEqual({ ...Lifecycle.empty, epoch: 1, origin: O.some('r'), status: { _tag: 'Revoked' } })
    const confirmed: Cell = { ...tombstone, origin: O.some('q'), owed: O.none }
    expect(stepped(confirmed, revokeAsked(2)).after).toEqual({ ...confirmed, epoch: 3, origin: O.some('r') })
  })
  test('[A04] a login that began before a revoke never serves after it, whatever the revoke came to', () => {
    fc.assert(
      fc.property(cell, nonce, fc.boolean(), token, retryAt, (before, origin, isSentAgain, late, retryAt) => {
        fc.pre(!O.exists((of: string) => of === origin)(before.origin))
        const asked: Event = { _tag: 'RevokeAsked', from: Lifecycle.placeOf(before), nonce: origin, retryAt }
        const once = stepped(before, asked).after
        const revoked = isSentAgain ? stepped(once, asked).after : once
        expect(revoked).toBe(once)
        const login: Event = { _tag: 'LoggedIn', from: Lifecycle.placeOf(before), nonce: 'late', token: late, retryAt }
        const { decision, after } = stepped(revoked, login)
        const action = O.isSome(retryAt) ? { _tag: 'DiscardAndRevoke', token: late } : { _tag: 'Discard' }
        expect(decision).toEqual({ serve: O.none, action })
        expect({ ...after, owed: O.none }).toEqual({ ...revoked, owed: O.none })
      }),
      RUNS,
    )
  })
  test('2 a later epoch: unchanged', () => {
    expect(stepped({ ...held, epoch: 2 }, revokeAsked(1)).after.status._tag).toBe('None')
  })
  test('confirmed: no longer owed; what else is owed stays', () => {
    const confirmed: Event = { _tag: 'RevocationConfirmed', revoked: [1] }
    expect(stepped(tombstone, confirmed).after).toEqual({ ...tombstone, owed: O.none })
    expect(stepped({ ...tombstone, owed: owes(U, T) }, confirmed).after.owed).toEqual(owes(U))
    const others: Cell = { ...held, owed: owes(U) }
    expect(stepped(others, confirmed).after).toBe(others)
  })
})

describe('[A06] what is owed to the server', () => {
  const loggedIn = (more: Partial<Extract<Event, { readonly _tag: 'LoggedIn' }>> = {}): Event => ({
    _tag: 'LoggedIn',
    from: inEpoch(1),
    nonce: 'l',
    token: U,
    retryAt: RETRY_AT,
    ...more,
  })
  const V: Token = { access: 3, refresh: 3, end: 90 }

  test('[A06] a login over a session that is valid: the grant that it replaces is revoked, and owed until that is confirmed', () => {
    const { decision, after } = stepped(held, loggedIn())
    expect(decision).toEqual({ serve: O.some(U), action: { _tag: 'RevokeAtServer', tokens: [T] } })
    expect(after).toEqual({ ...held, epoch: 2, generation: 2, origin: O.some('l'), token: O.some(U), owed: owes(T) })
  })
  test('[A06] a login over a tombstone: what that owes stays owed', () => {
    const before: Cell = { ...held, token: O.none, status: { _tag: 'Revoked' }, owed: owes(T) }
    expect(stepped(before, loggedIn()).after).toMatchObject({ token: O.some(U), owed: owes(T) })
  })
  test('[A06] a strategy that begins anew on a tombstone: what that owes stays owed', () => {
    const before: Cell = { ...held, token: O.none, status: { _tag: 'Revoked' }, owed: owes(T) }
    const { decision, after } = stepped(before, ask(0, { selfSufficient: true }))
    expect(decision.action).toMatchObject({ _tag: 'Redeem', previous: O.none })
    expect(after.owed).toEqual(owes(T))
  })
  test('where there is no way to revoke, nothing is kept; of another, nothing is forgotten before a revoke', () => {
    const nowhere = { retryAt: O.none }
    const before: Cell = { ...held, owed: owes(V) }
    expect(stepped(before, loggedIn(nowhere))).toMatchObject({
      decision: { action: { _tag: 'None' } },
      after: { owed: owes(V) },
    })
    const late = stepped({ ...before, epoch: 2 }, loggedIn(nowhere))
    expect(late.decision.action._tag).toBe('Discard')
    expect(late.after.owed).toEqual(owes(V))
    const revoked = stepped(before, { _tag: 'RevokeAsked', from: inEpoch(1), nonce: 'r', ...nowhere })
    expect(revoked.decision.action).toEqual({ _tag: 'RevokeAtServer', tokens: [V, T] })
    expect(revoked.after).toMatchObject({ token: O.none, owed: O.none })
  })
  test.each([
    ['access', { ...U, access: T.access }],
    ['refresh', { ...U, refresh: T.refresh }],
  ])('a server that grants the same %s token again: it is the session, and owed no longer', (_, same) => {
    const { decision, after } = stepped(held, loggedIn({ token: same }))
    expect(decision.action._tag).toBe('None')
    expect(after.owed).toEqual(O.none)
    const tombstone: Cell = { ...held, token: O.none, status: { _tag: 'Revoked' }, owed: owes(T, V) }
    expect(stepped(tombstone, loggedIn({ token: same })).after.owed).toEqual(owes(V))
    const late = stepped({ ...held, epoch: 2 }, loggedIn({ token: same }))
    expect(late).toEqual({ decision: { serve: O.none, action: { _tag: 'Discard' } }, after: { ...held, epoch: 2 } })
  })
  test('what came too late is owed once, and the oldest is forgotten where it is too much', () => {
    const once = stepped({ ...held, epoch: 2 }, loggedIn()).after
    expect(stepped(once, loggedIn()).after).toBe(once)
    const tokens = Array.from(
      { length: Lifecycle.MOST_OWED },
      (_, i): Token => ({ access: 10 + i, refresh: 10 + i, end: 1 }),
    )
    const { after } = stepped({ ...held, epoch: 2, owed: owes(...tokens) }, loggedIn())
    expect(after.owed).toEqual(owes(...tokens.slice(1), U))
  })
  test('tried again when it is due, by one for all; an instant beyond the next is of a clock that was set back', () => {
    const before: Cell = { ...held, owed: owes(T, U) }
    const retried = (now: number): Event => ({
      _tag: 'RevocationRetried',
      now: instant(now),
      retryAt: instant(now + 100),
    })
    expect(stepped(before, retried(599)).after).toBe(before)
    expect(stepped(before, retried(599)).decision.action._tag).toBe('None')
    for (const now of [600, 499]) {
      const { decision, after } = stepped(before, retried(now))
      expect(decision).toEqual({ serve: O.none, action: { _tag: 'RevokeAtServer', tokens: [T, U] } })
      expect(after).toEqual({ ...before, owed: O.some({ tokens: [T, U], retryAt: now + 100, since: O.some(now) }) })
    }
    expect(stepped(held, retried(600))).toEqual({ decision: { serve: O.none, action: { _tag: 'None' } }, after: held })
  })
  test('[A06] a server that does not revoke is asked more and more seldom, and no more after a week', () => {
    const tries: Array<number> = []
    let cell: Cell = { ...held, owed: owes(T) }
    for (let now = 600; now < 14 * DAY; now += 10 * MINUTE) {
      const { decision, after } = stepped(cell, {
        _tag: 'RevocationRetried',
        now: instant(now),
        retryAt: instant(now + 10 * MINUTE),
      })
      if (decision.action._tag === 'RevokeAtServer') tries.push(Math.round((now - 600) / (10 * MINUTE)))
      cell = after
    }
    expect(tries).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
    expect(cell.owed).toEqual(O.none)
    // Another debt begins anew, for all.
    const tried: Cell = {
      ...held,
      epoch: 2,
      owed: O.some({ tokens: [T], retryAt: instant(9), since: O.some(instant(1)) }),
    }
    expect(stepped(tried, loggedIn()).after.owed).toEqual(owes(T, U))
  })
  test('[A06] a grant is forgotten only where the server confirmed its end, rejected it, or it is the session', () => {
    holds((before, happens, _decision, after) => {
      if (!('retryAt' in happens) || happens._tag === 'RevocationRetried' || O.isNone(happens.retryAt)) return
      const known = [...owedBy(after), ...(O.isSome(after.token) ? [after.token.value] : [])]
      const isKnown = (of: Token) =>
        known.some(({ access, refresh }) => access === of.access || (refresh !== null && refresh === of.refresh))
      for (const of of owedBy(before)) expect(isKnown(of)).toBe(true)
      const opens = after.epoch > before.epoch && before.status._tag !== 'LogInAgain'
      if (opens && O.isSome(before.token)) expect(isKnown(before.token.value)).toBe(true)
    })
  })
})

const owedBy = ({ owed: of }: Cell): ReadonlyArray<Token> => (O.isSome(of) ? of.value.tokens : [])

describe('at the edges', () => {
  const leasedUntil = (end: number): Cell => ({ ...held, lease: lease({ until: instant(end) }) })
  const coolingUntil = (end: number): Cell => ({ ...held, status: { _tag: 'CoolingDown', until: instant(end) } })
  const workOf = (before: Cell, happens: Event) => stepped(before, happens).decision.action

  test('a token is fresh until so long before its end, exclusive, and usable until its end, exclusive', () => {
    expect(workOf(held, ask(39))._tag).toBe('None')
    expect(workOf(held, ask(40))._tag).toBe('Redeem')
    expect(stepped(held, ask(49)).decision.serve).toEqual(O.some(T))
    expect(stepped(held, ask(50)).decision.serve).toEqual(O.none)
    expect(workOf({ ...held, token: O.some({ ...T, end: null }) }, ask(1e12))._tag).toBe('None')
  })

  test.each([
    ['a lease', leasedUntil],
    ['a cool-down', coolingUntil],
  ])('%s ends at its end, exclusive', (_, cell) => {
    expect(workOf(cell(101), ask(100))).toEqual({ _tag: 'Wait', until: 101 })
    expect(workOf(cell(100), ask(100))._tag).toBe('Redeem')
  })

  test('a take-over from an orphan is a recovery, whose first time is that of the orphan', () => {
    const orphan = lease({ nonce: O.none, firstAt: instant(3), recovery: true })
    expect(stepped({ ...held, lease: orphan }, ask(60)).after.lease).toEqual(
      O.some({ nonce: O.some('n'), firstAt: 3, until: 90, recovery: true }),
    )
  })

  test('a refused token is neither fresh nor served, and is redeemed', () => {
    const { decision, after } = stepped({ ...held, refused: true }, ask(0))
    expect(decision).toEqual({
      serve: O.none,
      action: { _tag: 'Redeem', parent: P, previous: O.some(T), recovery: false },
    })
    expect(after.refused).toBe(true)
  })

  test('whether a token is usable: neither refused nor over', () => {
    const usable = (cell: Cell) => Lifecycle.isUsable(view, instant(49))(cell)
    expect(usable(held)).toBe(true)
    expect(usable({ ...held, status: { _tag: 'LogInAgain' } })).toBe(true)
    expect(usable({ ...held, token: O.none })).toBe(false)
    expect(usable({ ...held, refused: true })).toBe(false)
    expect(usable({ ...held, token: O.some({ ...T, end: 49 }) })).toBe(false)
  })

  describe('a failure', () => {
    const failed = (failure: Lifecycle.Failure<number>, from = P, by = 'm'): Event => ({
      _tag: 'Failed',
      parent: from,
      nonce: by,
      now: instant(20),
      failure,
    })
    const unchanged = (before: Cell, happens: Event) => {
      const { decision, after } = stepped(before, happens)
      expect(decision).toEqual({ serve: O.none, action: { _tag: 'Again' } })
      expect(after).toBe(before)
    }

    test.each([
      ['another epoch', { ...P, epoch: 0 }],
      ['another generation', { ...P, generation: 0 }],
    ])('of %s changes nothing', (_, parent) => {
      unchanged({ ...held, lease: lease() }, failed({ _tag: 'NotSent', backOff: millis(9) }, parent))
      unchanged({ ...held, lease: lease() }, failed({ _tag: 'InvalidGrant', refresh: 1 }, parent))
      unchanged({ ...held, lease: lease() }, failed({ _tag: 'Unknown' }, parent))
    })
    test('without a lease, or with an orphan, releases nothing', () => {
      unchanged(held, failed({ _tag: 'NotSent', backOff: millis(9) }))
      unchanged({ ...held, lease: lease({ nonce: O.none }) }, failed({ _tag: 'NotSent', backOff: millis(9) }))
    })
    test('that was not sent and asks for a back-off cools down', () => {
      expect(stepped({ ...held, lease: lease() }, failed({ _tag: 'NotSent', backOff: millis(9) }))).toEqual({
        decision: { serve: O.none, action: { _tag: 'None' } },
        after: { ...held, status: { _tag: 'CoolingDown', until: 29 } },
      })
    })
    test('invalid_grant where there is nothing to redeem is of another', () => {
      unchanged({ ...held, token: O.none, lease: lease() }, failed({ _tag: 'InvalidGrant', refresh: 1 }))
      const bare = { ...held, token: O.some({ ...T, refresh: null }), lease: lease() }
      unchanged(bare, failed({ _tag: 'InvalidGrant', refresh: 1 }))
    })
    test('invalid_grant serves nothing', () => {
      const { decision } = stepped({ ...held, lease: lease() }, failed({ _tag: 'InvalidGrant', refresh: 1 }))
      expect(decision).toEqual({ serve: O.none, action: { _tag: 'Fail', reason: 'LogInAgain' } })
    })
  })

  describe('a revoke', () => {
    const tombstone: Cell = {
      ...held,
      epoch: 2,
      origin: O.some('r'),
      token: O.none,
      status: { _tag: 'Revoked' },
      owed: owes(T),
    }
    const asked = (from: number, nonce = 'r'): Event => ({
      _tag: 'RevokeAsked',
      from: inEpoch(from),
      nonce,
      retryAt: RETRY_AT,
    })

    test('that is sent again after a lost answer, or was not the first, finds what is owed, and changes nothing', () => {
      for (const nonce of ['r', 'other']) {
        expect(stepped(tombstone, asked(1, nonce))).toEqual({
          decision: { serve: O.none, action: { _tag: 'RevokeAtServer', tokens: [T] } },
          after: tombstone,
        })
      }
    })
    test('of an earlier epoch ends no session of a later one', () => {
      const before: Cell = { ...held, epoch: 2, origin: O.some('r') }
      const { decision, after } = stepped(before, asked(1))
      expect(decision.action).toEqual({ _tag: 'RevokeAtServer', tokens: [] })
      expect(after).toBe(before)
    })
    test('[A18] that nobody tells the server leaves no token, whatever was owed, and whoever revoked it first', () => {
      const silent: Event = { _tag: 'RevokeAsked', from: inEpoch(1), nonce: 'r', retryAt: O.none }
      const nothing: Cell = { ...tombstone, owed: O.none }
      expect(stepped({ ...held, owed: owes(U) }, silent).after).toEqual(nothing)
      expect(stepped(tombstone, silent).after).toEqual(nothing)
      // What a later login owes is its own.
      const later: Cell = { ...held, epoch: 2, origin: O.some('l'), owed: owes(U) }
      expect(stepped(later, silent).after).toBe(later)
    })
    test('clears what was of the session: the refusal, the lease, the status', () => {
      const before: Cell = { ...held, refused: true, lease: lease(), status: { _tag: 'LogInAgain' } }
      expect(stepped(before, asked(1)).after).toEqual(tombstone)
    })
    test('that is confirmed where nothing is owed changes nothing', () => {
      const nothing: Cell = { ...tombstone, owed: O.none }
      const { decision, after } = stepped(nothing, { _tag: 'RevocationConfirmed', revoked: [1] })
      expect(decision).toEqual({ serve: O.none, action: { _tag: 'None' } })
      expect(after).toBe(nothing)
    })
  })

  test('a login serves its token, and leaves nothing to do', () => {
    const login: Event = { _tag: 'LoggedIn', from: inEpoch(1), nonce: 'l', token: U, retryAt: RETRY_AT }
    expect(stepped({ ...held, token: O.none }, login).decision).toEqual({ serve: O.some(U), action: { _tag: 'None' } })
  })

  test('a login that lost, or that is there already, serves nothing and changes nothing', () => {
    const login: Event = { _tag: 'LoggedIn', from: inEpoch(1), nonce: 'l', token: U, retryAt: RETRY_AT }
    const own: Cell = { ...held, epoch: 2, origin: O.some('l') }
    expect(stepped(own, login)).toEqual({ decision: { serve: O.none, action: { _tag: 'Again' } }, after: own })
    const other: Cell = { ...held, epoch: 2, origin: O.some('m') }
    expect(stepped(other, login)).toEqual({
      decision: { serve: O.none, action: { _tag: 'DiscardAndRevoke', token: U } },
      after: { ...other, owed: owes(U) },
    })
  })

  test('[A02] a commit of an epoch of the same number, which another opened, is dropped and revoked', () => {
    const commit = (origin: string | null): Event => ({
      _tag: 'Redeemed',
      parent: { ...P, origin: O.fromNullable(origin) },
      token: U,
      now: instant(70),
      backOff: millis(5),
      retryAt: RETRY_AT,
    })
    const theirs: Cell = { ...held, origin: O.some('theirs') }
    const { decision, after } = stepped(theirs, commit('ours'))
    expect(decision).toEqual({ serve: O.none, action: { _tag: 'DiscardAndRevoke', token: U } })
    expect(after).toEqual({ ...theirs, owed: owes(U) })
    for (const origin of ['theirs', null]) expect(stepped(theirs, commit(origin)).after.token).toEqual(O.some(U))
    expect(stepped({ ...held, origin: O.none }, commit('ours')).after.token).toEqual(O.some(U))
  })
  test('[A02] nor does a login or a revoke that began in an epoch of the same number, which another opened, end it', () => {
    const from = (origin: string | null): Lifecycle.Place => ({ epoch: 1, origin: O.fromNullable(origin) })
    const login = (origin: string | null): Event => ({
      _tag: 'LoggedIn',
      from: from(origin),
      nonce: 'l',
      token: U,
      retryAt: RETRY_AT,
    })
    const revoke = (origin: string | null): Event => ({
      _tag: 'RevokeAsked',
      from: from(origin),
      nonce: 'r',
      retryAt: RETRY_AT,
    })
    const theirs: Cell = { ...held, origin: O.some('theirs') }
    expect(stepped(theirs, login('ours'))).toEqual({
      decision: { serve: O.none, action: { _tag: 'DiscardAndRevoke', token: U } },
      after: { ...theirs, owed: owes(U) },
    })
    expect(stepped(theirs, revoke('ours'))).toEqual({
      decision: { serve: O.none, action: { _tag: 'RevokeAtServer', tokens: [] } },
      after: theirs,
    })
    for (const begun of [login, revoke]) {
      for (const origin of ['theirs', null]) expect(stepped(theirs, begun(origin)).after.epoch).toBe(2)
      expect(stepped({ ...held, origin: O.none }, begun('ours')).after.epoch).toBe(2)
    }
  })
  test('a commit of another generation, or epoch, serves nothing and changes nothing', () => {
    const commit: Event = {
      _tag: 'Redeemed',
      parent: P,
      token: U,
      now: instant(70),
      backOff: millis(5),
      retryAt: RETRY_AT,
    }
    const done: Cell = { ...held, generation: 2, token: O.some(U) }
    expect(stepped(done, commit)).toEqual({ decision: { serve: O.none, action: { _tag: 'Again' } }, after: done })
    for (const theirs of [
      { ...held, generation: 2 },
      { ...held, generation: 2, token: O.none },
    ]) {
      expect(stepped(theirs, commit)).toEqual({
        decision: { serve: O.none, action: { _tag: 'Discard' } },
        after: theirs,
      })
    }
    const later: Cell = { ...held, epoch: 2 }
    expect(stepped(later, commit).decision).toEqual({ serve: O.none, action: { _tag: 'DiscardAndRevoke', token: U } })
  })

  test('the same token, not refused, is a token', () => {
    const commit: Event = {
      _tag: 'Redeemed',
      parent: P,
      token: T,
      now: instant(70),
      backOff: millis(5),
      retryAt: RETRY_AT,
    }
    expect(stepped(held, commit)).toEqual({
      decision: { serve: O.some(T), action: { _tag: 'None' } },
      after: { ...held, generation: 2 },
    })
  })
})
