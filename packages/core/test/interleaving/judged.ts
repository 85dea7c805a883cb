import { coreLoader, judging, type Mode, modes } from '@tessera/proof'

/** Over three thousand for the three modes; the fault table has ten thousand more. */
const RUNS = Number(process.env['INTERLEAVINGS'] ?? 1_200)

/** The core, in 2 to 4 processes over one session, at a server of one mode. */
export const judged = (mode: Mode): void => {
  const { run } = judging(coreLoader()(), modes[mode], {}, { numRuns: RUNS })
  test(`scheduled runs of 2 to 4 processes over one session keep every property: ${mode}`, run, 600_000)
}
