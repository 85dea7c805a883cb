/**
 * The life of a session: one cell, and one pure function with every rule about it.
 *
 * The runtime, the property tests, the model check and the state diagram of the docs all use {@link step}. It is generic in
 * the token, so that a model can explore it with tokens of its own.
 *
 * @packageDocumentation
 */
import * as O from 'fp-ts/lib/Option.js'
import type { State } from 'fp-ts/lib/State.js'
import { afterAcceptance, afterNaturalEnd, afterRefusal, type Refusals } from './internal/refusals.js'
import type { Secret } from './Secret.js'
import { between, type Duration, type Instant, instant, minutes, plus } from './Time.js'

// -----------------------------------------------------------------------------
// model: the cell
// -----------------------------------------------------------------------------

/** A nonce: names a flight, a login or a revoke; never reused. */
export type Nonce = string

/** The declared intent to redeem: a lease that ends by itself. */
export interface Intent {
  /** Whose it is; none for the orphan that a failed recovery left. */
  readonly nonce: O.Option<Nonce>
  /** When the first of an unbroken row of attempts was declared, by the store's clock. */
  readonly firstAt: Instant
  /** When others may take over, by the store's clock. No other write moves it. */
  readonly until: Instant
  /** An earlier intent was still there: its token may have been redeemed already. */
  readonly recovery: boolean
}

export type { Refusals }

/** What stands between a caller and a new token. */
export type Verdict =
  | { readonly _tag: 'None' }
  | { readonly _tag: 'CoolingDown'; readonly until: Instant }
  | { readonly _tag: 'LogInAgain' }
  | { readonly _tag: 'Revoked' }
  | {
      /** Written by a later version: read as "held by another", and kept. */
      readonly _tag: 'Foreign'
      readonly json: Secret<'Member'>
    }

/** What is still to be revoked at the server: no session holds it any more. */
export interface Owed<T> {
  /** The oldest first, {@link MOST_OWED} at most: of one more, the oldest is forgotten. */
  readonly tokens: ReadonlyArray<T>
  /** When others may try, by the store's clock. Until then, who wrote it does. */
  readonly retryAt: Instant
  /** When it was tried again first, by the store's clock. */
  readonly since: O.Option<Instant>
}

/** How many tokens a record keeps until the server has confirmed that they are revoked. */
export const MOST_OWED = 8

/** For how long a server is asked again to revoke. What it still has then, it does not revoke. */
const REVOCATION_PATIENCE = minutes(7 * 24 * 60)

/** One session, as a store keeps it. Owned intent ⇒ no verdict; log in again or revoked ⇒ no intent; revoked ⇒ no token. */
export interface Cell<T> {
  /** +1 at each login and each revoke. */
  readonly epoch: number
  /** +1 at each token, logins included; never reset. */
  readonly generation: number
  /** The login or revoke that opened the epoch. */
  readonly origin: O.Option<Nonce>
  /**
   * When the epoch was opened, or the record begun: by the store's clock, and later than any epoch before it. None in records of
   * older versions.
   */
  readonly since: O.Option<Instant>
  readonly token: O.Option<T>
  /** An API answered 401 to the token. */
  readonly refused: boolean
  /** The refusals of this token and of those before. */
  readonly refusals: O.Option<Refusals>
  readonly intent: O.Option<Intent>
  readonly verdict: Verdict
  /** What logins and revokes have left alive at the server, until it has confirmed the end of it. */
  readonly owed: O.Option<Owed<T>>
  /** Members that a later version wrote, as JSON text. */
  readonly later: O.Option<Secret<'Member'>>
}

const NO_VERDICT: Verdict = { _tag: 'None' }

/** The cell of a session that never had a token. */
export const empty: Cell<never> = {
  epoch: 0,
  generation: 0,
  origin: O.none,
  since: O.none,
  token: O.none,
  refused: false,
  refusals: O.none,
  intent: O.none,
  verdict: NO_VERDICT,
  owed: O.none,
  later: O.none,
}

