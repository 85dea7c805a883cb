/** A modelled authorization server, written from the RFCs and Box's published behaviour, not from the client. */
export type Mode = 'strict' | 'grace until use' | 'grace for a time'

interface Pair {
  readonly family: number
  readonly access: string
  readonly refresh: string
  redeemedAt: number | undefined
  successor: Pair | undefined
  used: boolean
}

export type Answer = { readonly ok: true; readonly access: string; readonly refresh: string } | { readonly ok: false }

/** Longer than any run: whether somebody asks in time is the application's part. */
const GRACE = 1_000_000_000_000

export class ModelServer {
  private readonly pairs: Array<Pair> = []
  private readonly dead = new Set<number>()
  private families = 0
  /** How often each refresh token was redeemed with success. */
  readonly redemptions = new Map<string, number>()
  requests = 0

  private readonly mode: Mode
  private readonly now: () => number

  constructor(mode: Mode, now: () => number) {
    this.mode = mode
    this.now = now
  }

  private issue(family: number): Pair {
    const id = this.pairs.length
    const pair: Pair = {
      family,
      access: `access-${id}`,
      refresh: `refresh-${id}`,
      redeemedAt: undefined,
      successor: undefined,
      used: false,
    }
    this.pairs.push(pair)
    return pair
  }

  logIn(): Answer {
    const { access, refresh } = this.issue(this.families++)
    return { ok: true, access, refresh }
  }

  redeem(refresh: string): Answer {
    this.requests++
    const pair = this.pairs.find((of) => of.refresh === refresh)
    if (pair === undefined || this.dead.has(pair.family)) return { ok: false }
    if (pair.successor !== undefined) {
      if (!this.mayRepeat(pair, pair.successor)) {
        if (this.mode === 'strict') this.dead.add(pair.family)
        return { ok: false }
      }
    } else {
      pair.successor = this.issue(pair.family)
      pair.redeemedAt = this.now()
    }
    this.redemptions.set(refresh, (this.redemptions.get(refresh) ?? 0) + 1)
    return { ok: true, access: pair.successor.access, refresh: pair.successor.refresh }
  }

  private mayRepeat(pair: Pair, successor: Pair): boolean {
    switch (this.mode) {
      case 'strict':
        return false
      case 'grace until use':
        return !successor.used && successor.successor === undefined
      case 'grace for a time':
        return this.now() - (pair.redeemedAt ?? 0) < GRACE && successor.successor === undefined
    }
  }

  /** An API call with the access token. */
  use(access: string): boolean {
    const pair = this.pairs.find((of) => of.access === access)
    if (pair === undefined || this.dead.has(pair.family)) return false
    pair.used = true
    return pair.successor === undefined || this.mode !== 'strict'
  }

  revoke(access: string): void {
    const pair = this.pairs.find((of) => of.access === access)
    if (pair !== undefined) this.dead.add(pair.family)
  }

  familyOf(access: string): number | undefined {
    return this.pairs.find((of) => of.access === access)?.family
  }

  liveFamilies(): ReadonlyArray<number> {
    return Array.from({ length: this.families }, (_, family) => family).filter((family) => !this.dead.has(family))
  }

  /** Whether a redemption of `parent` gave `child`. */
  isChild(parent: string, child: string): boolean {
    return this.pairs.find((of) => of.refresh === parent)?.successor?.refresh === child
  }
}
