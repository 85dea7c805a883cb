import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Revoking } from '../internal/revoking.js'
import * as Lifecycle from '../Lifecycle.js'
import { type Instant, minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Ends, Revocation } from '../TokenSource.js'
import type { Records } from './records.js'
import { type Result, type SessionEvent, type Snapshot, storeNow, view } from './snapshot.js'

/** How long all processes wait after one has tried a revocation. */
const RETRY = minutes(10)

/** The parts that a session needs to revoke, at the server, tokens that no session holds any more. */
export interface OwingParts {
  readonly server: Revoking
  /** What the server ends when one token is revoked. Undefined if there is no way to revoke. */
  readonly ends: Ends | undefined
  /** A token of a snapshot, as a revoker gets it. */
  readonly outside: (token: TokenSet, snapshot: Snapshot) => TokenSet
  readonly now: () => Instant
  /** The end of a call to the store, or of a request, that begins now. */
  readonly deadline: () => Instant
  /** Whether a token of this process waits for the store, or a login is in progress. */
  readonly isBeginning: () => boolean
  /** The revocations of this key, also by other sources of the collection. */
  readonly revocations: {
    readonly track: <A>(revocation: Promise<A>) => Promise<A>
    readonly settled: () => Promise<void>
  }
  readonly read: Records['read']
  readonly apply: Records['apply']
  /** As of the records, inside the user's lock. */
  readonly persist: (event: (snapshot: Snapshot) => SessionEvent) => ReturnType<Records['persist']>
}

/** The revocations owed to the server. The record keeps the tokens until the server has confirmed their end. */
export interface Owing {
  /** For the events that drop a token: this process tries to revoke it at once. */
  readonly retryAt: (snapshot: Snapshot) => O.Option<Instant>
  /** Revokes tokens, and removes those that the server has ended from the record. Returns the first failure after all were tried. */
  readonly pay: (tokens: ReadonlyArray<TokenSet>, snapshot: Snapshot, deadline: Instant) => Promise<Result<Revocation>>
  /** As `pay`, with retries, for a token that the record dropped just now. Returns whether it was revoked. */
  readonly discard: (token: TokenSet, snapshot: Snapshot) => Promise<boolean>
  /** As `discard`, for a token that came when the source was closed: it is in no record. */
  readonly drop: (token: TokenSet) => Promise<boolean>
  /** Tries revocations that another process or an earlier try has left. No caller waits for it. */
  readonly meet: (snapshot: Snapshot) => void
  /** If the server ends all of a person's grants at once: settles after the revocations in progress. A login begins after them. */
  readonly settled: () => Promise<void>
}

const retried = (now: Instant): SessionEvent => ({ _tag: 'RevocationRetried', now, retryAt: plus(now, RETRY) })

export const makeOwing = (parts: OwingParts): Owing => {
  const { server, ends, outside, now, deadline, isBeginning, revocations, read, apply, persist } = parts
  let isRetrying = false
  const { track, settled } = revocations

  /**
   * Whether revoking the token leaves the current session alive. If the server ends all of a person's grants at once, no token is revoked
   * while there is a session.
   */
  const isHarmless = (token: TokenSet, { cell }: Snapshot): boolean =>
    ends === 'grant' ? !Lifecycle.isHeld(view, token)(cell) : O.isNone(cell.token) && O.isNone(cell.lease)
  /** As `isHarmless`, and no session that is just beginning is ended either. For revocations that the application did not ask for. */
  const isTimely = (token: TokenSet, snapshot: Snapshot): boolean =>
    isHarmless(token, snapshot) && (ends === 'grant' || !isBeginning())

  /** `isTimely` before each try, since sessions begin and end in between. Only the first try uses the given snapshot. */
  const asked = (token: TokenSet, first: O.Option<Snapshot>) => {
    let snapshot = first
    return async (): Promise<boolean> => {
      const there: Result<Snapshot> = O.isSome(snapshot) ? E.right(snapshot.value) : await read(deadline())
      snapshot = O.none
      return E.isRight(there) ? isTimely(token, there.right) : ends === 'grant'
    }
  }

  const confirm = (tokens: ReadonlyArray<TokenSet>, snapshot: Snapshot, until: Instant) =>
    apply(
      () => ({ _tag: 'RevocationConfirmed', revoked: tokens.map(({ accessToken }) => accessToken) }),
      snapshot,
      until,
    )

  const pay: Owing['pay'] = async (owed, snapshot, until) => {
    const tokens = owed.filter((token) => isHarmless(token, snapshot))
    const results = await Promise.all(tokens.map((token) => server.revoke(outside(token, snapshot))))
    const isEnded = (at: number): boolean => {
      const result = results[at]
      return result !== undefined && E.isRight(result) && result.right === 'revoked'
    }
    const ended = tokens.filter((_, at) => isEnded(at))
    if (ended.length > 0) await confirm(ended, snapshot, until)
    return results.find(E.isLeft) ?? results[0] ?? E.right('local')
  }

  const retry = async (): Promise<void> => {
    const tried = await persist((at) => retried(storeNow(at)))
    if (E.isLeft(tried)) return
    const { decision, snapshot } = tried.right
    if (decision.action._tag !== 'RevokeAtServer') return
    await pay(
      decision.action.tokens.filter((token) => isTimely(token, snapshot)),
      snapshot,
      deadline(),
    )
  }

  return {
    settled: async () => {
      if (ends === 'all') await settled()
    },
    retryAt: (snapshot) => (ends === undefined ? O.none : O.some(plus(storeNow(snapshot), RETRY))),
    pay: (...args) => track(pay(...args)),
    discard: async (token, snapshot) => {
      const isRevoked = await track(server.discard(outside(token, snapshot), asked(token, O.some(snapshot))))
      if (isRevoked) await confirm([token], snapshot, deadline())
      return isRevoked
    },
    drop: (token) => track(server.discard(token, asked(token, O.none))),
    meet: (snapshot) => {
      if (isRetrying || ends === undefined) return
      const [{ action }] = Lifecycle.step(view)(retried(plus(now(), snapshot.offset)))(snapshot.cell)
      if (action._tag !== 'RevokeAtServer' || !action.tokens.some((token) => isTimely(token, snapshot))) return
      isRetrying = true
      void track(retry()).then(() => {
        isRetrying = false
      })
    },
  }
}