/** What the lifecycle needs to know of a token. `F` is what tells tokens apart: the secret itself, or a model's number. */
export interface View<T, F> {
  readonly issuedAt: (token: T) => O.Option<Instant>
  readonly expiresAt: (token: T) => O.Option<Instant>
  readonly access: (token: T) => F
  readonly refresh: (token: T) => O.Option<F>
  readonly equals: (a: F, b: F) => boolean
}

// -----------------------------------------------------------------------------
// model: events
// -----------------------------------------------------------------------------

/** An epoch of one history: another history of the same key has epochs of the same numbers, by other origins. */
export type Place = Pick<Cell<never>, 'epoch' | 'origin'>

/** The token that was redeemed, by its place in the lineage. */
export interface Parent extends Place {
  readonly generation: number
}

/** How a redemption failed. */
export type Failure<F> =
  | { readonly _tag: 'NotSent'; readonly backOff: Duration }
  | { readonly _tag: 'Throttled'; readonly retryAfter: Duration }
  | { readonly _tag: 'Unknown' }
  | { readonly _tag: 'InvalidGrant'; readonly refresh: F }

/** Of a token that the cell does not keep. */
export interface Dropping {
  /**
   * When others may try to revoke it at the server, by the store's clock: who tells this tries at once. None where it has no way to,
   * or must not: it is forgotten, and a revoke forgets all that the session owes.
   */
  readonly retryAt: O.Option<Instant>
}

/** What happens to a session. `now` is of the store's clock. */
export type Event<T, F> =
  | {
      readonly _tag: 'Requested'
      readonly nonce: Nonce
      readonly now: Instant
      /** How long before its expiry the token is renewed. */
      readonly early: Duration
      /** How long the intent lasts: longer than a flight and the longest stall. */
      readonly hold: Duration
      /** The strategy needs no previous token. */
      readonly selfSufficient: boolean
    }
  | (Dropping & {
      readonly _tag: 'Redeemed'
      readonly parent: Parent
      readonly token: T
      readonly now: Instant
      readonly backOff: Duration
    })
  | {
      readonly _tag: 'Failed'
      readonly parent: Parent
      readonly nonce: Nonce
      readonly now: Instant
      readonly failure: Failure<F>
    }
  | {
      readonly _tag: 'Refused'
      readonly access: F
      readonly now: Instant
      /** Who tells this has seen an API accept it before. */
      readonly accepted: boolean
      /** How old a token must be for a refusal to be heard, and the first back-off of refusals in a row; 0 for none of both. */
      readonly minimumAge: Duration
    }
  /** An API accepted a token: a row of tokens that none accepted is over. */
  | { readonly _tag: 'Accepted'; readonly access: F }
  | (Dropping & { readonly _tag: 'LoggedIn'; readonly from: Place; readonly nonce: Nonce; readonly token: T })
  | (Dropping & { readonly _tag: 'RevokeAsked'; readonly from: Place; readonly nonce: Nonce })
  | {
      /**
       * Who meets what is owed tries to revoke it, and others leave it alone until `retryAt`; later, for as long again as it has been
       * tried already.
       */
      readonly _tag: 'RevocationRetried'
      readonly now: Instant
      readonly retryAt: Instant
    }
  | {
      /** The server confirmed the revocation of tokens that are owed, told by their access tokens. */
      readonly _tag: 'RevocationConfirmed'
      readonly revoked: ReadonlyArray<F>
    }

// -----------------------------------------------------------------------------
// model: decisions
// -----------------------------------------------------------------------------

/** What is to be done. */
export type Work<T> =
  | { readonly _tag: 'None' }
  | {
      readonly _tag: 'Redeem'
      readonly parent: Parent
      readonly previous: O.Option<T>
      readonly recovery: boolean
    }
  | { readonly _tag: 'Wait'; readonly until: Instant }
  | { readonly _tag: 'Fail'; readonly reason: 'LogInAgain' | 'Revoked' | 'NothingToRedeem' }
  /** The cell has moved on: read it again. */
  | { readonly _tag: 'Again' }
  /** Drop the token without revoking it: revoking would kill the session that is there, or there is no way to. */
  | { readonly _tag: 'Discard' }
  /** Drop the token and revoke it at the server: its epoch is over, and it is owed until that is confirmed. */
  | { readonly _tag: 'DiscardAndRevoke'; readonly token: T }
  | { readonly _tag: 'RevokeAtServer'; readonly tokens: ReadonlyArray<T> }

