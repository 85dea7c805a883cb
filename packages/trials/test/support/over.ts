/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Whether a promise is over once everything that does not wait for the network or for time has run. */
export const isOver = async (promise: Promise<unknown>): Promise<boolean> => {
  let over = false
  const end = (): void => {
    over = true
  }
  promise.then(end, end)
  for (let turns = 0; turns < 20; turns++) await turn()
  return over
}
