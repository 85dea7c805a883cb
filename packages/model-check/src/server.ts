/**
 * The authorization server as a pure function: what `modelServer` of `@tessera/testing` does, in states that can be compared.
 */
import { type Family, GRACE, LIVE, type Mode, type Pair, REPEATABLE, SPENT, type State } from './State.js'

const withPair = (state: State, name: number, change: Partial<Pair>): State => {
  const pair = state.pairs[name]
  return pair === undefined ? state : { ...state, pairs: state.pairs.with(name, { ...pair, ...change }) }
}

const issue = (state: State, family: number, parent: number): readonly [State, number] => [
  { ...state, pairs: [...state.pairs, { family, parent, status: LIVE, age: 0, isLost: false, isUnleased: false }] },
  state.pairs.length,
]

/** A session begins: its family and its first pair. `isIssued`: without a person. */
export const begin = (state: State, isIssued: boolean): readonly [State, number] =>
  issue(
    { ...state, families: [...state.families, { isIssued, isAlive: true, owed: 'nothing' }] },
    state.families.length,
    -1,
  )

export const isAlive = (state: State, { family }: Pair): boolean => state.families[family]?.isAlive === true

const kill = (state: State, family: number): State => {
  const of = state.families[family]
  return of === undefined ? state : { ...state, families: state.families.with(family, { ...of, isAlive: false }) }
}

/** That a token is in use ends the grace of the one that it was redeemed for. */
export const use = (state: State, name: number, mode: Mode): State => {
  const parent = state.pairs[name]?.parent ?? -1
  return mode === 'grace until used' && state.pairs[parent]?.status === REPEATABLE
    ? withPair(state, parent, { status: SPENT })
    : state
}

/** Redeems a refresh token: the pair that it brings, or -1 for `invalid_grant`. */
export const redeem = (state: State, name: number, mode: Mode): readonly [State, number] => {
  const pair = state.pairs[name]
  if (pair === undefined || !isAlive(state, pair)) return [state, -1]
  const { family } = pair
  switch (mode) {
    case 'strict':
    case 'strict, kills the family':
      if (pair.status === LIVE) return issue(withPair(state, name, { status: SPENT }), family, name)
      return [mode === 'strict' ? state : kill(state, family), -1]
    case 'grace until used': {
      if (pair.status === SPENT) return [state, -1]
      const there = state.pairs.findIndex(({ parent }) => parent === name)
      if (pair.status === REPEATABLE && there >= 0) return [state, there]
      return issue(use(withPair(state, name, { status: REPEATABLE }), name, mode), family, name)
    }
    case 'grace for a time':
      if (pair.status === SPENT) return [kill(state, family), -1]
      return issue(pair.status === LIVE ? withPair(state, name, { status: REPEATABLE }) : state, family, name)
    case 'no rotation':
      return issue(withPair(state, name, { status: SPENT }), family, name)
    case 'no refresh token':
      return [state, -1]
  }
}

/** Whether a pair can still be redeemed. */
export const isGood = (state: State, name: number, mode: Mode): boolean => {
  const pair = state.pairs[name]
  return pair !== undefined && isAlive(state, pair) && (mode === 'no rotation' || pair.status !== SPENT)
}

/** RFC 7009 by the pair: one that is rotated ends alone, any other ends the session. */
export const revoke = (state: State, name: number, mode: Mode): State => {
  const pair = state.pairs[name]
  return pair !== undefined && isGood(state, name, mode) ? kill(state, pair.family) : state
}

/** A tick: a grace that is a time comes to its end. */
export const age = (state: State, mode: Mode): State =>
  mode === 'grace for a time' && state.pairs.some(({ status }) => status === REPEATABLE)
    ? {
        ...state,
        pairs: state.pairs.map((pair) =>
          pair.status !== REPEATABLE
            ? pair
            : pair.age + 1 >= GRACE
              ? { ...pair, status: SPENT, age: 0 }
              : { ...pair, age: pair.age + 1 },
        ),
      }
    : state

/** A pair is gone before the store had it, by a fault, which excuses what comes of it. */
export const lose = (state: State, name: number): State => {
  const pair = state.pairs[name]
  return pair === undefined ? state : excuse(overdue(state, name), pair.family)
}

/** That a pair is rejected is nobody's fault: it may be spent without anybody's knowing. */
export const forget = (state: State, name: number): State => withPair(state, name, { isLost: true })

/** Nor is that it is redeemed twice. */
export const unlease = (state: State, name: number): State => withPair(state, name, { isLost: true, isUnleased: true })

/** A pair that was redeemed is late: from now on others may have to do without it. */
export const overdue = (state: State, name: number): State =>
  withPair(state, state.pairs[name]?.parent ?? -1, { isLost: true })

const withOwed = (state: State, family: number, from: Family['owed'], to: Family['owed']): State => {
  const of = state.families[family]
  return of?.owed === from ? { ...state, families: state.families.with(family, { ...of, owed: to }) } : state
}

/** A fault has destroyed what could have ended a session. */
export const excuse = (state: State, family: number): State => withOwed(state, family, 'end', 'excused')

/** A revoke has taken effect in the store: the server is to hear of it, unless what could end the session is lost already. */
export const owe = (state: State, name: number): State => {
  const pair = state.pairs[name]
  return pair === undefined ? state : withOwed(state, pair.family, 'nothing', pair.isLost ? 'excused' : 'end')
}