/** What to serve, and what to do, apart from each other. */
export interface Decision<T> {
  readonly serve: O.Option<T>
  readonly work: Work<T>
}

const NOTHING: Decision<never> = { serve: O.none, work: { _tag: 'None' } }
const AGAIN: Decision<never> = { serve: O.none, work: { _tag: 'Again' } }

// -----------------------------------------------------------------------------
// questions
// -----------------------------------------------------------------------------

/** Whether the cell's token may be served at `now`. */
export const isUsable =
  <T, F>(view: View<T, F>, now: Instant) =>
  (cell: Cell<T>): boolean =>
    O.isSome(cell.token) && !cell.refused && isBefore(now, view.expiresAt(cell.token.value))

/**
 * Whether one cell is older than another one of the same key. What was opened later is newer; in one epoch, a later token is, and
 * a refused one than the same not refused. That holds also of two histories that know nothing of each other, because the record
 * was deleted or lost in between: their epochs' numbers say nothing, so the time comes first, and of the same time the nonce
 * decides, for all processes alike. A cell without a time was written by an older version, and is older than any with one.
 *
 * @example
 * import { Lifecycle } from '@tessera/core'
 *
 * assert.strictEqual(Lifecycle.precedes(Lifecycle.empty, { ...Lifecycle.empty, generation: 1 }), true)
 */
export const precedes = <T>(before: Cell<T>, after: Cell<T>): boolean => {
  const [earlier, later] = [sinceOf(before), sinceOf(after)]
  if (earlier !== later) return earlier < later
  if (before.epoch !== after.epoch) return before.epoch < after.epoch
  const [one, other] = [originOf(before), originOf(after)]
  if (one !== other) return O.isSome(before.since) && one < other
  if (before.generation !== after.generation) return before.generation < after.generation
  return !before.refused && after.refused
}

const sinceOf = <T>({ since }: Cell<T>): number => (O.isSome(since) ? since.value : Number.NEGATIVE_INFINITY)
const originOf = <T>({ origin }: Cell<T>): Nonce => (O.isSome(origin) ? origin.value : '')

/**
 * The cell that is written in place of another one, at `now`: where that opens an epoch, or begins a record, with its time. It is
 * later than the one before, whatever the clock says: that of another primary may be behind.
 *
 * @example
 * import { instant, Lifecycle } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const { since } = Lifecycle.dated(Lifecycle.empty, { ...Lifecycle.empty, epoch: 1 }, instant(7))
 * assert.deepStrictEqual(since, O.some(7))
 */
export const dated = <T>(before: Cell<T>, after: Cell<T>, now: Instant): Cell<T> =>
  after.epoch === before.epoch && !isNothing(before)
    ? after
    : { ...after, since: O.some(instant(Math.max(now, sinceOf(before) + 1))) }

/** No write was ever made. */
const isNothing = <T>({ epoch, generation, intent }: Cell<T>): boolean =>
  epoch === 0 && generation === 0 && O.isNone(intent)

const isBefore = (now: Instant, end: O.Option<Instant>): boolean => O.isNone(end) || now < end.value

// -----------------------------------------------------------------------------
// step
// -----------------------------------------------------------------------------

/**
 * The transition function. A cell that comes back as the same object is unchanged, and nothing is written. In each case the
 * first line that matches wins.
 *
 * @example
 * import { Lifecycle, instant, millis } from '@tessera/core'
 *
 * const view: Lifecycle.View<string, string> = {
 *   issuedAt: () => ({ _tag: 'None' }),
 *   expiresAt: () => ({ _tag: 'None' }),
 *   access: (token) => token,
 *   refresh: () => ({ _tag: 'None' }),
 *   equals: (a, b) => a === b,
 * }
 * const [decision, cell] = Lifecycle.step(view)({
 *   _tag: 'Requested', nonce: 'n1', now: instant(0), early: millis(0), hold: millis(20_000), selfSufficient: true,
 * })(Lifecycle.empty)
 * assert.strictEqual(decision.work._tag, 'Redeem')
 * assert.strictEqual(cell.intent._tag, 'Some')
 */
