import { makeCanaries } from '../../../src/faults/canaries.js'
import type { Fault } from '../../../src/faults/Fault.js'
import { type Row, rowOf } from '../../../src/faults/Row.js'
import { makeRandom } from '../../../src/faults/random.js'

/** The row of that name. */
export const rowNamed = (rows: ReadonlyArray<Fault>, name: string): Fault => {
  const row = rows.find((of) => of.name === name)
  if (row === undefined) throw new Error(`there is no row ${name}`)
  return row
}

/** Runs a row as the command does, at full scale or not. */
export const judge = async (fault: Fault, count: number, isFull = false): Promise<Row> => {
  const findings = await fault.run({
    count,
    progress: () => undefined,
    random: makeRandom(`1 ${fault.name}`),
    canaries: makeCanaries(),
  })
  return rowOf(fault, count, 0, findings, isFull)
}
