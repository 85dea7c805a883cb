/**
 * Where a descriptor that another program has opened listens. Node.js does not tell, Linux does, by its table of unix sockets (proc(5)).
 */
import { readFile, readlink } from 'node:fs/promises'

const TABLE = '/proc/net/unix'

/** A line of the table: seven columns, of which the last is the inode, and the path. */
const LINE = /^\S+(?: +\S+){5} +(\d+) (\/.*)$/

/** The path of its unix socket; none where it is of another kind, or the system does not tell. */
export const pathOf = async (fd: number): Promise<string | undefined> => {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/self/fd/${fd}`))?.[1]
    const lines = (await readFile(TABLE, 'utf8')).split('\n').map((line) => LINE.exec(line))
    return lines.find((line) => line?.[1] === inode)?.[2]
  } catch {
    return undefined
  }
}