export const step =
  <T, F>(view: View<T, F>) =>
  (event: Event<T, F>): State<Cell<T>, Decision<T>> => {
    switch (event._tag) {
      case 'Requested':
        return (cell) => requested(view, event, cell)
      case 'Redeemed':
        return (cell) => redeemed(view, event, cell)
      case 'Failed':
        return (cell) => failed(view, event, cell)
      case 'Refused':
        return (cell) => [NOTHING, refused(view, event, cell)]
      case 'Accepted':
        return (cell) => [NOTHING, accepted(view, event, cell)]
      case 'LoggedIn':
        return (cell) => loggedIn(view, event, cell)
      case 'RevokeAsked':
        return (cell) => revokeAsked(event, cell)
      case 'RevocationRetried':
        return (cell) => revocationRetried(event, cell)
      case 'RevocationConfirmed':
        return (cell) => [NOTHING, revocationConfirmed(view, event.revoked, cell)]
    }
  }

type Of<T, F, Tag extends Event<T, F>['_tag']> = Extract<Event<T, F>, { readonly _tag: Tag }>
type Result<T> = [Decision<T>, Cell<T>]

const requested = <T, F>(view: View<T, F>, event: Of<T, F, 'Requested'>, cell: Cell<T>): Result<T> => {
  const { now, selfSufficient } = event
  const usable = isUsable(view, now)(cell)
  const serve = usable ? cell.token : O.none
  const fresh = usable && isUsable(view, plus(now, event.early))(cell)
  // With a usable token, a failure or a wait concerns the renewal, not the caller.
  const unlessUsable = (work: Work<T>): Result<T> => [{ serve, work: usable ? { _tag: 'None' } : work }, cell]

  if (fresh) return [{ serve, work: { _tag: 'None' } }, cell]
  const { verdict } = cell
  if (verdict._tag === 'Revoked' && !selfSufficient) return unlessUsable({ _tag: 'Fail', reason: 'Revoked' })
  if (verdict._tag === 'LogInAgain') return unlessUsable({ _tag: 'Fail', reason: 'LogInAgain' })
  if (verdict._tag === 'Foreign') return unlessUsable({ _tag: 'Wait', until: plus(now, event.hold) })
  const redeemable = O.isSome(cell.token) && O.isSome(view.refresh(cell.token.value))
  if (!selfSufficient && !redeemable) return unlessUsable({ _tag: 'Fail', reason: 'NothingToRedeem' })
  if (verdict._tag === 'CoolingDown' && now < verdict.until) {
    return unlessUsable({ _tag: 'Wait', until: verdict.until })
  }
  if (O.isSome(cell.intent) && now < cell.intent.value.until) {
    return unlessUsable({ _tag: 'Wait', until: cell.intent.value.until })
  }

  const recovery = O.isSome(cell.intent)
  const firstAt = O.isSome(cell.intent) ? cell.intent.value.firstAt : now
  return [
    { serve, work: { _tag: 'Redeem', parent: parentOf(cell), previous: cell.token, recovery } },
    {
      ...cell,
      verdict: NO_VERDICT,
      intent: O.some({ nonce: O.some(event.nonce), firstAt, until: plus(now, event.hold), recovery }),
    },
  ]
}

