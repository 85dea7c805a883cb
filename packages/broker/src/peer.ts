/**
 * Whose program is at the other end of a connection within this machine. Linux tells by its table of connections (proc(5)).
 *
 * @packageDocumentation
 */
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

const TABLE = '/proc/net/tcp'

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')

/** An address as the table has it: 127.0.0.1 in the order of the machine's bytes. */
const entry = (address: string, port: number): string => {
  const bytes = Buffer.from(address.split('.').map(Number))
  const order = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? bytes.reverse() : bytes
  return `${order.toString('hex').toUpperCase()}:${hex(port, 4)}`
}

/** The user of the other end; none where the system does not tell. */
const userOf = async ({
  remoteAddress = '',
  remotePort = 0,
  localAddress = '',
  localPort = 0,
}: Socket): Promise<number | undefined> => {
  const table = await readFile(TABLE, 'utf8').catch(() => '')
  const [there, here] = [entry(remoteAddress, remotePort), entry(localAddress, localPort)]
  for (const line of table.split('\n')) {
    const [, local, remote, , , , , user] = line.trim().split(/\s+/)
    if (local === there && remote === here) return Number(user)
  }
  return undefined
}

/** Whether the other end of a connection is a program of the user of this process. */
export const isOwnUser = async (socket: Socket): Promise<boolean> => (await userOf(socket)) === process.geteuid?.()

/** Whether the system tells. */
export const tellsUsers = (): Promise<boolean> =>
  readFile(TABLE).then(
    () => true,
    () => false,
  )
