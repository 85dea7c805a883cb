/** Connections of a host that has no pool of its own. */
export interface Pool<Connection> {
  /** More at once than a machine serves in time would fail for that. */
  readonly most: number
  readonly open: () => Promise<Connection>
  readonly close: (connection: Connection) => Promise<unknown>
}

/**
 * Runs a use on a connection that is free, or on a new one, or when one gets free. One that no use waits for is closed, so that the next use
 * needs a token.
 */
export const pooled = <Connection>({
  most,
  open,
  close,
}: Pool<Connection>): ((use: (connection: Connection) => Promise<unknown>) => Promise<void>) => {
  const waiting: Array<(connection: Connection | undefined) => void> = []
  let running = 0
  return async (use) => {
    let connection: Connection | undefined
    if (running === most) connection = await new Promise((resolve) => waiting.push(resolve))
    else running++
    try {
      connection ??= await open()
      await use(connection)
    } finally {
      const next = waiting.shift()
      if (next !== undefined) next(connection)
      else {
        running--
        if (connection !== undefined) await close(connection)
      }
    }
  }
}