const redeemed = <T, F>(view: View<T, F>, event: Of<T, F, 'Redeemed'>, cell: Cell<T>): Result<T> => {
  const { parent, token } = event
  const same = O.isSome(cell.token) && view.equals(view.access(cell.token.value), view.access(token))
  if (!isEpochOf(parent, cell)) return discarded(view, event, cell)
  if (cell.generation !== parent.generation) return [same ? AGAIN : { serve: O.none, work: { _tag: 'Discard' } }, cell]

  const next: Cell<T> = {
    ...holding(view, token, cell),
    refusals: cell.refused ? cell.refusals : afterNaturalEnd(cell.refusals, event.now, event.backOff),
    generation: cell.generation + 1,
    refused: false,
    intent: O.none,
    verdict: NO_VERDICT,
  }
  return cell.refused && same
    ? [NOTHING, { ...next, refused: true, verdict: { _tag: 'CoolingDown', until: plus(event.now, event.backOff) } }]
    : [{ serve: O.some(token), work: { _tag: 'None' } }, next]
}

const failed = <T, F>(view: View<T, F>, event: Of<T, F, 'Failed'>, cell: Cell<T>): Result<T> => {
  const { failure, now } = event
  if (!isParent(event.parent, cell)) return [AGAIN, cell]
  switch (failure._tag) {
    case 'Unknown':
      return [NOTHING, cell]
    case 'NotSent':
      return released(event.nonce, now, failure.backOff, cell)
    case 'Throttled':
      return released(event.nonce, now, failure.retryAfter, cell)
    case 'InvalidGrant': {
      const refresh = O.isSome(cell.token) ? view.refresh(cell.token.value) : O.none
      const concerned = O.isSome(refresh) && view.equals(refresh.value, failure.refresh)
      return concerned && cell.verdict._tag !== 'LogInAgain'
        ? [
            { serve: O.none, work: { _tag: 'Fail', reason: 'LogInAgain' } },
            { ...cell, intent: O.none, verdict: { _tag: 'LogInAgain' } },
          ]
        : [AGAIN, cell]
    }
  }
}

const released = <T>(nonce: Nonce, now: Instant, wait: Duration, cell: Cell<T>): Result<T> => {
  if (O.isNone(cell.intent)) return [AGAIN, cell]
  const intent = cell.intent.value
  if (!(O.isSome(intent.nonce) && intent.nonce.value === nonce)) return [AGAIN, cell]
  return [
    NOTHING,
    {
      ...cell,
      // A failed recovery keeps the orphan: the next redemption is still one of a token that may be redeemed already.
      intent: intent.recovery ? O.some({ ...intent, nonce: O.none, until: now }) : O.none,
      verdict: wait > 0 ? { _tag: 'CoolingDown', until: plus(now, wait) } : cell.verdict,
    },
  ]
}

const refused = <T, F>(view: View<T, F>, event: Of<T, F, 'Refused'>, cell: Cell<T>): Cell<T> => {
  if (O.isNone(cell.token) || cell.refused || !view.equals(view.access(cell.token.value), event.access)) return cell
  const refusals = afterRefusal({ ...event, issuedAt: view.issuedAt(cell.token.value) }, cell.refusals)
  if (O.isNone(refusals)) return cell
  // A cool-down of a valid token may be long: it ends with the token.
  return { ...cell, refused: true, refusals, verdict: cell.verdict._tag === 'CoolingDown' ? NO_VERDICT : cell.verdict }
}

const accepted = <T, F>(view: View<T, F>, { access }: Of<T, F, 'Accepted'>, cell: Cell<T>): Cell<T> => {
  if (!O.exists(({ count }: Refusals) => count > 0)(cell.refusals) || cell.refused) return cell
  if (O.isNone(cell.token) || !view.equals(view.access(cell.token.value), access)) return cell
  return { ...cell, refusals: afterAcceptance(cell.refusals) }
}

