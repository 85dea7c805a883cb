import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Revoking } from '../internal/revoking.js'
import * as Lifecycle from '../Lifecycle.js'
import { type Instant, minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Ends, Revocation } from '../TokenSource.js'
import { type Known, type Records, type Result, type SessionEvent, storeNow, view } from './records.js'

/** How long all processes leave alone what one of them has tried to revoke. */
const RETRY = minutes(10)

/** What a session needs to end at the server what no session holds any more. */
export interface OwingParts {
  readonly server: Revoking
  /** What the server ends by one token; none where there is no way to revoke. */
  readonly ends: Ends | undefined
  /** A token of a known record, as a revoker gets it. */
  readonly outside: (token: TokenSet, known: Known) => TokenSet
  readonly now: () => Instant
  /** The end of a call to the store, or of a request, that begins now. */
  readonly deadline: () => Instant
  /** A token of this process waits for the store, or a person is logging in. */
  readonly isBeginning: () => boolean
  /** The revocations of this key, also by other sources of the collection. */
  readonly revocations: {
    readonly track: <A>(revocation: Promise<A>) => Promise<A>
    readonly settled: () => Promise<void>
  }
  readonly read: Records['read']
  readonly apply: Records['apply']
  /** As of the records, inside the user's lock. */
  readonly persist: (event: (known: Known) => SessionEvent) => ReturnType<Records['persist']>
}

/** The record keeps what is owed to the server until that has confirmed the end of it. */
export interface Owing {
  /** For the events that drop a token: this process tries to revoke it at once. */
  readonly retryAt: (known: Known) => O.Option<Instant>
  /** Revokes, and takes out of the record what the server has ended; the first failure, after all were tried. */
  readonly pay: (tokens: ReadonlyArray<TokenSet>, known: Known, deadline: Instant) => Promise<Result<Revocation>>
  /** As `pay`, of one that the record dropped just now, and tried again. Tells whether it was revoked. */
  readonly discard: (token: TokenSet, known: Known) => Promise<boolean>
  /** As `discard`, of one that came to a source that is closed: no record owes it. */
  readonly drop: (token: TokenSet) => Promise<boolean>
  /** Tries what another process, or an earlier try, has left: nobody waits for it. */
  readonly meet: (known: Known) => void
  /** The end of what is being revoked, where the server ends all: a login begins after it. */
  readonly settled: () => Promise<void>
}

const retried = (now: Instant): SessionEvent => ({ _tag: 'RevocationRetried', now, retryAt: plus(now, RETRY) })

export const makeOwing = (parts: OwingParts): Owing => {
  const { server, ends, outside, now, deadline, isBeginning, revocations, read, apply, persist } = parts
  let isRetrying = false
  const { track, settled } = revocations

  /**
   * Whether the end of a token leaves the session alone. Where one ends all that a person has granted, none is ended beside a session
   * that goes on.
   */
  const isHarmless = (token: TokenSet, { cell }: Known): boolean =>
    ends === 'grant' ? !Lifecycle.isHeld(view, token)(cell) : O.isNone(cell.token) && O.isNone(cell.intent)
  /** As `isHarmless`; nor is one that begins ended, of what nobody has asked to end. */
  const isTimely = (token: TokenSet, known: Known): boolean =>
    isHarmless(token, known) && (ends === 'grant' || !isBeginning())

  /** Asked before each try: sessions begin and end between them. What was known at first counts once. */
  const asked = (token: TokenSet, first: O.Option<Known>) => {
    let known = first
    return async (): Promise<boolean> => {
      const there: Result<Known> = O.isSome(known) ? E.right(known.value) : await read(deadline())
      known = O.none
      return E.isRight(there) ? isTimely(token, there.right) : ends === 'grant'
    }
  }

  const confirm = (tokens: ReadonlyArray<TokenSet>, known: Known, until: Instant) =>
    apply(() => ({ _tag: 'RevocationConfirmed', revoked: tokens.map(({ accessToken }) => accessToken) }), known, until)

  const pay: Owing['pay'] = async (owed, known, until) => {
    const tokens = owed.filter((token) => isHarmless(token, known))
    const results = await Promise.all(tokens.map((token) => server.revoke(outside(token, known))))
    const isEnded = (at: number): boolean => {
      const result = results[at]
      return result !== undefined && E.isRight(result) && result.right === 'revoked'
    }
    const ended = tokens.filter((_, at) => isEnded(at))
    if (ended.length > 0) await confirm(ended, known, until)
    return results.find(E.isLeft) ?? results[0] ?? E.right('forgotten')
  }

  const retry = async (): Promise<void> => {
    const tried = await persist((at) => retried(storeNow(at)))
    if (E.isLeft(tried)) return
    const { decision, known } = tried.right
    if (decision.work._tag !== 'RevokeAtServer') return
    await pay(
      decision.work.tokens.filter((token) => isTimely(token, known)),
      known,
      deadline(),
    )
  }

  return {
    settled: async () => {
      if (ends === 'all') await settled()
    },
    retryAt: (known) => (ends === undefined ? O.none : O.some(plus(storeNow(known), RETRY))),
    pay: (...args) => track(pay(...args)),
    discard: async (token, known) => {
      const isRevoked = await track(server.discard(outside(token, known), asked(token, O.some(known))))
      if (isRevoked) await confirm([token], known, deadline())
      return isRevoked
    },
    drop: (token) => track(server.discard(token, asked(token, O.none))),
    meet: (known) => {
      if (isRetrying || ends === undefined) return
      const [{ work }] = Lifecycle.step(view)(retried(plus(now(), known.offset)))(known.cell)
      if (work._tag !== 'RevokeAtServer' || !work.tokens.some((token) => isTimely(token, known))) return
      isRetrying = true
      void track(retry()).then(() => {
        isRetrying = false
      })
    },
  }
}
