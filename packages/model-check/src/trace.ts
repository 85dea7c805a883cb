import * as O from 'fp-ts/lib/Option.js'
import type { Encoded } from './encode.js'
import type { Model, Transition } from './model.js'
import { phaseOf, type State } from './State.js'

export interface Line {
  readonly process: string
  readonly event: string
  readonly decision: string
  readonly cell: string
  readonly server: string
}

const nameOf = (process: number): string => (process < 0 ? '–' : String.fromCharCode(65 + process))

const decisionOf = ({ decision }: Transition): string => {
  if (decision === undefined) return ''
  const { serve, action } = decision
  const parts = O.isSome(serve) ? [`serve ${serve.value.pair}`] : []
  if (action._tag === 'Redeem') parts.push(action.recovery ? 'Redeem, a recovery' : 'Redeem')
  else if (action._tag === 'Fail') parts.push(`Fail ${action.reason}`)
  else if (action._tag !== 'None') parts.push(action._tag)
  return parts.join(', ')
}

const cellOf = ({ cell, now }: State): string => {
  const { epoch, generation, token, refused, lease, status, owed } = cell
  const parts = [`${epoch}.${generation}`]
  if (O.isSome(token)) parts.push(`token ${token.value.pair} ${['fresh', 'due', 'expired'][phaseOf(token.value, now)]}`)
  if (refused) parts.push('refused')
  if (O.isSome(lease))
    parts.push(
      `${lease.value.recovery ? 'recovery' : 'lease'}${O.isNone(lease.value.nonce) ? ' of nobody' : ''} ${Math.max(0, lease.value.until - now)}τ`,
    )
  if (status._tag === 'CoolingDown') parts.push(`cooling ${Math.max(0, status.until - now)}τ`)
  else if (status._tag !== 'None') parts.push(status._tag)
  if (O.isSome(owed)) parts.push(`owes ${owed.value.tokens.map(({ pair }) => pair).join(' ')}`)
  return parts.join(' ')
}

const serverOf = ({ pairs, families }: State): string =>
  pairs
    .map(
      ({ family, status }, i) =>
        `${i} ${families[family]?.isAlive === true ? ['live', 'repeatable', 'spent'][status] : 'dead'}`,
    )
    .join(', ')

/** A state on a path, and, where it is known, the place of who acts on the way to it. */
export interface Stop {
  readonly key: string
  readonly place?: number
}

/** The states of a path again, each process with its own name all the way. */
export const replay = (
  model: Model,
  encode: (state: State) => Encoded,
  start: string,
  stops: ReadonlyArray<Stop>,
): ReadonlyArray<Transition> => {
  let at = model.starts.find((state) => encode(state).key === start)
  const taken: Array<Transition> = []
  for (const { key, place } of stops) {
    if (at === undefined) throw new Error('not a path')
    const { places } = encode(at)
    const candidates: Array<Transition> = []
    model.transitions(at, (transition) => {
      if (encode(transition.next).key === key) candidates.push(transition)
    })
    const isOf = ({ process }: Transition): boolean => (process < 0 ? 3 : places[process]) === place
    const found = candidates.find(isOf) ?? candidates[0]
    if (found === undefined) throw new Error('not a path')
    taken.push(found)
    at = found.next
  }
  return taken
}

export const lineOf = (transition: Transition): Line => ({
  process: nameOf(transition.process),
  event: transition.event,
  decision: decisionOf(transition),
  cell: cellOf(transition.next),
  server: serverOf(transition.next),
})