const loggedIn = <T, F>(view: View<T, F>, event: Of<T, F, 'LoggedIn'>, cell: Cell<T>): Result<T> => {
  const { from, nonce, token } = event
  if (isEpochOf(from, cell)) {
    const next: Cell<T> = {
      ...holding(view, token, cell),
      epoch: cell.epoch + 1,
      generation: cell.generation + 1,
      origin: O.some(nonce),
      refused: false,
      refusals: O.none,
      intent: O.none,
      verdict: NO_VERDICT,
    }
    // What the server has rejected, it has ended itself.
    const replaced = cell.verdict._tag === 'LogInAgain' ? O.none : cell.token
    const owes = O.isSome(replaced) ? owing(view, replaced.value, event.retryAt, next) : O.none
    const serve = O.some(token)
    return O.isSome(replaced) && O.isSome(owes)
      ? [{ serve, work: { _tag: 'RevokeAtServer', tokens: [replaced.value] } }, owes.value]
      : [{ serve, work: { _tag: 'None' } }, next]
  }
  if (isOrigin(nonce, cell)) return [AGAIN, cell]
  return discarded(view, event, cell)
}

const revokeAsked = <T, F>({ from, nonce, retryAt }: Of<T, F, 'RevokeAsked'>, cell: Cell<T>): Result<T> => {
  const tokens = [...owedBy(cell), ...(O.isSome(cell.token) ? [cell.token.value] : [])]
  const decision: Decision<T> = { serve: O.none, work: { _tag: 'RevokeAtServer', tokens } }
  // Also onto nothing, and onto a tombstone: a login that began before must find another epoch than the one it began in.
  if (isEpochOf(from, cell)) {
    return [
      decision,
      {
        ...cell,
        epoch: cell.epoch + 1,
        origin: O.some(nonce),
        token: O.none,
        refused: false,
        refusals: O.none,
        intent: O.none,
        verdict: { _tag: 'Revoked' },
        owed: O.isSome(retryAt) ? newlyOwed(tokens, retryAt.value) : O.none,
      },
    ]
  }
  // Sent again after a lost answer, or another was first: what there is to revoke is owed already. What the server is not to be told
  // leaves a tombstone all the same, whoever wrote that.
  const isForgotten = O.isNone(retryAt) && cell.verdict._tag === 'Revoked' && O.isSome(cell.owed)
  return [
    { serve: O.none, work: { _tag: 'RevokeAtServer', tokens: owedBy(cell) } },
    isForgotten ? { ...cell, owed: O.none } : cell,
  ]
}

// -----------------------------------------------------------------------------
// what is owed to the server
// -----------------------------------------------------------------------------

const owedBy = <T>({ owed }: Cell<T>): ReadonlyArray<T> => (O.isSome(owed) ? owed.value.tokens : [])

const toOwed = <T>(tokens: ReadonlyArray<T>, times: Omit<Owed<T>, 'tokens'>): O.Option<Owed<T>> =>
  tokens.length === 0
    ? O.none
    : O.some({ tokens: tokens.slice(-MOST_OWED), retryAt: times.retryAt, since: times.since })

const newlyOwed = <T>(tokens: ReadonlyArray<T>, retryAt: Instant): O.Option<Owed<T>> =>
  toOwed(tokens, { retryAt, since: O.none })

/** Whether two tokens are of one grant, as far as that can be seen: the end of the one is the end of the other. */
const isOfOne = <T, F>({ access, refresh, equals }: View<T, F>, one: T, other: T): boolean => {
  const [mine, theirs] = [refresh(one), refresh(other)]
  return equals(access(one), access(other)) || (O.isSome(mine) && O.isSome(theirs) && equals(mine.value, theirs.value))
}

/**
 * Whether the session goes on by this token, or by another one of the same grant, as far as that can be seen.
 *
 * @example
 * import { Lifecycle } from '@tessera/core'
 *
 * const view: Lifecycle.View<string, string> = {
 *   issuedAt: () => ({ _tag: 'None' }),
 *   expiresAt: () => ({ _tag: 'None' }),
 *   access: (token) => token,
 *   refresh: () => ({ _tag: 'None' }),
 *   equals: (a, b) => a === b,
 * }
 * assert.strictEqual(Lifecycle.isHeld(view, 'a')({ ...Lifecycle.empty, token: { _tag: 'Some', value: 'a' } }), true)
 */
export const isHeld =
  <T, F>(view: View<T, F>, token: T) =>
  ({ token: held }: Cell<T>): boolean =>
    O.isSome(held) && isOfOne(view, token, held.value)

