/**
 * Who does the work of a row.
 */
import type { Role } from './Case.js'
import type { Ask } from './peers/Peer.js'

export interface Contender<Given> {
  readonly name: string
  readonly role: Role
  /** Everything that is not measured, by what the row gives: a key, a server. */
  readonly open: (given: Given) => Promise<Ask>
  /** One asker cannot have two requests under way: there are as many as there are requests. */
  readonly single?: boolean
}

/** The one of that name. */
export const contenderNamed = <Given>(contenders: ReadonlyArray<Contender<Given>>, name: string): Contender<Given> => {
  const found = contenders.find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no contender "${name}"`)
  return found
}
