import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Cell } from '../Lifecycle.js'
import { between, type Duration, earliest, type Instant, millis, minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

/** A record as it was heard of, and by which clock. */
export interface Heard {
  /** As this process judges it, see {@link judged}. */
  readonly cell: Cell<TokenSet>
  /** As the store has it. */
  readonly stored: Cell<TokenSet>
  /** The store's clock minus process time. */
  readonly offset: Duration
  /** The store has a clock of its own. */
  readonly tellsTime: boolean
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

/** What a record is judged by. */
interface Judge {
  /** By the store's clock, or the date where it has none. */
  readonly now: Instant
  readonly hold: Duration
}

/** Longer than any process's lease may be: a person's prompt. */
const LONGEST_WAIT = minutes(20)

/** What begins in the future, by a clock that was set back or is another's, lasts from now as long as it was to last. */
const lasting = (begun: O.Option<Instant>, end: Instant, now: Instant): Instant =>
  O.isSome(begun) && begun.value > now ? plus(now, between(begun.value, end)) : end

/**
 * A record with the ends that its times have for this process. They are of a clock that may have been set back since they were
 * written, so an end comes no later than was thought when it was heard of before; what is heard of for the first time lasts no longer
 * than it was to last, and a wait that is longer than any may be is over. But where the store tells its own time, leases and
 * cool-downs end when it says: if this process's date were asked too, one that is set on would end what another process is doing.
 */
export const judged = (
  stored: Cell<TokenSet>,
  { offset, now, hold, tellsTime }: Pick<Heard, 'offset' | 'tellsTime'> & Judge,
  before: O.Option<Heard>,
): Cell<TokenSet> => {
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
  // In the future it was not: the next one is heard as if this had been now.
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

/** What is to be written after a record was judged: what no event has changed is left as it is in the store. */
export const unjudged = ({ cell, stored }: Pick<Heard, 'cell' | 'stored'>, next: Cell<TokenSet>): Cell<TokenSet> => ({
  ...next,
  token: next.token === cell.token ? stored.token : next.token,
  lease: next.lease === cell.lease ? stored.lease : next.lease,
  status: next.status === cell.status ? stored.status : next.status,
  refusals: next.refusals === cell.refusals ? stored.refusals : next.refusals,
})