/** The cell with a token. Some servers grant the same one again: then it is no longer owed. */
const holding = <T, F>(view: View<T, F>, token: T, cell: Cell<T>): Cell<T> => {
  const { owed } = cell
  return {
    ...cell,
    token: O.some(token),
    owed: O.isSome(owed)
      ? toOwed(
          owed.value.tokens.filter((of) => !isOfOne(view, of, token)),
          owed.value,
        )
      : O.none,
  }
}

/** The cell that owes one token more; none where that is of the session which the cell holds, or cannot be revoked. */
const owing = <T, F>(view: View<T, F>, token: T, retryAt: O.Option<Instant>, cell: Cell<T>): O.Option<Cell<T>> => {
  if (O.isNone(retryAt) || isHeld(view, token)(cell)) return O.none
  const tokens = owedBy(cell)
  const isThere = tokens.some((of) => view.equals(view.access(of), view.access(token)))
  return O.some(isThere ? cell : { ...cell, owed: newlyOwed([...tokens, token], retryAt.value) })
}

/** Of a token whose epoch is over. */
const discarded = <T, F>(
  view: View<T, F>,
  { token, retryAt }: Of<T, F, 'Redeemed' | 'LoggedIn'>,
  cell: Cell<T>,
): Result<T> => {
  const owes = owing(view, token, retryAt, cell)
  return O.isSome(owes)
    ? [{ serve: O.none, work: { _tag: 'DiscardAndRevoke', token } }, owes.value]
    : [{ serve: O.none, work: { _tag: 'Discard' } }, cell]
}

const revocationRetried = <T, F>({ now, retryAt }: Of<T, F, 'RevocationRetried'>, cell: Cell<T>): Result<T> => {
  if (O.isNone(cell.owed)) return [NOTHING, cell]
  const { tokens, retryAt: due } = cell.owed.value
  const since = O.isSome(cell.owed.value.since) ? cell.owed.value.since.value : now
  const tried = between(since, now)
  const next = instant(Math.max(retryAt, plus(now, tried)))
  // Later than a try that begins now would put it, it is of a clock that was set back.
  if (now < due && due <= next) return [NOTHING, cell]
  return [
    { serve: O.none, work: { _tag: 'RevokeAtServer', tokens } },
    {
      ...cell,
      owed: tried < REVOCATION_PATIENCE ? toOwed(tokens, { retryAt: next, since: O.some(since) }) : O.none,
    },
  ]
}

const revocationConfirmed = <T, F>(view: View<T, F>, revoked: ReadonlyArray<F>, cell: Cell<T>): Cell<T> => {
  if (O.isNone(cell.owed)) return cell
  const { tokens } = cell.owed.value
  const left = tokens.filter((of) => !revoked.some((access) => view.equals(access, view.access(of))))
  return left.length === tokens.length ? cell : { ...cell, owed: toOwed(left, cell.owed.value) }
}

// -----------------------------------------------------------------------------
// places
// -----------------------------------------------------------------------------

/**
 * Where a login or a revoke begins: it opens an epoch onto this one only.
 *
 * @example
 * import { Lifecycle } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * assert.deepStrictEqual(Lifecycle.placeOf(Lifecycle.empty), { epoch: 0, origin: O.none })
 */
export const placeOf = <T>({ epoch, origin }: Cell<T>): Place => ({ epoch, origin })
const parentOf = <T>(cell: Cell<T>): Parent => ({ ...placeOf(cell), generation: cell.generation })
/** An epoch that nobody opened, the first or an older version's, is known by its number alone. */
const isEpochOf = <T>({ epoch, origin }: Place, cell: Cell<T>): boolean =>
  cell.epoch === epoch && (O.isNone(origin) || O.isNone(cell.origin) || isOrigin(origin.value, cell))
const isParent = <T>(parent: Parent, cell: Cell<T>): boolean =>
  isEpochOf(parent, cell) && cell.generation === parent.generation
const isOrigin = <T>(nonce: Nonce, cell: Cell<T>): boolean => O.isSome(cell.origin) && cell.origin.value === nonce
