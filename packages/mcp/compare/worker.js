// What both workers do: say that they are there, connect at the first line of standard input, and call a tool at each line. A line is the
// time that has passed since the one before, in ms.
import { createInterface } from 'node:readline'

/**
 * Says how each call went, on a line of its own.
 * @param {() => Promise<unknown>} connect
 * @param {() => Promise<unknown>} call
 * @param {() => Promise<unknown>} close
 * @param {(ms: number) => void} pass
 */
export const work = async (connect, call, close, pass = () => undefined) => {
  const tell = async (task) => {
    try {
      await task()
      console.log('ok')
    } catch (error) {
      console.log(`failed ${error instanceof Error ? error.message.replaceAll('\n', ' ') : error}`)
    }
  }
  console.log('ready')
  let isConnected = false
  for await (const line of createInterface({ input: process.stdin })) {
    pass(Number(line))
    await tell(async () => {
      if (!isConnected) await connect()
      isConnected = true
      await call()
    })
  }
  await close().catch(() => undefined)
}
