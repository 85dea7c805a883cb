/**
 * A question to a program at a unix socket, and its answer.
 */
import { connect, type Socket } from 'node:net'

/** Whether an answer is there to its end. */
export type IsWhole = (answer: Buffer) => boolean

/** The answer along a connection, which stays; rejects where it ends before. */
export const askAlong = (socket: Socket, question: string | Buffer, isWhole: IsWhole): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const done = (): void => {
      socket.off('data', read).off('close', gone).off('error', reject)
    }
    const read = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk])
      if (!isWhole(answer)) return
      done()
      resolve(answer)
    }
    const gone = (): void => {
      done()
      if (answer.length > 0) resolve(answer)
      else reject(new Error('it ended without an answer'))
    }
    socket.on('data', read).once('close', gone).once('error', reject)
    socket.write(question)
  })

/** The answer by a connection of its own. */
export const askOnce = async (path: string, question: string | Buffer, isWhole: IsWhole): Promise<Buffer> => {
  const socket = connect(path)
  try {
    return await askAlong(socket, question, isWhole)
  } finally {
    socket.destroy()
  }
}

/** Until the other end closes. */
export const toTheEnd: IsWhole = () => false

/** As many bytes as the first four say (the protocol of ssh-agent). */
export const byLength: IsWhole = (answer) => answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)

/** As the head of an answer of HTTP says. */
export const byContentLength: IsWhole = (answer) => {
  const text = answer.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1]
  return end >= 0 && text.length >= end + 4 + Number(length)
}
