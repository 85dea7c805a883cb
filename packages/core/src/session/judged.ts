import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Cell } from '../Lifecycle.js'
import { between, type Duration, earliest, type Instant, millis, minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

/** A record as a call to the store found it, with the clock of its times. */
export interface Heard {
  /** As this process judges it, see {@link judged}. */
  readonly cell: Cell<TokenSet>
  /** As the store has it. */
  readonly stored: Cell<TokenSet>
  /** The store's clock minus process time. */
  readonly offset: Duration
  /** Whether the store has a clock of its own. */
  readonly tellsTime: boolean
}

/**
 * The store's clock minus process time. The store took its `now` somewhere between the beginning and the end of the call. If the offset
 * of an earlier call lies within these bounds, it is kept. Otherwise the larger bound is taken, by which a token ends too early rather
 * than too late. Without the earlier calls, every slow call would end a token early by its own duration.
 */
export const offsetOf = (now: Instant, began: Instant, ended: Instant, before: O.Option<Heard>): Duration => {
  const most = between(began, now)
  const offset = O.isSome(before) ? before.value.offset : most
  return between(ended, now) <= offset && offset <= most ? offset : most
}

type EndOf = (cell: Cell<TokenSet>) => O.Option<Instant>

const expiry: EndOf = ({ token }) =>
  pipe(
    token,
    O.flatMap(({ expiresAt }) => expiresAt),
  )
const leaseEnd: EndOf = ({ lease }) =>
  pipe(
    lease,
    O.map(({ until }) => until),
  )
const coolDownEnd: EndOf = ({ status }) => (status._tag === 'CoolingDown' ? O.some(status.until) : O.none)

const lastRefusal: EndOf = ({ refusals }) =>
  pipe(
    refusals,
    O.map(({ at }) => at),
  )

/** The time and the lease duration by which a record is judged. */
interface Judge {
  /** By the store's clock, or the date where it has none. */
  readonly now: Instant
  readonly hold: Duration
}

/** Longer than any process's lease may be: a person's prompt. */
const LONGEST_WAIT = minutes(20)

/** If the beginning lies in the future (a clock was set back, or is another machine's), the same duration is counted from now. */
const lasting = (begun: O.Option<Instant>, end: Instant, now: Instant): Instant =>
  O.isSome(begun) && begun.value > now ? plus(now, between(begun.value, end)) : end

/**
 * A record with its times as this process judges them. The clock may have been set back since they were written. So an end is never
 * judged later than before. An end that is new here is at most its duration away, and a wait that is longer than any may be has ended. If
 * the store has its own clock, only that counts for leases and cool-downs: otherwise a process whose date is set ahead would end the lease
 * of another one.
 */
export const judged = (
  stored: Cell<TokenSet>,
  { offset, now, hold, tellsTime }: Pick<Heard, 'offset' | 'tellsTime'> & Judge,
  before: O.Option<Heard>,
): Cell<TokenSet> => {
  const isWaiting = O.isSome(stored.lease) || stored.status._tag === 'CoolingDown'
  // Only the end of a wait depends on when it is judged.
  if (O.isSome(before) && before.value.stored === stored && before.value.offset === offset && !isWaiting) {
    return before.value.cell
  }
  const snapshot = pipe(
    before,
    O.filter((heard) => heard.stored.epoch === stored.epoch && heard.stored.generation === stored.generation),
  )
  const endOf = (of: EndOf, first: (end: Instant) => Instant): O.Option<Instant> =>
    pipe(
      of(stored),
      O.map((end) =>
        pipe(
          snapshot,
          O.filter((heard) => O.toNullable(of(heard.stored)) === end),
          O.flatMap((heard) =>
            pipe(
              of(heard.cell),
              // By the store's clock as it is now.
              O.map((then) => earliest(end, plus(then, millis(offset - heard.offset)))),
            ),
          ),
          O.getOrElse(() => first(end)),
        ),
      ),
    )
  const { token, lease, status } = stored
  const issuedAt = pipe(
    token,
    O.flatMap((of) => of.issuedAt),
  )
  const firstAt = pipe(
    lease,
    O.map((of) => of.firstAt),
  )
  const expiresAt = endOf(expiry, (end) => lasting(issuedAt, end, now))
  const possible = (end: Instant): Instant => (between(now, end) > Math.max(2 * hold, LONGEST_WAIT) ? now : end)
  const waitOf = (of: EndOf, first: (end: Instant) => Instant) =>
    tellsTime ? pipe(of(stored), O.map(first)) : endOf(of, first)
  const held = waitOf(leaseEnd, (end) => possible(lasting(firstAt, end, now)))
  const cooled = waitOf(coolDownEnd, possible)
  // A refusal cannot lie in the future. Such a time counts as now.
  const refusedAt = endOf(lastRefusal, (at) => earliest(at, now))
  return {
    ...stored,
    refusals: pipe(
      stored.refusals,
      O.map((row) => ({ ...row, at: O.getOrElse(() => row.at)(refusedAt) })),
    ),
    token: O.isSome(token) && O.isSome(expiresAt) ? O.some({ ...token.value, expiresAt }) : token,
    lease: O.isSome(lease) && O.isSome(held) ? O.some({ ...lease.value, until: held.value }) : lease,
    status: status._tag === 'CoolingDown' && O.isSome(cooled) ? { ...status, until: cooled.value } : status,
  }
}

/** The cell to write after a record was judged. Parts that no event has changed stay as they are in the store. */
export const unjudged = ({ cell, stored }: Pick<Heard, 'cell' | 'stored'>, next: Cell<TokenSet>): Cell<TokenSet> => {
  const token = next.token === cell.token ? stored.token : next.token
  const lease = next.lease === cell.lease ? stored.lease : next.lease
  const status = next.status === cell.status ? stored.status : next.status
  const refusals = next.refusals === cell.refusals ? stored.refusals : next.refusals
  const isSame = token === next.token && lease === next.lease && status === next.status && refusals === next.refusals
  return isSame ? next : { ...next, token, lease, status, refusals }
}
