/** The authorization server, in states that can be compared. */
import type { Mode, State } from './State.js'

const issue = (state: State, family: number): readonly [State, number] => [
  { ...state, pairs: [...state.pairs, { family, isSpent: false }] },
  state.pairs.length,
]

/** A session begins. */
export const begin = (state: State): readonly [State, number] =>
  issue({ ...state, families: [...state.families, true] }, state.families.length)

export const familyOf = ({ pairs }: State, pair: number): number => pairs[pair]?.family ?? -1

export const isAlive = (state: State, pair: number): boolean => state.families[familyOf(state, pair)] === true

const end = (state: State, family: number): State => ({ ...state, families: state.families.with(family, false) })

/** The pair that a refresh token brings, or -1 for `invalid_grant`. */
export const redeem = (state: State, name: number, mode: Mode): readonly [State, number] => {
  const pair = state.pairs[name]
  if (pair === undefined || !isAlive(state, name)) return [state, -1]
  if (pair.isSpent) return [mode === 'strict' ? state : end(state, pair.family), -1]
  return issue({ ...state, pairs: state.pairs.with(name, { ...pair, isSpent: true }) }, pair.family)
}

/** RFC 7009: one that is spent ends alone, any other ends the session. */
export const revoke = (state: State, name: number): State => {
  const pair = state.pairs[name]
  return pair === undefined || pair.isSpent ? state : end(state, pair.family)
}
