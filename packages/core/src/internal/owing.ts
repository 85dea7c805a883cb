import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Lifecycle from '../Lifecycle.js'
import { type Instant, minutes, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Ends, Revocation } from '../TokenSource.js'
import { type Known, type Records, type Result, type SessionEvent, storeNow, view } from './records.js'
import type { Revoking } from './revoking.js'

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
  readonly apply: Records['apply']
  /** As of the records, inside the user's lock. */
  readonly persist: (event: (known: Known) => SessionEvent) => ReturnType<Records['persist']>
}

/** The record keeps what is owed to the server until that has confirmed the end of it. */
export interface Owing {
  /**
   * Whether a token may be revoked now. Where one ends all that a person has granted, none is ended beside a session that goes on, or
   * begins: it would end that too.
   */
  readonly isHarmless: (known: Known) => boolean
  /** For the events that drop a token: this process tries to revoke it at once. */
  readonly retryAt: (known: Known) => O.Option<Instant>
  /** Revokes, and takes out of the record what the server has ended; the first failure, after all were tried. */
  readonly pay: (tokens: ReadonlyArray<TokenSet>, known: Known, deadline: Instant) => Promise<Result<Revocation>>
  /** As `pay`, of one that was dropped, and tried again. Tells whether it was revoked. */
  readonly discard: (token: TokenSet, known: Known) => Promise<boolean>
  /** Tries what another process, or an earlier try, has left: nobody waits for it. */
  readonly meet: (known: Known) => void
}

const retried = (now: Instant): SessionEvent => ({ _tag: 'RevocationRetried', now, retryAt: plus(now, RETRY) })

export const makeOwing = ({ server, ends, outside, now, deadline, apply, persist }: OwingParts): Owing => {
  let isRetrying = false
  const isHarmless: Owing['isHarmless'] = ({ cell }) =>
    ends === 'grant' || (O.isNone(cell.token) && O.isNone(cell.intent))

  const confirm = (tokens: ReadonlyArray<TokenSet>, known: Known, until: Instant) =>
    apply(() => ({ _tag: 'RevocationConfirmed', revoked: tokens.map(({ accessToken }) => accessToken) }), known, until)

  const pay: Owing['pay'] = async (tokens, known, until) => {
    if (!isHarmless(known)) return E.right('forgotten')
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
    if (decision.work._tag === 'RevokeAtServer') await pay(decision.work.tokens, known, deadline())
  }

  return {
    isHarmless,
    retryAt: (known) => (ends === undefined ? O.none : O.some(plus(storeNow(known), RETRY))),
    pay,
    discard: async (token, known) => {
      if (!isHarmless(known)) return false
      const isRevoked = await server.discard(outside(token, known))
      if (isRevoked) await confirm([token], known, deadline())
      return isRevoked
    },
    meet: (known) => {
      if (isRetrying || ends === undefined || !isHarmless(known)) return
      const [{ work }] = Lifecycle.step(view)(retried(plus(now(), known.offset)))(known.cell)
      if (work._tag !== 'RevokeAtServer') return
      isRetrying = true
      void retry().then(() => {
        isRetrying = false
      })
    },
  }
}
