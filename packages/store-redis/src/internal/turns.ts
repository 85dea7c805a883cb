/** Goes through a list that may change, `most` at a time, and begins anew at its end. */
export const makeTurns = (most: number): (<A>(all: ReadonlyArray<A>) => ReadonlyArray<A>) => {
  let at = 0
  return (all) => {
    if (at >= all.length) at = 0
    const turn = all.slice(at, at + most)
    at += most
    return turn
  }
}
